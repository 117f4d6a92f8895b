#!/usr/bin/python
# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: component_state
short_description: Tell the other hosts of a play how this host's component came out
version_added: 0.1.0
description:
  - Components are hosts of a play that runs with the C(free) strategy. M(fastbreak.aws.cloudformation_stack) waits
    for those that it depends on until they report here.
  - Report V(settled) as the last task of a component and V(ended) in an C(always) section around all of them. A
    component that ended without having settled has failed, wherever in its tasks that was.
  - The play says that its components report by setting C(fastbreak_components_report=true).
  - Reports are kept in the run's own temporary directory and go with it.
options:
  state:
    description: V(settled) when everything went well; V(ended) in any case, last.
    type: str
    choices: [settled, ended]
    required: true
attributes:
  check_mode:
    support: full
    details: Reports in check mode too, to the other hosts of the same check.
  diff_mode:
    support: none
    details: There is nothing to compare.
  idempotent:
    support: full
    details: Never reports a change.
  action:
    support: full
    details: Only works as an action plugin, in the controller.
extends_documentation_fragment:
  - fastbreak.aws.attributes
seealso:
  - module: fastbreak.aws.cloudformation_stack
author:
  - The Fastbreak maintainers (@fastbreak-sports)
"""

EXAMPLES = r"""
- name: Converge the components
  hosts: components
  strategy: free
  gather_facts: false
  vars:
    fastbreak_components_report: true
  tasks:
    - name: Converge
      block:
        - name: Apply the component
          ansible.builtin.include_role:
            name: "fastbreak.aws.{{ inventory_hostname }}"
        - name: Tell those that wait for it
          fastbreak.aws.component_state:
            state: settled
      always:
        - name: Tell those that wait in vain
          fastbreak.aws.component_state:
            state: ended
"""

RETURN = r"""
component:
  description: Name of the component, which is the host's name in the inventory.
  type: str
  returned: success
"""

from ansible_collections.fastbreak.aws.plugins.module_utils._aws.module import run_module
from ansible_collections.fastbreak.aws.plugins.module_utils._common.entry import Entry
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError


def build_argument_spec():
    """The options."""
    return {"state": {"type": "str", "choices": ["settled", "ended"], "required": True}}


def perform(_params, _context):
    """Raise: there is no play to report to here."""
    raise RefusedError("component_state only works as an action plugin, in the controller that runs the play.")


ENTRY = Entry(build_argument_spec(), perform, aws=False)


def main():
    run_module(ENTRY)


if __name__ == "__main__":
    main()
