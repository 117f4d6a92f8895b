# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters that write gates. Each has its documentation beside this file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleFilterError

if TYPE_CHECKING:
    from collections.abc import Callable


def http_gates(paths: Any, settings: Any) -> list[dict[str, Any]]:
    """A gate of kind ``http`` for each path, all with the same settings."""
    if not isinstance(paths, list | tuple):
        raise AnsibleFilterError(f"Tried to write gates for {paths!r}, which is no list of paths. Write [/readyz].")
    if not paths:
        raise AnsibleFilterError(
            "Tried to write gates for an empty list of paths, so that nothing would be asked of a release. Name a "
            "path, or leave the variable out for its default."
        )
    if not isinstance(settings, Mapping):
        raise AnsibleFilterError(f"Tried to write gates with {settings!r}, which is no dictionary of settings.")
    return [{**settings, "kind": "http", "path": path} for path in paths]


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"http_gates": http_gates}
