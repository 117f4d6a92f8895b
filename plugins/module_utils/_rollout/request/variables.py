# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Environment variables of a task that runs once, as options give them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..._common.given import value_problem

if TYPE_CHECKING:
    from collections.abc import Mapping


def variables(option: str, given: Mapping[Any, Any]) -> tuple[tuple[tuple[str, str], ...], list[str]]:
    """Environment variables, a whole number by its text; and what is wrong with them."""
    told = {str(name): value_problem(value) if str(name) else "has no name" for name, value in given.items()}
    problems = [f"{option}.{name} {problem}." for name, problem in told.items() if problem]
    return tuple(sorted((str(name), str(value)) for name, value in given.items())), problems
