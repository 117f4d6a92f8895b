# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which requests that reach a service would reach it no more once its listener rules are the wanted ones. Pure.

No gate sees that: a gate sends what a rule asks for, and a host that is misspelt in a rule is asked as it is misspelt.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from .routing import Part, samples, shared, unmet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..values import ListenerRule
    from .ownership import Owner
    from .routing import Request, Sample
    from .rules import StandingRule

#: What an entry of the option ``stop_serving`` begins with.
PARTS = ("host", "path", "method", "header", "query", "source")
_OPTIONS = {
    "host": "host_headers",
    "path": "path_patterns",
    "method": "request_methods",
    "header": "http_headers",
    "query": "query_strings",
    "source": "source_ips",
}


@dataclass(frozen=True, slots=True)
class Loss:
    """Requests that are lost. ``names`` are what of them no wanted rule takes, as ``host api.example.com``.

    ``told`` is the same in a sentence, ``before`` the rule that takes them now, ``after`` says who would, ``options``
    which of a rule to look at.
    """

    names: tuple[str, ...]
    told: tuple[str, ...]
    before: str
    after: str
    options: tuple[str, ...]

    def meant(self, stopped: Iterable[str]) -> bool:
        """Whether *stopped* names all of it."""
        return {_folded(name) for name in self.names} <= {_folded(name) for name in stopped}

    def named_by(self, entry: str) -> bool:
        """Whether *entry* of ``stop_serving`` is a part of it."""
        return _folded(entry) in map(_folded, self.names)

    def __str__(self) -> str:
        named, listed = " and ".join(self.told), ", ".join(f'"{name}"' for name in self.names)
        return (
            f"Users reach this service by {named} now ({self.before}), and no rule of listener_rules would take that "
            f"any more; {self.after}. Correct {' and '.join(self.options)} of listener_rules "
            "(ecs_rollout_rule_conditions of the role); or, if nobody is to reach it so any longer, set stop_serving "
            f"(ecs_rollout_stop_serving of the role) to [{listed}]."
        )


def _folded(name: str) -> str:
    return " ".join(name.lower().split())


@dataclass(frozen=True, slots=True)
class _Rule:
    """A rule of a listener, and whether what it takes reaches the service."""

    name: str
    summary: ListenerRule
    reaches: bool
    says: str = ""


def lost_requests(standing: Iterable[StandingRule], wanted: tuple[ListenerRule, ...], owner: Owner) -> tuple[Loss, ...]:
    """What requests would be lost, each kind of them once."""
    there = tuple(rule for rule in standing if not rule.warms)
    found: dict[tuple[str, tuple[str, ...]], Loss] = {}
    for listener in sorted({rule.listener_arn for rule in there}):
        before = _before([rule for rule in there if rule.listener_arn == listener], wanted, owner)
        after = _after([rule for rule in there if rule.listener_arn == listener], wanted, owner, listener)
        for loss in _losses(before, after):
            found.setdefault((listener, loss.names), loss)
    return tuple(found.values())


def _is_ours(rule: StandingRule, wanted: Iterable[ListenerRule], owner: Owner) -> bool:
    return owner.owns(rule.tags) or rule.place in {(each.listener_arn, each.priority) for each in wanted}


def _before(standing: list[StandingRule], wanted: tuple[ListenerRule, ...], owner: Owner) -> list[_Rule]:
    return [
        _Rule(rule.name, rule.summary(), _is_ours(rule, wanted, owner) and bool(rule.groups))
        for rule in sorted(standing, key=lambda rule: rule.priority)
    ]


def _after(standing: list[StandingRule], wanted: tuple[ListenerRule, ...], owner: Owner, listener: str) -> list[_Rule]:
    groups = {rule.target_group_arn for rule in wanted}
    stay = [rule for rule in standing if not _is_ours(rule, wanted, owner)]
    rules = [
        *(
            _Rule(
                rule.name, rule.summary(), bool(rule.groups) and rule.groups <= groups, rule.summary().target_group_arn
            )
            for rule in stay
        ),
        *(_Rule("", rule, reaches=True) for rule in wanted if rule.listener_arn == listener),
    ]
    return sorted(rules, key=lambda rule: rule.summary.priority)


def _losses(before: list[_Rule], after: list[_Rule]) -> Iterator[Loss]:
    whole = (sample for rule in before if rule.reaches for sample in samples(rule.summary))
    for sample in chain(whole, _fallen_behind(before, after)):
        now = _taking(before, sample.request)
        then = _taking(after, sample.request)
        if now and now.reaches and not (then and then.reaches):
            yield _loss(sample, now, then, after)


def _fallen_behind(before: list[_Rule], after: list[_Rule]) -> Iterator[Sample]:
    """Requests that a rule of ours takes now, and that one of others would take too which ours may fall behind."""
    last = max((rule.summary.priority for rule in after if rule.reaches), default=0)
    for ours in (rule for rule in before if rule.reaches):
        for theirs in before:
            if not theirs.reaches and ours.summary.priority < theirs.summary.priority < last:
                yield from shared(ours.summary, theirs.summary)


def _taking(rules: list[_Rule], request: Request) -> _Rule | None:
    return next((rule for rule in rules if not unmet(rule.summary, request)), None)


def _loss(sample: Sample, now: _Rule, then: _Rule | None, after: list[_Rule]) -> Loss:
    nearest = min((unmet(rule.summary, sample.request) for rule in after if rule.reaches), key=len, default=())
    # A rule that takes it and comes too late, or none at all: the path says most of what is lost.
    parts = nearest or (Part("path"),)
    goes = f"{then.name} would, to {then.says}," if then else "the listener's default action would"
    return Loss(
        tuple(sample.name(part) for part in parts),
        tuple(_told(sample, part) for part in parts),
        now.name,
        goes,
        tuple(dict.fromkeys(_OPTIONS[part.kind] for part in parts)),
    )


def _told(sample: Sample, part: Part) -> str:
    if part.kind not in ("header", "query"):
        return sample.name(part)
    asked = any((each.kind, each.name.lower()) == (part.kind, part.name.lower()) for each, _pattern in sample.named)
    return f"{'another value of' if asked else 'requests without'} {sample.name(part)}"


def consent_problem(entry: str) -> str:
    """Why *entry* of ``stop_serving`` names nothing; empty when it can be meant."""
    kind, _space, name = entry.strip().partition(" ")
    if kind in PARTS and name.strip():
        return ""
    kinds = f"{', '.join(PARTS[:-1])} or {PARTS[-1]}"
    return f"stop_serving has {entry!r}, where {kinds} and a name are wanted, as 'host api.example.com'"
