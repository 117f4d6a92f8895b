#!/usr/bin/python
# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: default_security_group
short_description: Close the default security group of a VPC
version_added: 0.1.0
description:
  - Removes every rule from the security group that EC2 creates with a VPC, so that anything started without a security
    group of its own can neither be reached nor reach anything.
  - CloudFormation cannot do this, because it only changes what it created.
  - The action plugin of the same name does the work in the controller.
options:
  vpc_id:
    description: Id of the VPC.
    type: str
    required: true
attributes:
  check_mode:
    support: full
    details: Calls no writing API in check mode.
  diff_mode:
    support: full
    details: Shows the rules that are removed.
  idempotent:
    support: full
  action:
    support: full
extends_documentation_fragment:
  - fastbreak.aws.attributes
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
author:
  - The Fastbreak maintainers (@fastbreak-sports)
"""

EXAMPLES = r"""
- name: Close the default security group
  fastbreak.aws.default_security_group:
    vpc_id: vpc-0a1b2c3d
"""

RETURN = r"""
group_id:
  description: Id of the default security group.
  type: str
  returned: success
  sample: sg-0a1b2c3d
"""

from ansible_collections.fastbreak.aws.plugins.module_utils._aws.module import run_module
from ansible_collections.fastbreak.aws.plugins.module_utils._aws.security_group import DefaultSecurityGroups
from ansible_collections.fastbreak.aws.plugins.module_utils._common.entry import Entry


def build_argument_spec():
    """The options, without those of every AWS module."""
    return {"vpc_id": {"type": "str", "required": True}}


def perform(params, context):
    """Take the rules away and return a module's result."""
    groups = DefaultSecurityGroups(context.client("ec2"))
    group = groups.describe_default_group(params["vpc_id"])
    changed = bool(group.ingress or group.egress)
    if changed and not context.check_mode:
        groups.revoke_rules(group)
    diff = {
        "before": {"ingress": group.ingress, "egress": group.egress},
        "after": {"ingress": [], "egress": []},
        "before_header": f"security group {group.group_id}",
        "after_header": f"security group {group.group_id}",
    }
    return {"changed": changed, "group_id": group.group_id, "diff": diff}


ENTRY = Entry(build_argument_spec(), perform)


def main():
    run_module(ENTRY)


if __name__ == "__main__":
    main()
