#!/usr/bin/python
# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_rollout_approval
short_description: Answer what a release asks for approval
version_added: 0.1.0
description:
  - Says yes or no to the question of a gate of kind V(approval) of M(fastbreak.aws.ecs_rollout), while its release is
    under way. The rollout reads the answer from the release table, in this run or in a later one.
  - Who answers is the ARN that AWS knows the caller by. Nobody can name somebody else.
  - A no ends the release, also after a yes. A yes after a no is refused. A yes says nothing for any other gate.
options:
  service:
    description: Name of the service.
    type: str
    required: true
  release_table:
    description: Name of the DynamoDB table that keeps the release record and the lock.
    type: str
    required: true
  version:
    description: The release that is answered about, a semantic version, a whole image tag or a digest. An answer about
      another release than the one under way is refused.
    type: str
    required: true
  gate:
    description: Name of the gate.
    type: str
    default: approval
  approved:
    description: Whether the answer is yes.
    type: bool
    required: true
  comment:
    description: What is kept beside the answer, at most 500 characters.
    type: str
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
    details: An answer changes nothing that was there.
  idempotent:
    support: full
  action:
    support: full
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - fastbreak.aws.attributes
seealso:
  - module: fastbreak.aws.ecs_rollout
author:
  - The Fastbreak maintainers (@fastbreak-sports)
"""

EXAMPLES = r"""
- name: Say yes to the release that waits
  fastbreak.aws.ecs_rollout_approval:
    service: inference
    release_table: fastbreak-prod-releases
    version: 1.4.2
    approved: true
    comment: Looked at the console with the coach
"""

RETURN = r"""
version:
  description: The release's version.
  type: str
  returned: success
release_id:
  description: The id of the release's record.
  type: str
  returned: success
gate:
  description: Name of the gate.
  type: str
  returned: success
message:
  description: What the gate asks.
  type: str
  returned: success
answers:
  description: All answers to it, with C(approved), C(by), C(at) and C(comment), the oldest first.
  type: list
  elements: dict
  returned: success
"""

from ansible_collections.fastbreak.aws.plugins.module_utils._aws.module import run_module
from ansible_collections.fastbreak.aws.plugins.module_utils._common.entry import Entry
from ansible_collections.fastbreak.aws.plugins.module_utils._release.approval_table import ApprovalsClient
from ansible_collections.fastbreak.aws.plugins.module_utils._release.table import ReleasesClient
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters.surroundings import AwsSurroundings
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.approve import (
    ApprovalPorts,
    approve,
    build_approval,
)


def build_argument_spec():
    """The options, without those of every AWS module."""
    return {
        "service": {"type": "str", "required": True},
        "release_table": {"type": "str", "required": True},
        "version": {"type": "str", "required": True},
        "gate": {"type": "str", "default": "approval"},
        "approved": {"type": "bool", "required": True},
        "comment": {"type": "str"},
    }


def build_ports(context, table):
    """The only place where clients are made."""
    return ApprovalPorts(
        releases=ReleasesClient(context.client("dynamodb"), table),
        approvals=ApprovalsClient(context.client("dynamodb"), table),
        surroundings=AwsSurroundings(context.connect, ""),
        clock=context.clock,
        progress=context.progress,
    )


def perform(params, context):
    """Do it and return the module's result."""
    request = build_approval(params)
    return approve(request, build_ports(context, params["release_table"]), check_mode=context.check_mode)


ENTRY = Entry(
    build_argument_spec(),
    perform,
    # Nothing that is empty names what is approved.
    protecting=("service", "release_table", "version", "gate", "approved"),
    texts=("version",),
)


def main():
    run_module(ENTRY)


if __name__ == "__main__":
    main()
