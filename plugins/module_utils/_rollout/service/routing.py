# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which requests a listener rule takes, and requests that stand for all that it takes. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import collapse_addresses, ip_network
from itertools import islice, product
from typing import TYPE_CHECKING, Any

from .wildcards import STRANGE, filled, matches

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..values import Condition, ListenerRule

_ANYWHERE, _EVERYWHERE = "*", ("0.0.0.0/0", "::/0")
# With five values in a rule no more samples come about; a rule of others may have more.
_MOST_SAMPLES, _MOST_SHARED = 1000, 200


@dataclass(frozen=True, slots=True)
class Request:
    """What a rule looks at. ``method`` empty: any. ``source`` is a CIDR block, ``*`` for all, empty when not known."""

    host: str
    path: str
    method: str = ""
    source: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    query: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """What of a request a condition looks at: a kind, and the name of the header or of the parameter of the query."""

    kind: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Sample:
    """A request that a rule takes. ``named`` is what to call its parts: the patterns that they were made of."""

    request: Request
    named: tuple[tuple[Part, str], ...]

    def name(self, part: Part) -> str:
        """What to call *part*, as ``host api.example.com``. Values of headers and queries are not in it."""
        if part.kind in ("header", "query"):
            return f"{part.kind} {part.name or '*'}"
        return f"{part.kind} {dict(self.named).get(part, '*')}"


def unmet(rule: ListenerRule, request: Request) -> tuple[Part, ...]:
    """The parts of *request* for which *rule* does not take it; none when it does.

    A condition that no option stands for counts as met.
    """
    parts = []
    if rule.host_headers and not any(matches(pattern, request.host) for pattern in rule.host_headers):
        parts.append(Part("host"))
    if rule.path_patterns and not any(matches(pattern, request.path, cased=True) for pattern in rule.path_patterns):
        parts.append(Part("path"))
    parts += [part_of(each) for each in rule.conditions if not _is_met(each, request)]
    return tuple(sorted(parts, key=lambda part: (_ORDER.index(part.kind), part.name)))


_SINGLE = ("host", "path", "method", "source")
_ORDER = ("host", "path", "method", "header", "query", "source")
_KINDS = {
    "http-header": "header",
    "query-string": "query",
    "http-request-method": "method",
    "source-ip": "source",
}


def part_of(condition: Condition) -> Part:
    """What *condition* looks at."""
    return Part(_KINDS[condition.field], condition.name)


def _is_met(condition: Condition, request: Request) -> bool:
    match _KINDS.get(condition.field):
        case "header":
            texts = [value for name, value in request.headers if name.lower() == condition.name.lower()]
        case "query":
            texts = [value for key, value in request.query if matches(condition.name or "*", key)]
        case "method":
            return request.method in condition.values
        case "source":
            return not request.source or _covered(request.source, condition.values)
        case _:
            return True
    return any(matches(pattern, text) for pattern in condition.values for text in texts)


def _covered(block: str, blocks: frozenset[str]) -> bool:
    if block == _ANYWHERE:
        return all(_covered(each, blocks) for each in _EVERYWHERE)
    wanted: Any = ip_network(block, strict=False)
    known: list[Any] = [ip_network(each, strict=False) for each in blocks]
    return any(
        wanted.subnet_of(joined)
        for joined in collapse_addresses(each for each in known if each.version == wanted.version)
    )


def samples(rule: ListenerRule) -> Iterator[Sample]:
    """Requests that stand for all that *rule* takes: what takes each of them takes every request that *rule* takes.

    Its patterns are filled in with strange characters. What a condition that no option stands for asks for is not
    known: the samples have nothing of it.
    """
    choices: list[list[tuple[Part, str, str, str]]] = [
        [(Part("host"), pattern, "", text) for pattern in sorted(rule.host_headers) for text in filled(pattern)]
        or [(Part("host"), "*", "", STRANGE)],
        [
            (Part("path"), pattern, "", text)
            for pattern in sorted(rule.path_patterns) or ["/*"]
            for text in _paths(pattern)
        ],
    ]
    known = [each for each in rule.conditions if each.field in _KINDS]
    choices += [[(part_of(each), value, key, text) for value, key, text in _values(each)] for each in known]
    if not any(each.field == "source-ip" for each in known):
        choices.append([(Part("source"), _ANYWHERE, "", _ANYWHERE)])
    for chosen in islice(product(*choices), _MOST_SAMPLES):
        request = _request(chosen)
        if request.host and not unmet(rule, request):
            yield Sample(request, tuple((part, pattern) for part, pattern, _key, _text in chosen))


def shared(left: ListenerRule, right: ListenerRule) -> Iterator[Sample]:
    """Requests that both rules take, made of their samples; its names are those of *left* where both have one."""
    pairs = [(sample, right) for sample in samples(left)] + [(sample, left) for sample in samples(right)]
    fitting = [(sample, {part.kind for part in unmet(other, sample.request)}) for sample, other in pairs]
    # The samples by what each of them has of its own at a place that both rules take.
    places = [
        list({getattr(sample.request, kind): sample for sample, misses in fitting if kind not in misses}.values())
        for kind in _SINGLE
    ]
    besides = [
        list({(sample.request.headers, sample.request.query): sample for sample in samples(rule)}.values())
        for rule in (left, right)
    ]
    for first, second, *sides in islice(product(*besides, *places), _MOST_SHARED):
        made = _joined(first, second, dict(zip(_SINGLE, sides, strict=True)))
        if not unmet(left, made.request) and not unmet(right, made.request):
            yield made


def _joined(first: Sample, second: Sample, sides: dict[str, Sample]) -> Sample:
    """The headers and queries of *first* and *second*, and of each of *sides* what it is named for."""
    host, path, method, source = (getattr(side.request, kind) for kind, side in sides.items())
    headers = first.request.headers + second.request.headers
    query = first.request.query + second.request.query
    named = {part: name for side in (second, first) for part, name in side.named if part.kind not in _SINGLE}
    named |= {part: name for kind, side in sides.items() for part, name in side.named if part.kind == kind}
    return Sample(Request(host, path, method, source, headers, query), tuple(named.items()))


def _paths(pattern: str) -> Iterator[str]:
    """Paths begin with a slash, which a wildcard may stand for."""
    begun = {"*": f"/{pattern}", "?": f"/{pattern[1:]}"}.get(pattern[:1])
    texts = (*filled(pattern), *(filled(begun) if begun else ()))
    yield from (text for text in dict.fromkeys(texts) if text.startswith("/"))


def _values(condition: Condition) -> Iterator[tuple[str, str, str]]:
    """The values of *condition*: as it has them, and for each a key that its name stands for and a text to send."""
    for value in sorted(condition.values):
        if condition.field in ("source-ip", "http-request-method"):
            yield value, "", value
        else:
            key = filled(condition.name)[-1] if condition.field == "query-string" and condition.name else ""
            yield from ((value, key or STRANGE, text) for text in filled(value))


def _request(chosen: Iterable[tuple[Part, str, str, str]]) -> Request:
    found: dict[str, list[tuple[str, str, str]]] = {}
    for part, _pattern, key, text in chosen:
        found.setdefault(part.kind, []).append((part.name, key, text))

    def single(kind: str) -> str:
        return next((text for _name, _key, text in found.get(kind, [])), "")

    return Request(
        single("host"),
        single("path"),
        single("method"),
        single("source"),
        tuple((name, text) for name, _key, text in found.get("header", [])),
        tuple((key, text) for _name, key, text in found.get("query", [])),
    )
