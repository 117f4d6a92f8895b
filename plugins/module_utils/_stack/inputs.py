# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the variables of an inventory to the parameters of a component's template."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from .._common.variable_names import SHARED
from .cross_checks import cross_check
from .variable_types import FALSE, TRUE, type_problems

if TYPE_CHECKING:
    from collections.abc import Mapping

_ALIKE = 0.9
# What all components share, and no component's own argument specs hold.
_SHARED_TYPES = {
    "fastbreak_container_port": {"type": "int"},
    "fastbreak_database_port": {"type": "int"},
    "fastbreak_tags": {"type": "dict", "required": True},
    "fastbreak_test_listener_port": {"type": "int"},
}


def template_parameters(
    inputs: Mapping[str, str], variables: Mapping[str, Any], options: Mapping[str, Any]
) -> dict[str, Any]:
    """The value of each parameter in *inputs*, which names its variable; see `input_problem` for the rest."""
    return {key: _typed(variables.get(name), options.get(name, {})) for key, name in inputs.items()}


def input_problem(component: str, variables: Mapping[str, Any], options: Mapping[str, Any], roles: Any) -> str:
    """All that is wrong with the variables of a component, in a sentence; an empty text when nothing is.

    That is a variable with the component's prefix that its role does not know, a variable that the role needs and that
    is not set, values of another type, null among them, and values that do not go together. *variables* are those that
    are defined, *options* those of the component's role as its argument specs say, *roles* the names of all roles.
    """
    mistyped = type_problems(variables, {**_SHARED_TYPES, **options})
    typed = {name: value for name, value in variables.items() if name not in mistyped}
    found = [
        *_unknown(component, variables, options, roles),
        *_missing(variables, options),
        *mistyped.values(),
        *cross_check(component, typed),
    ]
    return f"The inventory of {component} is wrong, and nothing was touched: {'; '.join(found)}." if found else ""


def _unknown(component: str, variables: Mapping[str, Any], options: Mapping[str, Any], roles: Any) -> list[str]:
    longer = tuple(f"{role}_" for role in roles if role.startswith(f"{component}_"))
    strange = [
        name
        for name in variables
        if name.startswith(f"{component}_") and name not in options and not (longer and name.startswith(longer))
    ]
    return [_nearest(name, options) for name in sorted(strange)] + _misspelt(variables)


def _missing(variables: Mapping[str, Any], options: Mapping[str, Any]) -> list[str]:
    wanted = [name for name, option in options.items() if option.get("required") and name not in variables]
    return [f"{name} is not set, and the role needs it" for name in wanted]


def _misspelt(variables: Mapping[str, Any]) -> list[str]:
    others = sorted(name for name in variables if name.startswith("fastbreak_") and name not in SHARED)
    near = {name: get_close_matches(name, SHARED, n=1, cutoff=_ALIKE) for name in others}
    return [
        f"{name} is no variable of the collection; the nearest is {found[0]}" for name, found in near.items() if found
    ]


def _nearest(name: str, options: Mapping[str, Any]) -> str:
    near = get_close_matches(name, list(options), n=1, cutoff=0.0)
    return f"{name} is no input of the role" + (f"; the nearest is {near[0]}" if near else "")


def _typed(value: Any, option: Mapping[str, Any]) -> Any:
    """The value as its type says, where a command line gives text."""
    text = str(value).lower()
    if option.get("type") == "bool" and text in TRUE | FALSE:
        return text in TRUE
    return value
