# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The conditions of a listener rule beside paths and hosts. Each row says how a kind is written, read and met. Pure.

From "Condition types for listener rules" in the Application Load Balancers user guide, and `RuleCondition` in the API
reference.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..values import Condition
from .condition_limits import header_name_problem, header_problem, method_problem, network_problem, query_problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

# Fields that a rule holds by their own names.
_PLAIN = ("path-pattern", "host-header")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of condition: its field and member in the API, its option, and what the API takes as a value.

    *named* is what an entry of the option calls the name that its values belong to; without one the option is a list
    of values. *cased* says that case matters, *wild* that ``*`` and ``?`` stand for others.
    """

    field: str
    member: str
    option: str
    problem: Callable[[str], str]
    named: str = ""
    cased: bool = False
    wild: bool = False


KINDS = (
    Kind("http-header", "HttpHeaderConfig", "http_headers", header_problem, named="name", wild=True),
    Kind("query-string", "QueryStringConfig", "query_strings", query_problem, named="key", wild=True),
    Kind("source-ip", "SourceIpConfig", "source_ips", network_problem),
    Kind("http-request-method", "HttpRequestMethodConfig", "request_methods", method_problem, cased=True),
)
_BY_FIELD = {kind.field: kind for kind in KINDS}


def condition_spec() -> dict[str, Any]:
    """The argument spec of their options. An option that is left out asks for nothing; one that is empty is refused."""
    values = {"type": "list", "elements": "str", "required": True}
    names = {"name": {"type": "str", "required": True}, "key": {"type": "str", "default": "", "no_log": False}}
    return {
        kind.option: {
            "type": "list",
            "elements": "dict",
            "options": {kind.named: names[kind.named], "values": values},
        }
        if kind.named
        else {"type": "list", "elements": "str"}
        for kind in KINDS
    }


def read_conditions(options: Mapping[str, Any]) -> frozenset[Condition]:
    """The conditions that validated *options* of `condition_spec` stand for."""
    found: set[Condition] = set()
    for kind in KINDS:
        given = options[kind.option] or []
        if kind.named:
            found |= {Condition(kind.field, frozenset(entry["values"]), entry[kind.named] or "") for entry in given}
        elif given:
            found.add(Condition(kind.field, frozenset(given)))
    return frozenset(found)


def write_condition(condition: Condition) -> dict[str, Any]:
    """*condition* in the API's shape."""
    kind, values = _BY_FIELD[condition.field], sorted(condition.values)
    if kind.field == "http-header":
        config: dict[str, Any] = {"HttpHeaderName": condition.name, "Values": values}
    elif kind.field == "query-string":
        key = {"Key": condition.name} if condition.name else {}
        config = {"Values": [{**key, "Value": value} for value in values]}
    else:
        config = {"Values": values}
    return {"Field": kind.field, kind.member: config}


def read_condition(answer: Mapping[str, Any]) -> Condition | None:
    """A `RuleCondition` of the API; None for a path or a host. One that no option stands for is kept in sight whole."""
    field = answer["Field"]
    regular = any(part.get("RegexValues") for part in (answer, *answer.values()) if isinstance(part, dict))
    if field in _PLAIN and not regular:
        return None
    kind = _BY_FIELD.get(field)
    config = answer.get(kind.member) or {} if kind else {}
    values = config.get("Values") or []
    names = {config.get("HttpHeaderName", "")}
    if field == "query-string":
        names = {pair.get("Key", "") for pair in values}
        values = [pair["Value"] for pair in values]
    if kind is None or regular or not values or len(names) > 1:
        return Condition(f"{field}, as no rollout writes it", frozenset({json.dumps(dict(answer), sort_keys=True)}))
    return Condition(field, frozenset(values), names.pop())


def canonical(conditions: Iterable[Condition]) -> frozenset[Condition]:
    """*conditions* as they are compared: without the case that the load balancer ignores."""
    return frozenset(
        condition
        if (kind := _BY_FIELD.get(condition.field)) is None or kind.cased
        else replace(condition, name=condition.name.lower(), values=frozenset(map(str.lower, condition.values)))
        for condition in conditions
    )


def ordered(conditions: Iterable[Condition]) -> list[Condition]:
    """*conditions* in an order that is always the same."""
    return sorted(conditions, key=lambda condition: (condition.field, condition.name, sorted(condition.values)))


def view_conditions(conditions: Iterable[Condition], show: Callable[[str], str]) -> dict[str, Any]:
    """*conditions* by their options, for a person and for a diff.

    Values that may be secrets are shown as *show* says.
    """
    seen: dict[str, Any] = {}
    for condition in ordered(canonical(conditions)):
        kind = _BY_FIELD.get(condition.field)
        if kind and kind.named:
            entry = {kind.named: condition.name, "values": [show(value) for value in sorted(condition.values)]}
            seen.setdefault(kind.option, []).append(entry)
        elif kind:
            seen[kind.option] = sorted(condition.values)
        else:
            seen[condition.field] = [show(value) for value in sorted(condition.values)]
    return seen


def secrets_of(conditions: Iterable[Condition]) -> Iterator[tuple[str, str]]:
    """The values that may be secrets, each after the option that it is of."""
    for condition in conditions:
        kind = _BY_FIELD.get(condition.field)
        if kind and kind.named:
            yield from ((f"listener_rules.{kind.option}", value) for value in condition.values)


def condition_problems(conditions: Iterable[Condition]) -> Iterator[str]:
    """Why the API would not take *conditions*; each is the end of a sentence about the rule."""
    for condition in ordered(conditions):
        kind = _BY_FIELD[condition.field]
        if not condition.values or "" in condition.values:
            yield f"has no value or an empty one in {kind.option}"
        for value in sorted(filter(None, condition.values)):
            if problem := kind.problem(value):
                yield f"has a value in {kind.option} that {problem}"
        if kind.field == "http-header":
            yield from filter(None, [header_name_problem(condition.name)])
        elif problem := query_problem(condition.name):
            yield f"has a key in {kind.option} that {problem}"


def patterns(conditions: Iterable[Condition]) -> list[str]:
    """The texts of *conditions* that may have wildcards."""
    wild = [condition for condition in conditions if _BY_FIELD[condition.field].wild]
    names = [condition.name for condition in wild if condition.field == "query-string"]
    return [*names, *(value for condition in wild for value in condition.values)]
