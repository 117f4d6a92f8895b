#!/usr/bin/python
# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: component_failure
short_description: Tell the other hosts of a play that this host's component failed
version_added: 0.1.0
description:
  - Components are hosts of a play that runs with the C(free) strategy. M(fastbreak.aws.cloudformation_stack) waits
    until the stacks it depends on are applied, and reports its own failures.
  - Failures before or after it are reported by this module, in a C(rescue) section around all tasks of the component.
    The task itself fails too, so the host stays failed.
  - A play that has such a section sets C(fastbreak_components_report=true). Then no component is applied before all
    hosts of the play have their plans.
  - Reports are kept in the run's temporary directory and deleted with it.
options: {}
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
      rescue:
        - name: Tell the components that wait for this one
          fastbreak.aws.component_failure:
"""

RETURN = r"""
msg:
  description: Says that the component failed.
  type: str
  returned: always
"""

from ansible_collections.fastbreak.aws.plugins.module_utils._aws.module import run_module
from ansible_collections.fastbreak.aws.plugins.module_utils._common.entry import Entry
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError


def perform(_params, _context):
    """Raise: there is no play to report to here."""
    raise RefusedError("component_failure only works as an action plugin, in the controller that runs the play.")


ENTRY = Entry({}, perform, aws=False)


def main():
    run_module(ENTRY)


if __name__ == "__main__":
    main()
