# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Where it is in doubt who is who: what people have to look at, and how they say what they saw.

Nobody is told apart by face, number or dress. In doubt is whoever comes when somebody has been lost from whose place
they may have come, and whoever was not seen while another was in the same place.
"""

from __future__ import annotations

import math
from array import array
from dataclasses import replace
from itertools import islice
from operator import itemgetter
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fastbreak_service.people.corrections import Apart, Exchange, Seen
from fastbreak_service.people.values import Doubt, Kind
from fastbreak_service.vision.region import Box, box_around

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import numpy.typing as npt

    from fastbreak_service.people.corrections import Correction
    from fastbreak_service.vision.tracker import Sighting

LONGEST_ABSENCE_SECONDS = 30.0
HEIGHTS_A_SECOND = 4.0
"""How far a running person comes: 7 m/s of somebody of 1.8 m."""
_NEAR = 1.0
"""In heights: how far off a place is told."""
_SIZES = (0.6, 1.6)
_OF_SIZE = 5
"""From so many sightings a height is told."""
_HIDDEN_SECONDS = 0.15
_SAME_PLACE = 0.3
_CANDIDATES = 3
MOST = 200


class Whereabouts:
    """Where each person was in each frame. Give it the sightings of each person in order of time."""

    def __init__(self) -> None:
        self._ways: dict[int, _Way] = {}

    def add(self, sighting: Sighting) -> None:
        """Keep where somebody is."""
        way = self._ways.setdefault(sighting.person, _Way(sighting.person))
        way.add(sighting.time_seconds, box_around(sighting.pose.points))

    def put(self, person: int, times: array[float], boxes: array[float]) -> None:
        """Keep where somebody is all the time, of whom nothing was kept before."""
        way = self._ways[person] = _Way(person)
        way.times.extend(times)
        way.places.extend(boxes)

    def boxes(self, person: int) -> array[float]:
        """Left, top, right and bottom of a person's boxes in order of time."""
        return self._ways[person].places

    def doubts(self, answered: Iterable[Correction] = ()) -> list[Doubt]:
        """What is in doubt, as `plain`, with the options of the command line that would mend it."""
        return [replace(doubt, words=f"{doubt.words} {_advice(doubt)}") for doubt in self.plain(answered)]

    def plain(self, answered: Iterable[Correction] = ()) -> list[Doubt]:
        """What is in doubt, in order of time, but for what was `answered`; of too many the first."""
        ways = sorted(self._ways.values(), key=lambda way: (way.times[0], way.person))
        known = list(_answers(list(answered)))
        hidden = (doubt for doubt in _hidden(ways) if not _is_answered(doubt, known))
        newcomers = (doubt for doubt in _newcomers(ways) if not _is_answered(doubt, known))
        found = [*newcomers, *islice(hidden, MOST)]
        return sorted(found, key=lambda doubt: (doubt.seconds, doubt.person, doubt.other))[:MOST]


class _Way:
    """A person's boxes by time."""

    def __init__(self, person: int) -> None:
        self.person = person
        self.times, self.places = array("d"), array("f")

    def add(self, seconds: float, box: Box) -> None:
        self.times.append(seconds)
        self.places.extend(box)

    def box(self, place: int) -> Box:
        return Box(*self.places[4 * place : 4 * place + 4])

    def height(self, first: int) -> float:
        """The median of the boxes from a place on."""
        boxes = [self.box(place) for place in range(max(0, first), min(len(self.times), first + _OF_SIZE))]
        return median(box.bottom - box.top for box in boxes)

    def gaps(self) -> Iterator[tuple[int, float, float]]:
        """Where the person was not seen for a while: the place in front of it, and from when to when."""
        for place in range(len(self.times) - 1):
            if self.times[place + 1] - self.times[place] > _HIDDEN_SECONDS:
                yield place, self.times[place], self.times[place + 1]


def _newcomers(ways: list[_Way]) -> Iterator[Doubt]:
    for place, way in enumerate(ways):
        begin = way.times[0]
        lost = [
            other
            for other in ways[:place]
            if 0 < begin - other.times[-1] <= LONGEST_ABSENCE_SECONDS and _may_have_come(other, way)
        ]
        for other in sorted(lost, key=lambda way: -way.times[-1])[:_CANDIDATES]:
            words = (
                f"Person {way.person} came {begin - other.times[-1]:.1f} s after person {other.person} was last seen, "
                "as large and from within reach."
            )
            yield Doubt(Kind.MAY_BE_ONE, other.person, way.person, round(begin, 6), words)


def _may_have_come(lost: _Way, new: _Way) -> bool:
    before, after = lost.height(len(lost.times) - _OF_SIZE), new.height(0)
    if not before or not _SIZES[0] <= after / before <= _SIZES[1]:
        return False
    absent = new.times[0] - lost.times[-1]
    (x, y), (to_x, to_y) = _middle(lost.box(len(lost.times) - 1)), _middle(new.box(0))
    reach = max(before, after) * (_NEAR + HEIGHTS_A_SECOND * absent)
    return bool((to_x - x) ** 2 + (to_y - y) ** 2 <= reach**2)


