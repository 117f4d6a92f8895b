# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters about texts. Each has its documentation beside this file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..module_utils._common.given import text_problem
from ..plugin_utils._started import command_to_run

if TYPE_CHECKING:
    from collections.abc import Callable


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"command_to_run": command_to_run, "version_problem": version_problem}


def version_problem(value: Any, name: str) -> str:
    """Why *value*, which the variable *name* holds, is no version because it is no text; an empty text when it is."""
    return text_problem(name, value)
