# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The templates in the variables of components, resolved once before any component is worked on.

A task that takes such a variable would fail in the words of the option that the variable became.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleError

from ..module_utils._errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Iterable

GROUPS = ("components", "account")
_SHARED = "fastbreak_"
_OPENINGS = ("{{", "{%")


def insist_on_resolvable(task_vars: Mapping[str, Any]) -> None:
    """Raise RequestError that lists each variable of a component that refers to what is not there."""
    hosts, groups = task_vars.get("hostvars") or {}, task_vars.get("groups") or {}
    names = [name for group in GROUPS for name in groups.get(group, []) if name in hosts]
    found = {problem: None for name in names for problem in _problems(name, hosts)}
    if found:
        raise RequestError(
            f"Nothing was touched. {'; '.join(found)}. Correct it in the inventory, or define what it refers to."
        )


def _problems(host: str, hosts: Any) -> Iterable[str]:
    """What is wrong with the variables of a host that its component takes."""
    # Ansible gathers all variables of a host each time it is asked for the host.
    raw, resolved = hosts.raw_get(host), hosts[host]
    for name in sorted(raw):
        if name.startswith((f"{host}_", _SHARED)) and _is_template(raw[name]):
            try:
                resolved[name]
            except AnsibleError as error:
                yield f"{name} cannot be resolved: {error.message.rstrip('.')}"


def _is_template(value: Any) -> bool:
    if isinstance(value, str):
        return any(opening in value for opening in _OPENINGS)
    if isinstance(value, Mapping):
        return any(map(_is_template, value.values()))
    return isinstance(value, list | tuple) and any(map(_is_template, value))
