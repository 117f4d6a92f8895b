# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What people say of who is who: that numbers are one person, that one is another from a time on, that two changed.

Everything that is told of persons is told of the corrected ones: angles, events, findings and exports.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fastbreak_service.errors import AnalysisError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fastbreak_service.vision.tracker import Sighting

    type Whole = npt.NDArray[np.int64]

_NEARLY = 1e-6


@dataclass(frozen=True, slots=True)
class Seen:
    """Sightings in order of frames: whose each is, in which frame, and when in seconds."""

    persons: Whole
    frames: Whole
    times: npt.NDArray[np.float64]

    def under(self, persons: Whole) -> Seen:
        """The same sightings under other numbers."""
        return replace(self, persons=persons)

    def from_on(self, seconds: float) -> npt.NDArray[np.bool_]:
        """Which of them are from a time on."""
        return self.times + _NEARLY >= seconds


@dataclass(frozen=True, slots=True)
class Merge:
    """These are one person, who keeps the smallest number."""

    persons: tuple[int, ...]

    def checked(self, seen: Seen, _: int) -> Merge:
        """The same. Raises AnalysisError where it cannot be."""
        for person in self.persons:
            _need(person, "merge", seen)
        refuse_together(seen.under(self.numbers(seen)), seen)
        return self

    def numbers(self, seen: Seen) -> Whole:
        """Whose each of the sightings is then."""
        return np.where(np.isin(seen.persons, self.persons), min(self.persons), seen.persons)

    @property
    def touched(self) -> frozenset[int]:
        """The numbers that it is about."""
        return frozenset(self.persons)

    @property
    def words(self) -> str:
        """What is said."""
        return f"Persons {_listed(self.persons)} are one, who is number {min(self.persons)}."


@dataclass(frozen=True, slots=True)
class Split:
    """From a time in seconds on this is somebody else, who gets a number: None is the next free one."""

    person: int
    seconds: float
    number: int | None = None

    def checked(self, seen: Seen, free: int) -> Split:
        """The same, with a number. Raises AnalysisError where it cannot be."""
        times = _need(self.person, "split", seen)
        later = times + _NEARLY >= self.seconds
        if later.all() or not later.any():
            raise _wrong(
                f"Person {self.person} is seen from {times[0]:.2f} to {times[-1]:.2f} s, so {self.seconds:g} s splits "
                "nothing. Name a time between."
            )
        return replace(self, number=free)

    def numbers(self, seen: Seen) -> Whole:
        """Whose each of the sightings is then."""
        there = (seen.persons == self.person) & seen.from_on(self.seconds)
        return np.where(there, self._number, seen.persons)

    @property
    def _number(self) -> int:
        if self.number is None:
            raise ValueError("a split without a number was not checked")
        return self.number

    @property
    def touched(self) -> frozenset[int]:
        """The numbers that it is about."""
        return frozenset((self.person, self._number))

    @property
    def words(self) -> str:
        """What is said."""
        return f"Person {self.person} is number {self.number} from {self.seconds:g} s on."


@dataclass(frozen=True, slots=True)
class Exchange:
    """From a time in seconds on two have each other's number."""

    person: int
    other: int
    seconds: float

    def checked(self, seen: Seen, _: int) -> Exchange:
        """The same. Raises AnalysisError where it cannot be."""
        for person in (self.person, self.other):
            _need(person, "exchange", seen)
        if not (np.isin(seen.persons, (self.person, self.other)) & seen.from_on(self.seconds)).any():
            raise _wrong(
                f"Neither person {self.person} nor person {self.other} is seen from {self.seconds:g} s on, so there is "
                "nothing to exchange. Name an earlier time."
            )
        return self

    def numbers(self, seen: Seen) -> Whole:
        """Whose each of the sightings is then."""
        late, mine, theirs = seen.from_on(self.seconds), seen.persons == self.person, seen.persons == self.other
        return np.select([late & mine, late & theirs], [self.other, self.person], seen.persons)

    @property
    def touched(self) -> frozenset[int]:
        """The numbers that it is about."""
        return frozenset((self.person, self.other))

    @property
    def words(self) -> str:
        """What is said."""
        return f"Persons {self.person} and {self.other} change their numbers at {self.seconds:g} s."


