# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check the parameters of a stack against what its template declares, before anything is asked of AWS."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .._errors import RequestError
from .template import scalar
from .types import WhenMade
from .unresolved import Unresolved

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .types import StackSnapshot, Template

#: Not what Python takes for one besides: digits of other scripts, underscores, blanks, "nan" and "inf".
_NUMBER = re.compile(r"[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]{1,2})?")


def complete_parameters(
    name: str, template: Template, given: Mapping[str, str], sources: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The value of every parameter of the template: the given value, else its default.

    *sources* names the variables that values come from, for messages. Raises `RequestError` that lists everything
    wrong at once: unknown, missing, not allowed, or unreadable afterwards.
    """
    declared: Mapping[str, Mapping[str, Any]] = template.get("Parameters", {})
    problems = [f"{key} is not a parameter of the template" for key in given if key not in declared]
    values: dict[str, str] = {}
    for key, rules in declared.items():
        if _true(rules.get("NoEcho")):
            problems.append(
                f"{key} is NoEcho: its value can never be read back, so no plan can tell whether it changed. "
                "Use a dynamic reference to Secrets Manager or Parameter Store in its place"
            )
        elif key in given:
            values[key] = given[key]
            label = f"{sources[key]} (parameter {key})" if sources and key in sources else key
            meaning = f" ({rules['ConstraintDescription']})" if "ConstraintDescription" in rules else ""
            problems += [f"{label} {problem}{meaning}" for problem in _violations(given[key], rules)]
        elif "Default" in rules:
            values[key] = scalar(rules["Default"])
        else:
            problems.append(f"{key} has no value and no default")
    if problems:
        strange = any(key not in declared for key in given)
        known = f" The template's parameters are: {', '.join(sorted(declared)) or 'none'}." if strange else ""
        raise RequestError(f"The parameters of stack {name} do not fit its template: {'; '.join(problems)}.{known}")
    return values


def kept_parameters(given: Mapping[str, str], snapshot: StackSnapshot | None) -> dict[str, str]:
    """What is given, but of values for a stack that is made those that the stack has, when it stands."""
    if snapshot is None:
        return dict(given)
    kept = {key for key, value in given.items() if isinstance(value, WhenMade)}
    standing = {key: snapshot.parameters[key] for key in kept & snapshot.parameters.keys()}
    return {key: value for key, value in given.items() if key not in kept} | standing


def _true(value: Any) -> bool:
    return scalar(value).lower() == "true"


def _violations(value: str, rules: Mapping[str, Any]) -> list[str]:
    if isinstance(value, Unresolved):
        return []
    is_list = str(rules.get("Type", "")).startswith(("List<", "CommaDelimitedList"))
    items = [item.strip() for item in value.split(",")] if is_list else [value]
    return [problem for item in items for problem in _violation(item, rules)]


def _violation(value: str, rules: Mapping[str, Any]) -> list[str]:
    allowed = [scalar(item) for item in rules.get("AllowedValues", [])]
    if allowed and value not in allowed:
        # It says all: what is allowed fits the other rules.
        return [f"is {value!r}, which is not one of {', '.join(allowed)}"]
    is_number = "Number" in str(rules.get("Type", ""))
    if is_number and not _NUMBER.fullmatch(value):
        return [f"is {value!r}, which is not a number"]
    pattern = rules.get("AllowedPattern")
    unlike = pattern is not None and not _matches(str(pattern), value)
    found = [f"is {value!r}, which does not match {pattern}"] if unlike else []
    if is_number:
        return found + _out_of_range(value, "", rules.get("MinValue"), rules.get("MaxValue"))
    return found + _out_of_range(str(len(value)), " characters long", rules.get("MinLength"), rules.get("MaxLength"))


def _matches(pattern: str, value: str) -> bool:
    """CloudFormation's patterns are Java's. A pattern that Python cannot read is left for CloudFormation to judge."""
    try:
        return re.fullmatch(pattern, value) is not None
    except re.error:
        return True


def _out_of_range(value: str, unit: str, minimum: Any, maximum: Any) -> list[str]:
    number = float(value)
    if minimum is not None and number < float(minimum):
        return [f"is {value}{unit}, less than {minimum}"]
    if maximum is not None and number > float(maximum):
        return [f"is {value}{unit}, more than {maximum}"]
    return []