def _middle(box: Box) -> tuple[float, float]:
    return (box.left + box.right) / 2, (box.top + box.bottom) / 2


class _Everybody:
    """The boxes of all by time: whose each is."""

    def __init__(self, ways: Sequence[_Way]) -> None:
        times = np.concatenate([np.zeros(0), *(np.array(way.times) for way in ways)])
        persons = np.repeat([way.person for way in ways], [len(way.times) for way in ways])
        places = np.concatenate([np.zeros((0, 4)), *(np.array(way.places, np.float64).reshape(-1, 4) for way in ways)])
        order = np.argsort(times, kind="stable")
        self._times, self._persons, self._places = times[order], persons[order], places[order]
        self._extents = {way.person: (way.times[0], way.times[-1]) for way in ways}

    def in_place(self, edges: Sequence[Box], begin: float, end: float) -> list[int]:
        """Who was in one of these places from a time to another, and was seen before and after it too."""
        first, last = np.searchsorted(self._times, begin), np.searchsorted(self._times, end, "right")
        places = self._places[first:last]
        there = np.zeros(len(places), bool)
        for edge in edges:
            there |= _shares(places, edge) > _SAME_PLACE
        found: list[int] = np.unique(self._persons[first:last][there]).tolist()
        return [one for one in found if self._extents[one][0] < begin < end < self._extents[one][1]]


def _shares(places: npt.NDArray[np.float64], other: Box) -> npt.NDArray[np.float64]:
    """`share` of each of the boxes with another."""
    left, top, right, bottom = places.T
    width = np.minimum(right, other.right) - np.maximum(left, other.left)
    height = np.minimum(bottom, other.bottom) - np.maximum(top, other.top)
    common = np.maximum(width, 0.0) * np.maximum(height, 0.0)
    both = (right - left) * (bottom - top) + (other.right - other.left) * (other.bottom - other.top)
    shares: npt.NDArray[np.float64] = np.divide(common, both - common, out=np.zeros(len(places)), where=common > 0)
    return shares


def _hidden(ways: list[_Way]) -> Iterator[Doubt]:
    """In order of time, so that nobody looks for more than are told."""
    everybody = _Everybody(ways)
    gaps = [(round(end, 6), way.person, way, place, begin, end) for way in ways for place, begin, end in way.gaps()]
    for seconds, person, way, place, begin, end in sorted(gaps, key=itemgetter(0, 1)):
        for other in everybody.in_place((way.box(place), way.box(place + 1)), begin, end):
            if other != person:
                words = (
                    f"Person {person} was not seen from {begin:.2f} to {end:.2f} s, while person {other} was in the "
                    "same place."
                )
                yield Doubt(Kind.MAY_BE_EXCHANGED, person, other, seconds, words)


def _advice(doubt: Doubt) -> str:
    if doubt.kind is Kind.MAY_BE_ONE:
        return f"If they are one: --merge {doubt.person},{doubt.other}"
    return f"If they changed numbers there: --exchange {doubt.person},{doubt.other}@{moment(doubt.seconds)}"


class _Answer(NamedTuple):
    """What was said of two at a time, by all numbers that they may have there now."""

    said: Apart | Exchange
    person: frozenset[int]
    other: frozenset[int]

    def of(self, doubt: Doubt) -> bool:
        """Whether it is of those two, just there."""
        there = abs(self.said.seconds - doubt.seconds) <= _HIDDEN_SECONDS
        pairs = ((doubt.person, doubt.other), (doubt.other, doubt.person))
        return there and any(one in self.person and other in self.other for one, other in pairs)


def _answers(corrections: Sequence[Correction]) -> Iterator[_Answer]:
    """What was said of two, with the numbers that later corrections gave them."""
    for place, said in enumerate(corrections):
        if isinstance(said, Apart | Exchange):
            later = corrections[place + 1 :]
            yield _Answer(said, _now(said.person, said.seconds, later), _now(said.other, said.seconds, later))


def _now(person: int, seconds: float, later: Iterable[Correction]) -> frozenset[int]:
    """A person's numbers at a time, and so long before it as somebody may have been lost who is in doubt there."""
    times = np.array([seconds, seconds - LONGEST_ABSENCE_SECONDS])
    seen = Seen(np.array([person, person], np.int64), np.zeros(2, np.int64), times)
    for correction in later:
        seen = seen.under(correction.numbers(seen))
    return frozenset(seen.persons.tolist())


def _is_answered(doubt: Doubt, known: Iterable[_Answer]) -> bool:
    """Whether somebody said that they changed numbers just there, or that they are two and did not."""
    of_kind = (one for one in known if isinstance(one.said, Apart) or doubt.kind is Kind.MAY_BE_EXCHANGED)
    return any(one.of(doubt) for one in of_kind)


def moment(seconds: float) -> str:
    """A time to name: rounded down, so that the frame itself comes after it."""
    return f"{math.floor(1000 * seconds + 1e-6) / 1000:g}"
