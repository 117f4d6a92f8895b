# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which requests that other services get now would reach this one, once its listener rules are the wanted ones. Pure.

A rule that has the same conditions as another one, and a lower priority number, takes all of its requests.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .ownership import owner_of
from .routing import samples, shared, unmet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..values import ListenerRule
    from .ownership import Owner
    from .routing import Request, Sample
    from .rules import StandingRule

OPTION = "take_requests_from"


@dataclass(frozen=True, slots=True)
class Capture:
    """Requests that rule *ours* would take from rule *theirs*.

    ``names`` are what consents to it: the service that has the rule, or the target groups that it forwards to.
    ``whole``: nothing of the requests told is left to *theirs*, and not only those that are told more precisely by us.
    """

    names: tuple[str, ...]
    told: str
    theirs: str
    ours: str
    whole: bool

    def meant(self, given_away: Iterable[str]) -> bool:
        """Whether *given_away* names whom they are taken from."""
        return bool({name.strip() for name in given_away} & {*self.names})

    def __str__(self) -> str:
        listed = ", ".join(f'"{name}"' for name in self.names[:1])
        return (
            f"{self.theirs} takes requests by {self.told} now, and {self.ours} would take them before it. Set a higher "
            "priority (ecs_rollout_rule_priority of the role), or narrow the rule's conditions; or, if this service is "
            f"to get these requests from now on, set {OPTION} (ecs_rollout_{OPTION} of the role) to [{listed}]."
        )

    @property
    def warning(self) -> str:
        """The same where it is a part of what *theirs* takes, as is usual beside a rule for all that is left."""
        return f"{self.ours} takes requests by {self.told}, which {self.theirs} takes now"


def captured_requests(
    standing: Iterable[StandingRule], wanted: tuple[ListenerRule, ...], owner: Owner, groups: frozenset[str]
) -> tuple[Capture, ...]:
    """What would be captured: once for each kind of requests that is captured whole, else once for each two rules.

    *groups* are the target groups of the service itself: who forwards there takes nothing away from others.
    """
    found: list[Capture] = []
    there = sorted((rule for rule in standing if not rule.warms), key=lambda rule: rule.priority)
    for listener in sorted({rule.listener_arn for rule in wanted}):
        ours = sorted((rule for rule in wanted if rule.listener_arn == listener), key=_priority)
        before = [(rule, rule.summary()) for rule in there if rule.listener_arn == listener]
        listened = _Listener(
            [summary for _rule, summary in before],
            sorted([*(made for rule, made in before if not _is_ours(rule, wanted, owner)), *ours], key=_priority),
        )
        for theirs, summary in before:
            earlier = [rule for rule in ours if rule.priority < theirs.priority]
            if earlier and _is_others(theirs, wanted, owner, groups):
                found += _from(theirs, summary, earlier, listened)
    return tuple(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class _Listener:
    """The rules of a listener before and after, in the order in which they are asked."""

    before: list[ListenerRule]
    after: list[ListenerRule]


def _priority(rule: ListenerRule) -> int:
    return rule.priority


def _is_others(rule: StandingRule, wanted: tuple[ListenerRule, ...], owner: Owner, groups: frozenset[str]) -> bool:
    serves = any(action.get("Type") == "forward" for action in rule.actions)
    to_us = bool(rule.groups) and rule.groups <= groups
    return serves and not to_us and not _is_ours(rule, wanted, owner)


def _is_ours(rule: StandingRule, wanted: tuple[ListenerRule, ...], owner: Owner) -> bool:
    return owner.owns(rule.tags) or rule.place in {(each.listener_arn, each.priority) for each in wanted}


def _from(
    theirs: StandingRule, summary: ListenerRule, earlier: list[ListenerRule], listened: _Listener
) -> Iterator[Capture]:
    """What would be taken from *theirs* by those of our rules that come *earlier*."""

    def captured_by(sample: Sample) -> ListenerRule | None:
        # Most requests of others meet none of ours, which is seen soon.
        ours = _taking(earlier, sample.request)
        if ours is None or _taking(listened.before, sample.request) != summary:
            return None
        return ours if _taking(listened.after, sample.request) == ours else None

    whole = [_capture(theirs, rule, each, whole=True) for each in samples(summary) if (rule := captured_by(each))]
    yield from whole
    if not whole:
        parts = (sample for rule in earlier for sample in shared(rule, summary))
        yield from [_capture(theirs, rule, each, whole=False) for each in parts if (rule := captured_by(each))]


def _taking(rules: Iterable[ListenerRule], request: Request) -> ListenerRule | None:
    return next((rule for rule in rules if not unmet(rule, request)), None)


def _capture(theirs: StandingRule, ours: ListenerRule, sample: Sample, *, whole: bool) -> Capture:
    named = owner_of(theirs.tags)
    service = (named.service,) if named and named.service else ()
    groups = tuple(_short(arn) for arn in sorted(theirs.groups))
    of = f" of {named}" if named else ""
    parts = [sample.name(part) for part, name in sample.named if name != "*" or part.kind == "path"]
    return Capture(
        (*service, *groups) or (f"rule {theirs.priority}",),
        " and ".join(dict.fromkeys(parts)),
        f"{theirs.name}{of} (to {', '.join(groups) or theirs.summary().target_group_arn})",
        f"rule {ours.priority} of listener_rules",
        whole,
    )


def _short(arn: str) -> str:
    """The name in the ARN of a target group."""
    return arn.split("/")[1] if arn.count("/") > 1 else arn
