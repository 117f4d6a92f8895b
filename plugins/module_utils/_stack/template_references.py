# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What CloudFormation refuses in the sections of a template, each with its place, before anything is planned. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .._errors import RequestError
from .compare import references
from .template_functions import Names, function_problems, names_of

if TYPE_CHECKING:
    from .template import Model
    from .types import StackRequest, Template

Problems = Iterator[str]
# How many conditions each function of Conditions takes.
_OPERANDS = {"Fn::And": (2, 10), "Fn::Or": (2, 10), "Fn::Not": (1, 1), "Fn::Equals": (2, 2)}
_MOST_TOLD = 5
_BOUNDS = ("MinLength", "MaxLength", "MinValue", "MaxValue")
_DEEP = (dict, list, tuple)


def refuse_malformed(request: StackRequest) -> None:
    """Raise `RequestError` that lists what CloudFormation would refuse in the template, by its place."""
    found = list(dict.fromkeys(template_problems(request.template or {})))
    if found:
        more = f"; and {len(found) - _MOST_TOLD} more" if len(found) > _MOST_TOLD else ""
        raise RequestError(
            f"Stack {request.name} was not touched, because CloudFormation would refuse its template: "
            f"{'; '.join(found[:_MOST_TOLD])}{more}.",
            malformed=found,
        )


def template_problems(template: Template) -> Problems:
    """Each problem begins with its place."""
    names = names_of(template)
    for name, rules in template.get("Parameters", {}).items():
        yield from (f"Parameters.{name}.{problem}" for problem in _parameter(rules))
    yield from _mappings(template.get("Mappings", {}))
    # Conditions are decided before there is any resource.
    early = replace(names, resources=frozenset())
    for name, expression in template.get("Conditions", {}).items():
        yield from _decision(expression, f"Conditions.{name}", early)
    yield from _cycles(template.get("Conditions", {}))
    for name, body in template.get("Resources", {}).items():
        yield from _resource(body, f"Resources.{name}", str(name), names)
    for name, body in template.get("Outputs", {}).items():
        yield from _output(body, f"Outputs.{name}", names)


def _parameter(rules: Mapping[str, Any]) -> Problems:
    if not isinstance(rules.get("Type"), str):
        yield "Type is missing, or is no text"
    if not isinstance(rules.get("AllowedValues", []), list | tuple):
        yield "AllowedValues is no list"
    yield from (f"{key} is no text" for key in ("AllowedPattern", "Default") if isinstance(rules.get(key), _DEEP))
    yield from (f"{key} is no number" for key in _BOUNDS if key in rules and not _is_number(rules[key]))


def _is_number(value: Any) -> bool:
    return re.fullmatch(r"-?\d{1,18}(\.\d{1,18})?", str(value), re.ASCII) is not None


def _mappings(mappings: Mapping[str, Any]) -> Problems:
    for name, keys in mappings.items():
        if not isinstance(keys, Mapping):
            yield f"Mappings.{name} is no mapping"
            continue
        for key, values in keys.items():
            if not isinstance(values, Mapping):
                yield f"Mappings.{name}.{key} is no mapping"
                continue
            wrong = [inner for inner, value in values.items() if isinstance(value, Mapping)]
            yield from (f"Mappings.{name}.{key}.{inner} is neither a text nor a list" for inner in wrong)


def _decision(expression: Any, place: str, names: Names) -> Problems:
    """What is wrong with a function that decides a condition."""
    name = next(iter(expression), "") if isinstance(expression, Mapping) and len(expression) == 1 else ""
    if name == "Condition":
        yield from _condition(expression, place, names)
        return
    if name not in _OPERANDS:
        yield f"{place} is none of {', '.join(_OPERANDS)} and Condition, which decide a condition"
        return
    operands, (least, most) = expression[name], _OPERANDS[name]
    if not isinstance(operands, list | tuple) or not least <= len(operands) <= most:
        count = f"{least}" if least == most else f"{least} to {most}"
        yield f"{place}.{name} wants a list of {count}"
        return
    for number, operand in enumerate(operands):
        if name != "Fn::Equals" and str(operand).lower() in {"true", "false"}:
            continue
        check = function_problems if name == "Fn::Equals" and not _decides(operand) else _decision
        yield from check(operand, f"{place}.{name}[{number}]", names)


def _decides(value: Any) -> bool:
    return isinstance(value, Mapping) and len(value) == 1 and next(iter(value)) in {*_OPERANDS, "Condition"}


def _cycles(conditions: Mapping[str, Any]) -> Problems:
    named = {name: set(_named(expression)) for name, expression in conditions.items()}
    yield from (f"Conditions.{name} is decided by itself" for name in in_a_cycle(named))


def in_a_cycle(named: Mapping[str, set[str]]) -> Iterator[str]:
    """Those that lead back to themselves. *named* are the names that each leads to."""
    for name, first in named.items():
        reached: set[str] = set()
        waiting = set(first)
        while waiting:
            reached |= waiting
            waiting = {inner for other in waiting for inner in named.get(other, ())} - reached
        if name in reached:
            yield name


def refuse_circular(model: Model) -> None:
    """Raise `RequestError` for resources that wait for each other, which CloudFormation never makes."""
    needed = {
        name: {*references(body.get("Properties", {})), *body.get("DependsOn", [])}
        for name, body in model.resources.items()
    }
    if circular := list(in_a_cycle(needed)):
        raise RequestError(
            f"CloudFormation would refuse the template: {', '.join(circular)} in its Resources depends on itself, "
            "directly or by the others that it reads. Take a reference or DependsOn out of that circle."
        )


def _named(expression: Any) -> Iterator[str]:
    """The conditions that an expression names."""
    if isinstance(expression, Mapping):
        for key, value in expression.items():
            if key == "Condition" and isinstance(value, str):
                yield value
            yield from _named(value)
    elif isinstance(expression, list | tuple):
        for item in expression:
            yield from _named(item)


def _condition(body: Mapping[str, Any], place: str, names: Names) -> Problems:
    if "Condition" not in body:
        return
    if not isinstance(body["Condition"], str):
        yield f"{place}.Condition wants the name of a condition"
    elif body["Condition"] not in names.conditions:
        yield f"{place}.Condition names {body['Condition']}, which the template does not have"


def _resource(body: Mapping[str, Any], place: str, name: str, names: Names) -> Problems:
    yield from _condition(body, place, names)
    given = body.get("DependsOn", [])
    needed = [given] if isinstance(given, str) else given
    if not isinstance(needed, list | tuple) or not all(isinstance(item, str) for item in needed):
        yield f"{place}.DependsOn wants the name of a resource, or a list of names"
    else:
        strange = [item for item in needed if item not in names.resources]
        yield from (f"{place}.DependsOn names {item}, which is no resource of the template" for item in strange)
        if name in needed:
            yield f"{place}.DependsOn names the resource itself"
    for key, value in body.items():
        if key not in {"Condition", "DependsOn"}:
            yield from function_problems(value, f"{place}.{key}", names)


def _output(body: Mapping[str, Any], place: str, names: Names) -> Problems:
    yield from _condition(body, place, names)
    value = body.get("Value")
    if value is None:
        yield f"{place} has no Value"
    elif isinstance(value, list | tuple) or (isinstance(value, Mapping) and len(value) != 1):
        yield f"{place}.Value is no text, nor a function that gives one"
    if "Export" in body and (not isinstance(body["Export"], Mapping) or "Name" not in body["Export"]):
        yield f"{place}.Export has no Name"
    for key in ("Value", "Export"):
        yield from function_problems(body.get(key), f"{place}.{key}", names)
