#!/usr/bin/python
# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: component_stack
short_description: Apply the stack of a component, as the variables of its role describe it
version_added: 0.1.0
description:
  - Does what M(fastbreak.aws.cloudformation_stack) does. It takes the options from the variables of the role
    P(fastbreak.aws.stack#role), whose only task it is. Roles of components use that role, and not this module.
  - All variables of the component are checked together first, and refused by their names.
  - Each variable is resolved once, and without a template in the task for each option, which ansible-core would compile
    anew for every component.
options: {}
attributes:
  check_mode:
    support: full
    details: Predicts what a run would do; calls no writing API.
  diff_mode:
    support: full
    details: Shows each resource, property, output and tag that differs.
  idempotent:
    support: full
  action:
    support: full
    details: Only works as an action plugin, in the controller.
extends_documentation_fragment:
  - fastbreak.aws.attributes
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
seealso:
  - module: fastbreak.aws.cloudformation_stack
author:
  - The Fastbreak maintainers (@fastbreak-sports)
"""

EXAMPLES = r"""
- name: Apply the stack
  fastbreak.aws.component_stack:
  register: stack_result
"""

RETURN = r"""
stack_name:
  description: The stack. The other results are those of M(fastbreak.aws.cloudformation_stack), too.
  type: str
  returned: success
  sample: fastbreak-dev-rds
outputs:
  description: The outputs of the stack; in check mode null for an output that is known after apply.
  type: dict
  returned: success
summary:
  description: The plan in a line.
  type: str
  returned: success
  sample: "update: 1 to modify"
"""

from ansible_collections.fastbreak.aws.plugins.module_utils._aws.module import run_module
from ansible_collections.fastbreak.aws.plugins.module_utils._common.entry import Entry
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError


def perform(_params, _context):
    """Raise: there are no variables to read here."""
    raise RefusedError("component_stack only works as an action plugin, in the controller that runs the play.")


ENTRY = Entry({}, perform)


def main():
    run_module(ENTRY)


if __name__ == "__main__":
    main()
