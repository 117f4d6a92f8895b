# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Which findings stay the same when persons are corrected, so that what reviewers said of them stands.

A finding is the same where all of it is: the measure, the repetitions, their values and the frames that show them. One
that is no more is withdrawn and comes back, with its reviews, when a later correction gives the same again.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    type Of = Mapping[int, Sequence[int]]
    """The persons who have what was seen of one, by the old number."""


@dataclass(frozen=True, slots=True)
class Known:
    """A finding as it is stored: its number, whose it is, and the newest verdict on it, and which entry that is."""

    number: int
    person: int
    content: dict[str, Any]
    withdrawn: bool = False
    verdict: str | None = None
    version: int = 0


@dataclass(frozen=True, slots=True)
class Kept:
    """A finding as it is to be stored. `again`: why somebody has to look at it again, who judged one like it."""

    number: int
    person: int
    content: dict[str, Any]
    withdrawn: bool = False
    again: str | None = None


def matched(  # noqa: PLR0913, PLR0917 - what was, what is, and why
    known: Sequence[Known],
    found: Sequence[tuple[int, dict[str, Any]]],
    touched: Collection[int],
    goes_to: Of,
    why: str,
    highest: int = 0,
) -> list[Kept]:
    """What is to be stored of those who are touched, whose findings these are now, and of all that is withdrawn.

    `highest`: the highest number of those that are not there any more, which nobody gets again.
    """
    old = [one for one in known if one.withdrawn or one.person in touched]
    free = defaultdict(list)
    for one in sorted(old, key=lambda one: (one.withdrawn, one.number)):
        free[_key(one.content)].append(one)
    stays: list[Kept] = []
    new: list[tuple[int, dict[str, Any]]] = []
    for person, content in found:
        same = free[_key(content)]
        if same:
            mine = min(same, key=lambda one: (one.withdrawn, one.person != person, one.number))
            same.remove(mine)
            stays.append(Kept(mine.number, person, content))
        else:
            new.append((person, content))
    left = [one for listed in free.values() for one in listed]
    first = max((one.number for one in known), default=0)
    first = max(first, highest) + 1
    judged = [one for one in left if not one.withdrawn and one.verdict is not None]
    added = [
        Kept(number, person, content, again=_again(person, content, judged, goes_to, why))
        for number, (person, content) in enumerate(new, first)
    ]
    gone = [Kept(one.number, (goes_to.get(one.person) or [one.person])[0], one.content, withdrawn=True) for one in left]
    return [*stays, *added, *gone]


def _again(person: int, content: dict[str, Any], judged: Sequence[Known], goes_to: Of, why: str) -> str | None:
    """What was said of the findings that this one comes from; None where nobody judged one."""
    before = [
        f"{_SAID.get(one.verdict or '', one.verdict)} as finding {one.number} of person {one.person}"
        for one in judged
        if _about(one.content) == _about(content) and person in goes_to.get(one.person, ())
    ]
    return f"{why} Before, this was {' and '.join(before)}."[:_MOST] if before else None


_SAID = {"needs_another_look": "marked for another look"}
"""Verdicts that are no words."""
_MOST = 2000
"""Characters of a note."""


def _about(content: Mapping[str, Any]) -> tuple[Any, Any, bool]:
    return content["measure"], content["side"], content.get("baseline") is not None


def _key(content: Mapping[str, Any]) -> str:
    """The same for the same numbers, however they are written, and whether or not a release knew of baselines."""
    told = {name: value for name, value in content.items() if not (name == "baseline" and value is None)}
    return json.dumps(json.loads(json.dumps(told), parse_int=float), sort_keys=True)
