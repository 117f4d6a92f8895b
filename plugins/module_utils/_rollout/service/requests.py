# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a request has to have so that a listener rule takes it. Pure.

What a request says itself stays as it is: its host, where its address names one that users know, its headers and the
parameters of its query. So a host that is misspelt in a rule is not asked as it is misspelt.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from ipaddress import ip_address
from itertools import islice, product
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from .conditions import ordered
from .routing import Request, unmet
from .wildcards import example, matches

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ..values import Condition, ListenerRule

# Names of AWS for load balancers, which users are given only where no other name is made.
_BALANCER = re.compile(r".+\.elb(\.[a-z0-9-]+)?\.(amazonaws\.com|amazonaws\.com\.cn|amazonaws\.eu|[a-z0-9.]+\.gov)")
# How many requests stand for the values of a rule.
_MOST = 5


@dataclass(frozen=True, slots=True)
class Aim:
    """A request that a rule takes: its address and headers. ``only_from``: what the rule wants of the sender's address.

    ``problem``: why no rule takes it whatever it has. ``unmet``: why none takes it for what it says itself.
    """

    url: str
    headers: tuple[tuple[str, str], ...]
    only_from: str = ""
    problem: str = ""
    unmet: str = ""


def aim(method: str, url: str, headers: Mapping[str, str], rules: Iterable[ListenerRule]) -> Aim:
    """The request with what the rule for its path asks for: of several rules, the one that asks for least.

    Without a rule for its path it is left as it is.
    """
    fitting = _fitting(url, rules)
    plain = Aim(url, tuple(headers.items()))
    taken = [rule for rule in fitting if method in (_methods(rule) or {method})]
    if fitting and not taken:
        wanted = ", ".join(f"priority {rule.priority} takes {' and '.join(sorted(_methods(rule)))}" for rule in fitting)
        return replace(plain, problem=f"sends {method}, which no rule of listener_rules takes for its path ({wanted})")
    aims = [next(_met_by(method, plain, rule)) for rule in taken]
    return min(
        aims,
        key=lambda made: (bool(made.unmet), bool(made.only_from), len(made.headers), len(made.url)),
        default=plain,
    )


def aims(method: str, url: str, headers: Mapping[str, str], rules: Iterable[ListenerRule]) -> tuple[Aim, ...]:
    """Requests that stand for all that users can send there by *rules*: a few for each rule, by each of its hosts."""
    plain = Aim(url, tuple(headers.items()))
    taken = [rule for rule in _fitting(url, rules) if method in (_methods(rule) or {method})]
    made = (each for rule in taken for each in _met_by(method, plain, rule) if not each.unmet)
    return tuple(islice(dict.fromkeys(made), _MOST))


def as_request(method: str, url: str, headers: Iterable[tuple[str, str]]) -> Request:
    """What a rule sees of a request that is sent from an address that is not known."""
    parts, sent = urlsplit(url), tuple(headers)
    host = next((value for name, value in sent if name.lower() == "host"), parts.hostname or "")
    host = re.sub(r":\d*$", "", host)
    query = tuple(parse_qsl(parts.query, keep_blank_values=True))
    return Request(host, parts.path or "/", method, headers=sent, query=query)


def names_host(url: str, headers: Mapping[str, str]) -> bool:
    """Whether a request names a host that users know, and not only where the load balancer is."""
    if any(name.lower() == "host" for name in headers):
        return True
    host = (urlsplit(url).hostname or "").rstrip(".")
    try:
        ip_address(host)
    except ValueError:
        return "." in host and not host.endswith(".localhost") and not _BALANCER.fullmatch(host)
    return False


def _fitting(url: str, rules: Iterable[ListenerRule]) -> list[ListenerRule]:
    path = urlsplit(url).path or "/"
    return [
        rule
        for rule in sorted(rules, key=lambda rule: rule.priority)
        if not rule.path_patterns or any(matches(pattern, path, cased=True) for pattern in rule.path_patterns)
    ]


def _methods(rule: ListenerRule) -> frozenset[str]:
    return frozenset().union(*(each.values for each in rule.conditions if each.field == "http-request-method"))


def _met_by(method: str, plain: Aim, rule: ListenerRule) -> Iterator[Aim]:
    """The request as *rule* takes it, for each choice among its values; at least one."""
    given = {name.lower() for name, _value in plain.headers}
    conditions = ordered(rule.conditions)
    asked = [each for each in conditions if each.field == "http-header" and each.name.lower() not in given]
    queried = [each for each in conditions if each.field == "query-string" and not _names_key(plain.url, each)]
    hosts = [] if names_host(plain.url, dict(plain.headers)) else sorted(rule.host_headers)
    if any(matches(host, urlsplit(plain.url).hostname or "") for host in hosts):
        hosts = []
    only_from = ""
    if networks := sorted(value for each in conditions if each.field == "source-ip" for value in each.values):
        only_from = f"rule {rule.priority} of listener_rules takes requests from {', '.join(networks)} only"
    for host, *values in product(hosts or [""], *(sorted(each.values) or [""] for each in (*asked, *queried))):
        headers = {"Host": example(host)} if host else {}
        headers |= {each.name: example(value) for each, value in zip(asked, values, strict=False)}
        pairs = [
            (example(each.name) or "x", example(value))
            for each, value in zip(queried, values[len(asked) :], strict=True)
        ]
        url, sent = _with_query(plain.url, pairs), (*plain.headers, *headers.items())
        yield Aim(url, sent, only_from, unmet=_why_unmet(method, url, sent, rule))


def _why_unmet(method: str, url: str, headers: tuple[tuple[str, str], ...], rule: ListenerRule) -> str:
    request = as_request(method, url, headers)
    whose = f"rule {rule.priority} of listener_rules takes"
    said = [
        f"host {request.host}, where {whose} {', '.join(sorted(rule.host_headers))}"
        if part.kind == "host"
        else f"another {' '.join(filter(None, (part.kind, part.name)))} than {whose}"
        for part in unmet(rule, request)
    ]
    return f"it is sent with {' and '.join(said)}" if said else ""


def _names_key(url: str, condition: Condition) -> bool:
    """Whether the address has a parameter that *condition* is about; any value will do only when it meets it."""
    pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    if condition.name:
        return any(matches(condition.name, key) for key, _value in pairs)
    return any(matches(pattern, value) for pattern in condition.values for _key, value in pairs)


def _with_query(url: str, pairs: list[tuple[str, str]]) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, urlencode(pairs))))))
