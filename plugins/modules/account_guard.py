#!/usr/bin/python
# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: account_guard
short_description: Refuse to continue with credentials of another AWS account
version_added: 0.1.0
description:
  - Asks AWS whose credentials these are and fails unless they belong to the account that the inventory names.
  - If the inventory sets C(fastbreak_account_id) and this module has not run, the first task that talks to AWS with a
    module of this collection makes the same check, so C(--start-at-task) cannot bypass it. A task that names its own
    credentials is left alone.
  - Before that it fails if a variable of the run or of a host differs by a letter or two from a variable of this
    collection's roles, or from a variable that its playbooks take with C(-e), and names the right one. Other variables
    are ignored.
  - It also fails if hosts of the group C(components), by their variables C(fastbreak_depends_on), read each other, read
    what the inventory does not have, or stand above what they read; and if a variable of their components refers to
    what is not defined.
  - The action plugin of the same name does the work in the controller.
options:
  account_id:
    description: The account of the environment, 12 digits.
    type: str
    required: true
  environment_name:
    description: Name of the environment, for messages.
    type: str
    required: true
  region:
    description: The region of the environment.
    type: str
    required: true
  takes:
    description:
      - Of the variables that the collection's playbooks take with C(-e), those that this playbook takes. If another is
        given and not empty, such as C(-e version=1.4.2) to the playbook C(publish), the task fails and names it.
      - Only the action plugin knows the command line. If this option is not given, any are taken.
    type: list
    elements: str
  refusal:
    description:
      - A problem that is already known, such as the result of P(fastbreak.aws.run_problem#filter). If it is not empty,
        the task fails with it before AWS is asked.
    type: str
    default: ""
extends_documentation_fragment:
  - fastbreak.aws.attributes
  - fastbreak.aws.attributes.info_module
  - amazon.aws.common.modules
  - amazon.aws.boto3
author:
  - The Fastbreak maintainers (@fastbreak-sports)
"""

EXAMPLES = r"""
- name: Compare the account of the credentials with the inventory's
  fastbreak.aws.account_guard:
    account_id: "111111111111"
    environment_name: dev
    region: us-east-1
"""

RETURN = r"""
account_id:
  description: The account that the credentials belong to.
  type: str
  returned: success
  sample: "111111111111"
arn:
  description: Who the caller is.
  type: str
  returned: success
  sample: arn:aws:iam::111111111111:user/deployer
"""

from ansible_collections.fastbreak.aws.plugins.module_utils._aws.account_guard import confirm
from ansible_collections.fastbreak.aws.plugins.module_utils._aws.identity import Sts
from ansible_collections.fastbreak.aws.plugins.module_utils._aws.module import run_module
from ansible_collections.fastbreak.aws.plugins.module_utils._common.entry import Entry


def build_argument_spec():
    """The options, without those of every AWS module."""
    return {
        "account_id": {"type": "str", "required": True},
        "environment_name": {"type": "str", "required": True},
        "region": {"type": "str", "required": True},
        "takes": {"type": "list", "elements": "str"},
        "refusal": {"type": "str", "default": ""},
    }


def perform(params, context):
    """Raise unless the credentials are the right ones."""
    ask = Sts(context.client("sts")).get_caller_identity
    caller = confirm(params["account_id"], params["region"], params["environment_name"], ask)
    return {"changed": False, "account_id": caller.account, "arn": caller.arn}


ENTRY = Entry(build_argument_spec(), perform, numerals=("account_id",), services=("sts",))


def main():
    run_module(ENTRY)


if __name__ == "__main__":
    main()
