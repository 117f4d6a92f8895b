# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a template comes to with the parameters known now.

`evaluate` resolves conditions, mappings, parameters and the string functions. What only CloudFormation can know is
left as an `Unresolved` string that reads like the template: ``${Vpc}`` for a reference, ``${Database.Endpoint.Port}``
for an attribute, ``(known after network is applied)`` for the output of a stack that is not there yet. Two templates
that say the same in other words come to equal models, so comparing models is comparing what CloudFormation would be
asked to make.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .._errors import RequestError
from .function_values import looked_up, ranges, selected
from .unresolved import NewId, Unresolved, divided, joined, same

if TYPE_CHECKING:
    from .types import Template

_VARIABLE = re.compile(r"\$\{([^}]+)\}")
_ABSENT = object()
#: How the type of a parameter begins that names a parameter of Parameter Store, whose value counts.
STORED_VALUE = "AWS::SSM::Parameter::Value<"
Parameters = Mapping[str, str]


@dataclass(frozen=True)
class Model:
    """Resources by id (``Type``, ``Properties`` and others, resolved); outputs and names of exports by key.

    ``uncertain`` are the resources whose condition is not known yet.
    """

    resources: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    exports: Mapping[str, str] = field(default_factory=dict)
    uncertain: frozenset[str] = frozenset()


def evaluate(template: Template, parameters: Parameters, pseudo: Mapping[str, str]) -> Model:
    """Resolve what can be known. ``parameters`` holds a value, maybe `Unresolved`, for each declared parameter.

    Raises `RequestError` with the place in the template for what CloudFormation could not resolve either.
    """
    scope = _Scope(template, parameters, pseudo)
    try:
        return _evaluate(template, scope)
    except RequestError as problem:
        raise RequestError(
            f"CloudFormation would refuse the template at {scope.place}: {problem.message}. Check the template, and "
            "the parameters that it reads there."
        ) from problem
    except (TypeError, ValueError, KeyError, IndexError, AttributeError, StopIteration) as reason:
        raise RequestError(
            f"CloudFormation would refuse the template at {scope.place}, which has not the form of a function or of "
            "its arguments. Check it with cfn-lint."
        ) from reason


def _evaluate(template: Template, scope: _Scope) -> Model:
    resources = {
        name: {key: scope.at(f"Resources.{name}.{key}", value) for key, value in body.items() if key != "Condition"}
        for name, body in template.get("Resources", {}).items()
        if scope.included(body)
    }
    outputs = {
        name: scope.at(f"Outputs.{name}.Value", body.get("Value"))
        for name, body in template.get("Outputs", {}).items()
        if scope.included(body)
    }
    exports = {
        name: _text(scope.at(f"Outputs.{name}.Export.Name", body["Export"]["Name"]))
        for name, body in template.get("Outputs", {}).items()
        if "Export" in body and scope.included(body)
    }
    uncertain = frozenset(name for name in resources if not scope.is_certain(template["Resources"][name]))
    return Model({name: _tidy(body) for name, body in resources.items()}, outputs, exports, uncertain)


def _tidy(body: dict[str, Any]) -> dict[str, Any]:
    depends_on = body.get("DependsOn")
    if isinstance(depends_on, str):
        body["DependsOn"] = [depends_on]
    elif depends_on:
        body["DependsOn"] = sorted(depends_on)
    return {key: value for key, value in body.items() if value is not _ABSENT}