@dataclass(frozen=True, slots=True)
class Apart:
    """At a time in seconds these are two, and each has their own number: nothing is in doubt of them there."""

    person: int
    other: int
    seconds: float

    def checked(self, seen: Seen, _: int) -> Apart:
        """The same. Raises AnalysisError where it cannot be."""
        for person in (self.person, self.other):
            _need(person, "tell apart", seen)
        return self

    def numbers(self, seen: Seen) -> Whole:
        """Whose each of the sightings is then: as before."""
        return seen.persons

    @property
    def touched(self) -> frozenset[int]:
        """The numbers that it changes: none, so it stands in nobody's way."""
        return frozenset()

    @property
    def words(self) -> str:
        """What is said."""
        return f"Persons {self.person} and {self.other} are two at {self.seconds:g} s, and keep their numbers."


type Correction = Merge | Split | Exchange | Apart


@dataclass(frozen=True, slots=True)
class FromFrame:
    """A split or an exchange from a frame on."""

    correction: Split | Exchange
    frame: int

    def timed(self, seen: Seen) -> Split | Exchange:
        """The same by the time of the frame. Raises AnalysisError where nobody is seen from it on."""
        times = seen.times[seen.frames >= self.frame]
        if not len(times):
            raise _wrong(f"Nobody is seen from frame {self.frame} on, so nothing changes there. Name an earlier frame.")
        return replace(self.correction, seconds=float(times.min()))


type Asked = Correction | FromFrame


def seen_in(sightings: Sequence[Sighting]) -> Seen:
    """What corrections are of."""
    return Seen(
        np.array([one.person for one in sightings], np.int64),
        np.array([one.frame for one in sightings], np.int64),
        np.array([one.time_seconds for one in sightings], np.float64),
    )


def corrected(sightings: Iterable[Sighting], asked: Sequence[Asked]) -> tuple[list[Sighting], list[Correction]]:
    """The sightings in order of time under the corrected numbers, and the corrections as they were made.

    Corrections are made one after the other, each of the numbers that the ones before it left. A number that was
    somebody's is given to nobody else.

    Raises AnalysisError (wrong_persons) where nobody has a number, where nothing would change, or where two who are
    said to be one are seen at the same time.
    """
    found = sorted(sightings, key=lambda sighting: sighting.frame)
    seen = seen_in(found)
    highest = int(seen.persons.max(initial=0))
    made: list[Correction] = []
    for one in asked:
        checked = (one.timed(seen) if isinstance(one, FromFrame) else one).checked(seen, highest + 1)
        highest = max((highest, *checked.touched))
        seen = seen.under(checked.numbers(seen))
        made.append(checked)
    return under(found, seen.persons), made


def under(sightings: Sequence[Sighting], persons: Whole) -> list[Sighting]:
    """The sightings under other numbers."""
    named = zip(sightings, persons.tolist(), strict=True)
    return [one if one.person == person else replace(one, person=person) for one, person in named]


def _need(person: int, what: str, seen: Seen) -> npt.NDArray[np.float64]:
    """When a person is seen."""
    times: npt.NDArray[np.float64] = seen.times[seen.persons == person]
    if not len(times):
        known = np.unique(seen.persons).tolist()
        raise _wrong(f"There is no person {person} to {what}; there are {_listed(known)}.")
    return times


def refuse_together(after: Seen, before: Seen) -> None:
    """Nobody is in two places at once. Raises AnalysisError that names whom they were `before`."""
    order = np.lexsort((after.persons, after.frames))
    persons, frames = after.persons[order], after.frames[order]
    twice = np.flatnonzero((persons[1:] == persons[:-1]) & (frames[1:] == frames[:-1]))
    if len(twice):
        place = order[twice[0]]
        one, two = sorted(before.persons[order[twice[0] : twice[0] + 2]].tolist())
        raise _wrong(
            f"Persons {one} and {two} cannot be one: both are seen at {after.times[place]:.2f} s (frame "
            f"{after.frames[place]}). If they changed numbers, say that they exchange them from a time on instead."
        )


def _listed(numbers: Sequence[float]) -> str:
    *others, last = [f"{number:g}" for number in numbers] or ["none"]
    return f"{', '.join(others)} and {last}" if others else last


def _wrong(words: str) -> AnalysisError:
    return AnalysisError("wrong_persons", words)
