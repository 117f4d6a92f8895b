# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters that show the release history. Each has its documentation beside this file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleFilterError

from ..module_utils._release.page import page, table

if TYPE_CHECKING:
    from collections.abc import Callable


def release_table(info: Any) -> list[str]:
    """The lines of the history in *info*."""
    return table(_checked(info))


def release_page(info: Any, title: str, moment: str) -> str:
    """The page of the history in *info*, which belongs to *title* and was read at *moment*."""
    return page(_checked(info), str(title), str(moment))


def _checked(info: Any) -> Mapping[str, Any]:
    if not isinstance(info, Mapping) or not isinstance(info.get("releases"), list):
        raise AnsibleFilterError(
            f"Tried to show the releases of {info!r}, which is no result of fastbreak.aws.ecs_rollout_info: it has no "
            "list of releases. Register that module's result and give it as it is."
        )
    return info


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"release_page": release_page, "release_table": release_table}