def scalar(value: Any) -> str:
    """A YAML scalar as CloudFormation reads it: everything is text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else value if isinstance(value, str) else str(value)


class _Scope:
    """A template with its parameters; every intrinsic function is a small method."""

    def __init__(self, template: Template, parameters: Parameters, pseudo: Mapping[str, str]) -> None:
        self._template = template
        self._parameters = parameters
        self._pseudo = pseudo
        self._conditions: dict[str, bool | None] = {}
        self._place: list[str] = []
        self._functions: dict[str, Callable[[Any], Any]] = {
            "Ref": self._ref,
            "Fn::GetAtt": self._get_att,
            "Fn::Sub": self._sub,
            "Fn::Join": self._join,
            "Fn::Select": self._select,
            "Fn::Split": self._split,
            "Fn::If": self._if,
            "Fn::FindInMap": self._find_in_map,
            "Fn::Cidr": self._cidr,
        }

    @property
    def place(self) -> str:
        """Where in the template resolving is, or has failed."""
        return "".join(self._place).lstrip(".") or "its outline"

    def at(self, step: str, value: Any) -> Any:
        """Resolve what stands a step further down. The place stays where it fails."""
        self._place.append(step)
        found = self.resolve(value)
        self._place.pop()
        return found

    def included(self, body: Mapping[str, Any]) -> bool:
        """Whether a resource or output is made. What cannot be known yet counts as made."""
        return "Condition" not in body or self._condition(body["Condition"]) is not False

    def is_certain(self, body: Mapping[str, Any]) -> bool:
        """Whether it is known that a resource is made or not."""
        return "Condition" not in body or self._condition(body["Condition"]) is not None

    def resolve(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            if len(value) == 1:
                name, argument = next(iter(value.items()))
                if name in self._functions:
                    self._place.append(f".{name}")
                    found = self._functions[name](argument)
                    self._place.pop()
                    return found
                if name.startswith("Fn::"):
                    return Unresolved(f"({name.removeprefix('Fn::')} {_text(self.resolve(argument))})")
            resolved = {str(key): self.at(f".{key}", item) for key, item in value.items()}
            return {key: item for key, item in resolved.items() if item is not _ABSENT}
        if isinstance(value, list | tuple):
            items = [self.at(f"[{number}]", item) for number, item in enumerate(value)]
            return [item for item in items if item is not _ABSENT]
        return scalar(value)

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return _ABSENT
        if name in self._pseudo:
            return self._pseudo[name]
        if name not in self._parameters:
            self._refuse_absent(name)
            return Unresolved(f"${{{name}}}")
        value = self._parameters[name]
        kind = self._template.get("Parameters", {}).get(name, {}).get("Type", "String")
        is_list = str(kind).removeprefix(STORED_VALUE).startswith(("CommaDelimitedList", "List<"))
        if is_list and isinstance(value, NewId):
            return divided(",", value)
        if isinstance(value, Unresolved) or not is_list:
            return value
        return [item.strip() for item in value.split(",")]

    def _get_att(self, argument: Any) -> Unresolved:
        path = argument if isinstance(argument, str) else ".".join(_text(self.resolve(part)) for part in argument)
        self._refuse_absent(path)
        return Unresolved(f"${{{path}}}")

    def _refuse_absent(self, path: str) -> None:
        """A resource that its condition leaves out cannot be read."""
        name = path.partition(".")[0]
        body = self._template.get("Resources", {}).get(name)
        if body is not None and not self.included(body):
            raise RequestError(f"{name} is read there, and its condition {body['Condition']} leaves it out")

    def _sub(self, argument: Any) -> str:
        text, given = (argument, {}) if isinstance(argument, str) else (argument[0], argument[1])
        known = {name: self.resolve(value) for name, value in given.items()}
        parts: list[Any] = []
        for index, part in enumerate(_VARIABLE.split(text)):
            if index % 2 == 0:
                parts.append(part)
            elif part.startswith("!"):
                parts.append(f"${{{part[1:]}}}")
            else:
                name = part.strip()
                parts.append(known[name] if name in known else self._ref(name))
        return _concatenate("", parts)

    def _join(self, argument: Any) -> str:
        separator, items = scalar(argument[0]), self.resolve(argument[1])
        return _concatenate(separator, items if isinstance(items, list) else [items])

    def _select(self, argument: Any) -> Any:
        index, items = self.resolve(argument[0]), self.resolve(argument[1])
        if isinstance(items, Unresolved) or isinstance(index, Unresolved):
            return Unresolved(f"{items}[{index}]")
        return selected(index, items)

    def _split(self, argument: Any) -> Any:
        text = self.resolve(argument[1])
        return text if isinstance(text, Unresolved) else scalar(text).split(scalar(argument[0]))

    def _if(self, argument: Any) -> Any:
        outcome = self._condition(argument[0])
        if outcome is None:
            either = " or ".join(_text(self.resolve(branch)) for branch in argument[1:])
            return Unresolved(f"({either}, decided by {argument[0]})")
        return self.resolve(argument[1] if outcome else argument[2])

    def _find_in_map(self, argument: Any) -> Any:
        keys = [self.resolve(key) for key in argument[:3]]
        for key in keys:
            if isinstance(key, Unresolved):
                return Unresolved(f"(mapping {keys[0]} at {key})")
        name, first, second = keys
        return self.resolve(looked_up(self._template.get("Mappings", {}), name, first, second))

    def _cidr(self, argument: Any) -> Any:
        block, count, bits = [*map(self.resolve, argument), "8"][:3]
        if any(isinstance(item, Unresolved) for item in (block, count, bits)) or ":" in block:
            return Unresolved(f"(Cidr {block} {count} {bits})")
        return ranges(block, count, bits)

    def _condition(self, condition: Any) -> bool | None:
        """True, False, or None while a value it depends on is not known."""
        if isinstance(condition, str):
            if condition not in self._conditions:
                declared = self._template.get("Conditions", {})
                if condition not in declared:
                    raise RequestError(f"the condition {condition} is not declared")
                self._conditions[condition] = None  # what a condition that names itself comes to
                former, self._place = self._place, [f"Conditions.{condition}"]
                self._conditions[condition] = self._decide(declared[condition])
                self._place = former
            return self._conditions[condition]
        return self._decide(condition)

    def _decide(self, expression: Mapping[str, Any]) -> bool | None:
        name, argument = next(iter(expression.items()))
        if name == "Condition":
            return self._condition(argument)
        if name == "Fn::Equals":
            return same(*map(self.resolve, argument))
        literal = {"true": True, "false": False}
        decided = [self._decide(item) if isinstance(item, Mapping) else literal.get(scalar(item)) for item in argument]
        if name == "Fn::Not":
            return None if decided[0] is None else not decided[0]
        decisive = name == "Fn::Or"
        if decisive in decided:
            return decisive
        return None if None in decided else not decisive


def _concatenate(separator: str, items: list[Any]) -> str:
    return joined(separator, [item if isinstance(item, Unresolved) else _text(item) for item in items])


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(map(_text, value))
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_text(item)}" for key, item in value.items()) + "}"
    return "" if value is _ABSENT else scalar(value)
