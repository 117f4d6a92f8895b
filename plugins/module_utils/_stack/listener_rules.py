# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules on listeners of a stack that somebody else made, and what it takes to have them on another listener. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .._errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

# Other actions need a listener with TLS, or hold a secret that is never told.
_MOVABLE = {"forward", "redirect", "fixed-response"}
# A load balancer works by a new rule a moment after its API has answered.
SETTLE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Rule:
    """A listener rule that is not the default one. The dicts are in the shape that CreateRule takes."""

    arn: str
    listener_arn: str
    priority: int
    conditions: tuple[dict[str, Any], ...]
    actions: tuple[dict[str, Any], ...]
    transforms: tuple[dict[str, Any], ...] = ()
    tags: frozenset[tuple[str, str]] = frozenset()

    def carries(self, marks: Mapping[str, str]) -> bool:
        """Whether its tags hold all of *marks*."""
        return marks.items() <= dict(self.tags).items()

    def same_work(self, other: Rule) -> bool:
        """Whether both do the same with the same requests."""
        return _canonical(self) == _canonical(other)

    def __str__(self) -> str:
        return f"rule {self.priority} of listener {self.listener_arn}"


@dataclass(frozen=True, slots=True)
class Transfer:
    """What it takes: rules to create and to change (each as it stands, then as it is to be), then rules to delete."""

    create: tuple[Rule, ...] = ()
    change: tuple[tuple[Rule, Rule], ...] = ()
    delete: tuple[Rule, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.create or self.change or self.delete)


def leaving(source: Sequence[Rule], destination: Sequence[Rule], marks: Mapping[str, str]) -> Transfer:
    """The listener of *source* is about to go, with all its rules: those with *marks* have to stand elsewhere before.

    Raises `RefusedError` when rules without them would go too, or stand where ours have to.
    """
    lost = [str(rule) for rule in source if not rule.carries(marks)]
    if lost:
        raise RefusedError(
            f"Nothing was touched: the update removes a listener, and {' and '.join(lost)} would go with it, which "
            f"{_are_not_ours(marks)}. Delete them if nothing needs them, or move them to the listener that stays.",
            rules=lost,
        )
    pairs = _places(source, destination, marks)
    return Transfer(
        create=tuple(rule for rule, there in pairs if there is None),
        change=tuple((there, rule) for rule, there in pairs if there is not None and not there.same_work(rule)),
    )


def arriving(source: Sequence[Rule], destination: Sequence[Rule], marks: Mapping[str, str]) -> Transfer:
    """Another listener takes over: rules of *source* with *marks* come to stand there, then leave *source*.

    Where both have a rule of the same priority, that of *destination* is the newer: releases are made there already.
    Raises `RefusedError` when a rule without the marks stands where one of ours has to.
    """
    pairs = _places(source, destination, marks)
    return Transfer(
        create=tuple(rule for rule, there in pairs if there is None), delete=tuple(rule for rule, _there in pairs)
    )


def _places(
    source: Iterable[Rule], destination: Iterable[Rule], marks: Mapping[str, str]
) -> list[tuple[Rule, Rule | None]]:
    """Each rule of ours, with what stands in its place at the destination."""
    standing = {rule.priority: rule for rule in destination}
    pairs = [(rule, standing.get(rule.priority)) for rule in source if rule.carries(marks)]
    taken = [str(there) for _rule, there in pairs if there is not None and not there.carries(marks)]
    if taken:
        raise RefusedError(
            f"Nothing was touched: rules of releases must go where {' and '.join(taken)} {_are_not_ours(marks)}. "
            "Give it another priority, or delete it if nothing needs it.",
            rules=taken,
        )
    for rule, _there in pairs:
        strange = sorted({str(action["Type"]) for action in rule.actions} - _MOVABLE)
        if strange:
            raise RefusedError(
                f"Nothing was touched: {rule} has an action {' and '.join(strange)}, which cannot be copied to another "
                "listener. Make the rule there yourself and delete this one, then run again.",
                rules=[str(rule)],
            )
    return pairs


def _are_not_ours(marks: Mapping[str, str]) -> str:
    return f"is not tagged {', '.join(f'{key}={value}' for key, value in sorted(marks.items()))}"


def _canonical(rule: Rule) -> str:
    return json.dumps([_unordered(rule.conditions), _unordered(rule.actions), rule.transforms], sort_keys=True)


def _unordered(value: Any) -> Any:
    """*value* with every list in one order: neither conditions nor their values have one that counts."""
    if isinstance(value, dict):
        return {key: _unordered(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return sorted((_unordered(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True))
    return value
