# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a request has to have so that a listener rule takes it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from .conditions import ordered
from .wildcards import example, matches

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..values import Condition, ListenerRule


@dataclass(frozen=True, slots=True)
class Aim:
    """A request that a rule takes: its address and headers. ``only_from``: what the rule wants of the sender's address.

    ``problem``: why no rule takes it whatever it has.
    """

    url: str
    headers: tuple[tuple[str, str], ...]
    only_from: str = ""
    problem: str = ""


def aim(method: str, url: str, headers: Mapping[str, str], rules: Iterable[ListenerRule]) -> Aim:
    """The request with what the rule for its path asks for: of several rules, the one that asks for least.

    Without a rule for its path it is left as it is.
    """
    path = urlsplit(url).path or "/"
    fitting = [
        rule
        for rule in sorted(rules, key=lambda rule: rule.priority)
        if not rule.path_patterns or any(matches(pattern, path, cased=True) for pattern in rule.path_patterns)
    ]
    plain = Aim(url, tuple(headers.items()))
    taken = [rule for rule in fitting if method in (_methods(rule) or {method})]
    if fitting and not taken:
        wanted = ", ".join(f"priority {rule.priority} takes {' and '.join(sorted(_methods(rule)))}" for rule in fitting)
        return Aim(
            url, plain.headers, problem=f"sends {method}, which no rule of listener_rules takes for its path ({wanted})"
        )
    aims = [_meet(plain, rule) for rule in taken]
    return min(aims, key=lambda made: (bool(made.only_from), len(made.headers), len(made.url)), default=plain)


def _methods(rule: ListenerRule) -> frozenset[str]:
    return frozenset().union(*(each.values for each in rule.conditions if each.field == "http-request-method"))


def _meet(plain: Aim, rule: ListenerRule) -> Aim:
    url, headers, only_from = plain.url, dict(plain.headers), ""
    given = {name.lower(): value for name, value in headers.items()}
    host = given.get("host", urlsplit(url).hostname or "")
    if rule.host_headers and not any(matches(pattern, host) for pattern in rule.host_headers):
        headers["Host"] = example(min(rule.host_headers))
    for condition in ordered(rule.conditions):
        if condition.field == "http-header":
            value = given.get(condition.name.lower())
            if value is None or not _met(condition, value):
                headers[condition.name] = example(min(condition.values))
        elif condition.field == "query-string":
            url = _with_query(url, condition)
        elif condition.field == "source-ip":
            networks = ", ".join(sorted(condition.values))
            only_from = f"rule {rule.priority} of listener_rules takes requests from {networks} only"
    return Aim(url, tuple(headers.items()), only_from)


def _with_query(url: str, condition: Condition) -> str:
    parts = urlsplit(url)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    if any(matches(condition.name or "*", key) and _met(condition, value) for key, value in pairs):
        return url
    added = urlencode({example(condition.name) or "x": example(min(condition.values))})
    return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, added)))))


def _met(condition: Condition, value: str) -> bool:
    return any(matches(pattern, value) for pattern in condition.values)
