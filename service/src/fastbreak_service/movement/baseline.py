# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What of a player's landings differs from earlier ones of the same player, with what that stands on.

Compared are single measures of landings on the same legs, of the same side, in the same view, at the same frame rate
(within a tenth), by the same network and definitions; what is not so is counted with the reason. A range (`own_range`)
needs 12 values in 3 earlier recordings: ground reactions of landings are stable after 4 landings by one method, and
after 12 by the more careful one (James 2007, J Sports Sci Med; read in the abstract; none was found for angles). The 3
are ours: fewer recordings tell nothing of how a player varies from day to day.

A landing clears the range when value ± error is beyond it by more than the earlier values' error. Both errors count
in full: a camera that stands a little otherwise, and whatever else is alike in all frames of a recording, is in either,
and nothing tells that it is the same. For review is what clears it, to one side, in three landings and in more than
half of those measured, as with published values. It is no diagnosis, and no risk.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Any, NamedTuple

from fastbreak_service.movement.findings import NEEDED
from fastbreak_service.movement.own_range import MOST_RECORDINGS, own_range
from fastbreak_service.movement.values import (
    Baseline,
    Basis,
    Finding,
    LeftOut,
    Legs,
    Name,
    NoBaseline,
    Reference,
    Shown,
    Side,
    Status,
    Unit,
    Unlike,
    View,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

NEEDED_VALUES, NEEDED_RECORDINGS = 12, 3
MOST_LANDINGS = 50
"""Of each earlier recording, of those that are comparable: the first of them."""
MOST_MEASURED = 1000
"""No value or error of ours is larger; what is, nobody measured."""
OWN, OWN_MARK = "the player's own earlier landings", "own"
_SAME_RATE = 1.1

type Content = Mapping[str, Any]
"""A landing as JSON has it."""


@dataclass(frozen=True, slots=True)
class Recording:
    """Landings of one player in one analysis: its id or folder, what tells the footage, the network, and the landings.

    `footage`: the same of the same clip; empty where nothing tells.
    """

    analysis: str
    footage: str
    network: str
    landings: Sequence[Content]


@dataclass(frozen=True, slots=True)
class Compared:
    """What is told of a player against their earlier landings, and of which measures nothing can be told."""

    findings: list[Finding]
    missing: list[NoBaseline]


class _Kind(NamedTuple):
    """What is compared with nothing but its own kind."""

    measure: Name
    side: Side
    legs: Legs


@dataclass(frozen=True, slots=True)
class _Taken:
    """A measured value of a landing, with all that decides what it may be compared with."""

    kind: _Kind
    view: View
    rate: float
    network: str
    definitions: int
    unit: Unit
    value: float
    error: float
    contact_frame: int
    frame: int


class _Before(NamedTuple):
    """An earlier recording: its id or folder, which clip it is of, and its values."""

    analysis: str
    clip: int
    values: list[_Taken]


def compared(now: Recording, earlier: Sequence[Recording]) -> Compared:
    """What differs from the player's own, of footage before this one, newest first.

    The same footage counts once, and never against itself.
    """
    mine = list(_taken(now))
    before = [
        _Before(one.analysis, clip, list(_taken(one))) for one, clip in zip(earlier, _clips(now, earlier), strict=True)
    ]
    findings: list[Finding] = []
    missing: list[NoBaseline] = []
    for kind, view in dict.fromkeys((one.kind, one.view) for one in mine):
        these = [one for one in mine if (one.kind, one.view) == (kind, view)]
        told = _against(these, before)
        findings += [told] if isinstance(told, Finding) else []
        missing += [told] if isinstance(told, NoBaseline) else []
    return Compared(findings, missing)


def _clips(now: Recording, earlier: Sequence[Recording]) -> list[int]:
    """Of each earlier recording which clip it is of: the place of the first that is of the same, 0 of this one."""
    seen = [now, *earlier]
    return [next(place for place, other in enumerate(seen) if _same_footage(one, other)) for one in earlier]


def _same_footage(one: Recording, other: Recording) -> bool:
    if one is other or one.analysis == other.analysis or (one.footage and one.footage == other.footage):
        return True
    # The same clip gives the same digits again.
    return bool(one.landings) and _in_time(one) == _in_time(other)


def _in_time(recording: Recording) -> list[Content]:
    return sorted(recording.landings, key=lambda landing: landing["contact_frame"])


def _taken(recording: Recording) -> Iterator[_Taken]:
    for landing in recording.landings:
        if landing["legs"] not in (Legs.SINGLE, Legs.DOUBLE):
            continue
        for value in landing["measures"]:
            if value["measure"] in set(Name) and _is_measured(value["value"], value["error"]):
                yield _Taken(
                    _Kind(Name(value["measure"]), Side(value["side"]), Legs(landing["legs"])),
                    View(landing["view"]["view"]),
                    float(landing["rate"]),
                    recording.network,
                    int(landing.get("definitions", 1)),
                    Unit(value["unit"]),
                    float(value["value"]),
                    float(value["error"]),
                    int(landing["contact_frame"]),
                    int(landing["deepest_frame"] if value["frame"] is None else value["frame"]),
                )


def _is_measured(value: object, error: object) -> bool:
    """Whether these are a value and an error that somebody may have measured."""
    if not isinstance(value, int | float) or not isinstance(error, int | float):
        return False
    return abs(value) <= MOST_MEASURED and 0 <= error <= MOST_MEASURED


def _against(these: Sequence[_Taken], before: Sequence[_Before]) -> Finding | NoBaseline:
    """Values of one kind and view against those of the same kind in each earlier recording."""
    first = these[0]
    left_out: Counter[Unlike] = Counter()
    alike: list[tuple[str, list[_Taken]]] = []
    clips = {0}
    for one in before:
        comparable = _comparable(one, first, left_out)
        if one.clip in clips:
            left_out[Unlike.COPY] += len(comparable)
        elif len(alike) == MOST_RECORDINGS:
            left_out[Unlike.LIMIT] += len(comparable)
        elif comparable:
            clips.add(one.clip)
            left_out[Unlike.LIMIT] += len(comparable[MOST_LANDINGS:])
            alike.append((one.analysis, comparable[:MOST_LANDINGS]))
    without = [LeftOut(why, left_out[why]) for why in Unlike if left_out[why]]
    count = sum(len(values) for _, values in alike)
    if count < NEEDED_VALUES or len(alike) < NEEDED_RECORDINGS:
        return _no_baseline(first, count, len(alike), without)
    return _finding(these, _baseline(first, alike, without))


def _comparable(one: _Before, first: _Taken, left_out: Counter[Unlike]) -> list[_Taken]:
    """The values of a recording that may be compared. Those of the same kind that may not are counted."""
    found = []
    for value in one.values:
        if value.kind == first.kind:
            why = _unlike(value, first)
            if why is None:
                found.append(value)
            else:
                left_out[why] += 1
    return found


def _unlike(value: _Taken, other: _Taken) -> Unlike | None:
    if value.view is not other.view:
        return Unlike.VIEW
    slow, fast = sorted((value.rate, other.rate))
    if not fast <= _SAME_RATE * slow:
        return Unlike.RATE
    if value.network != other.network:
        return Unlike.NETWORK
    return Unlike.DEFINITION if value.definitions != other.definitions else None


def _no_baseline(first: _Taken, values: int, recordings: int, left_out: list[LeftOut]) -> NoBaseline:
    words = (
        f"No baseline: {values} of {NEEDED_VALUES} earlier landings in {recordings} of {NEEDED_RECORDINGS} recordings."
        f"{spoken(left_out)}"
    )
    measure, side, legs = first.kind
    return NoBaseline(
        *(measure, side, legs, first.view),
        *(values, NEEDED_VALUES, recordings, NEEDED_RECORDINGS),
        left_out,
        words,
    )


_WHY = {
    Unlike.VIEW: "of another view",
    Unlike.RATE: "at another frame rate",
    Unlike.NETWORK: "by another network or precision",
    Unlike.DEFINITION: "of another definition",
    Unlike.COPY: "of a clip that is there already",
    Unlike.LIMIT: f"beyond {MOST_LANDINGS} of a recording or {MOST_RECORDINGS} recordings",
}


def spoken(left_out: Iterable[LeftOut]) -> str:
    """What was not compared, as a sentence to go on with; empty where all was."""
    told = ", ".join(f"{one.values} {_WHY[one.why]}" for one in left_out)
    return f" Not compared: {told}." if told else ""


def _baseline(first: _Taken, alike: Sequence[tuple[str, list[_Taken]]], left_out: list[LeftOut]) -> Baseline:
    own = own_range([[one.value for one in values] for _, values in alike])
    error = fmean(sorted(math.fsum(one.error for one in values) / len(values) for _, values in alike))
    earlier = [
        Basis(name, len(values), round(math.fsum(one.value for one in values) / len(values), 2))
        for name, values in sorted(alike, key=lambda one: one[0])
    ]
    mean, low, high, error = (round(number, 2) for number in (own.mean, own.low, own.high, error))
    count = sum(one.values for one in earlier)
    return Baseline(first.kind.legs, first.view, first.rate, mean, low, high, error, count, earlier, left_out)


def _finding(these: Sequence[_Taken], own: Baseline) -> Finding:
    measure, side, _ = these[0].kind
    ups, downs = ([_clears(one, own, above=above) for one in these] for above in (True, False))
    above = sum(ups) > sum(downs) if sum(ups) != sum(downs) else fmean(one.value for one in these) >= own.mean
    cleared = ups if above else downs
    shown = [
        Shown(one.contact_frame, one.frame, one.value, one.error, clears)
        for one, clears in zip(these, cleared, strict=True)
    ]
    status, words = _judged(these, sum(cleared), own, above=above)
    limit = own.high + own.error if above else own.low - own.error
    population = f"{own.values} landings in {len(own.earlier)} earlier recordings of this player"
    reference = Reference(OWN, population, round(limit, 2), above, OWN_MARK)
    return Finding(
        *(measure, side, these[0].unit, status, words, len(these), NEEDED, own.view, own.rate, reference, shown),
        baseline=own,
    )


def _clears(one: _Taken, own: Baseline, *, above: bool) -> bool:
    """Whether value ± error is beyond the range with its own error."""
    return one.value - one.error > own.high + own.error if above else one.value + one.error < own.low - own.error


def _judged(these: Sequence[_Taken], clear: int, own: Baseline, *, above: bool) -> tuple[Status, str]:
    count, about = len(these), f"the own range of {own.low:g} to {own.high:g}"
    more = spoken(own.left_out)
    if count < NEEDED:
        return Status.NOT_ENOUGH_REPETITIONS, f"Not enough repetitions ({count} of {NEEDED}) for {about}.{more}"
    where = "above" if above else "below"
    if clear >= NEEDED and 2 * clear > count:
        words = f"For review: {where} {about} by more than both errors in {clear} of {count} landings.{more}"
        return Status.FOR_REVIEW, words
    if clear:
        return Status.NOT_CLEAR, f"Clears {about} by more than both errors in {clear} of {count} landings.{more}"
    return Status.NOT_CLEAR, f"{_unclear(these, own, about)}{more}"


def _unclear(these: Sequence[_Taken], own: Baseline, about: str) -> str:
    """What is said where no landing clears the range, and which value would."""
    count = len(these)
    above, below = sum(one.value > own.high for one in these), sum(one.value < own.low for one in these)
    outside = " and ".join(f"{found} {where}" for found, where in ((above, "above"), (below, "below")) if found)
    told = f"{count} of {count} landings are within {about}."
    if outside:
        told = f"Of {count} landings {outside} {about}, by less than the errors: a change is neither told nor excluded."
    both = own.error + max(one.error for one in these)
    return f"{told} With these errors a landing clears it below {own.low - both:.1f} or above {own.high + both:.1f}."
