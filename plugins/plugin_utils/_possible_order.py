# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory's components against the order in which they can be made and removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleError

from ..module_utils._errors import RequestError
from ..module_utils._stack.component_order import order_problem

if TYPE_CHECKING:
    from collections.abc import Mapping

GROUP, READS = "components", "fastbreak_depends_on"


def insist_on_possible_order(task_vars: Mapping[str, Any]) -> None:
    """Raise RequestError unless each component of the inventory stands below what it reads, whatever --limit chose."""
    hosts = task_vars.get("hostvars") or {}
    names = (task_vars.get("groups") or {}).get(GROUP, [])
    if problem := order_problem({name: _read(hosts[name], name) for name in names if name in hosts}):
        raise RequestError(f"Nothing was touched. {problem}")


def _read(variables: Mapping[str, Any], name: str) -> Any:
    try:
        return variables.get(READS, [])
    except AnsibleError as error:
        raise RequestError(
            f"Nothing was touched. {READS} of {name} cannot be resolved: {error.message}. Write a list in hosts.yml, "
            "like [network]."
        ) from error
