# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters about a run as a whole. Each has its documentation beside this file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..module_utils._common.deployed_by import deployed_by_problem
from ..module_utils._common.run_problem import run_problem

if TYPE_CHECKING:
    from collections.abc import Callable


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"deployed_by_problem": deployed_by_problem, "run_problem": run_problem}
