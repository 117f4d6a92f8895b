# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From the variables of an inventory to the parameters of a component's template."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from .._common.given import text_problem
from .._errors import RequestError
from .cross_checks import cross_check

if TYPE_CHECKING:
    from collections.abc import Mapping

_TRUE = {"true", "yes", "on", "1", "y", "t", "1.0"}
_FALSE = {"false", "no", "off", "0", "n", "f", "0.0"}


def template_parameters(
    inputs: Mapping[str, str], component: str, variables: Mapping[str, Any], options: Mapping[str, Any], roles: Any
) -> dict[str, Any]:
    """The value of each parameter in *inputs*, which names its variable.

    *variables* are those that are defined, *options* those of the component's role as its argument specs say, *roles*
    the names of all roles. Raises `RequestError` that lists all that is wrong: a variable with the component's prefix
    that its role does not know, values that do not go together, and numbers where a text is meant, such as a version.
    """
    found = [
        *_unknown(component, variables, options, roles),
        *_no_texts(inputs, variables, options),
        *cross_check(component, variables),
    ]
    if found:
        raise RequestError(f"The inventory of {component} is wrong, and nothing was touched: {'; '.join(found)}.")
    return {key: _typed(variables.get(name), options.get(name, {})) for key, name in inputs.items()}


def _unknown(component: str, variables: Mapping[str, Any], options: Mapping[str, Any], roles: Any) -> list[str]:
    longer = tuple(f"{role}_" for role in roles if role.startswith(f"{component}_"))
    strange = [
        name
        for name in variables
        if name.startswith(f"{component}_") and name not in options and not (longer and name.startswith(longer))
    ]
    return [_nearest(name, options) for name in sorted(strange)]


def _no_texts(inputs: Mapping[str, str], variables: Mapping[str, Any], options: Mapping[str, Any]) -> list[str]:
    """Why values of text inputs are none: YAML reads 16.10 as the number 16.1, and off as false."""
    texts = [name for name in inputs.values() if options.get(name, {}).get("type") == "str"]
    return [problem for name in texts if (problem := text_problem(name, variables.get(name)))]


def _nearest(name: str, options: Mapping[str, Any]) -> str:
    near = get_close_matches(name, list(options), n=1, cutoff=0.0)
    return f"{name} is no input of the role" + (f"; the nearest is {near[0]}" if near else "")


def _typed(value: Any, option: Mapping[str, Any]) -> Any:
    """The value as its type says, where a command line gives text."""
    text = str(value).lower()
    if option.get("type") == "bool" and text in _TRUE | _FALSE:
        return text in _TRUE
    return value
