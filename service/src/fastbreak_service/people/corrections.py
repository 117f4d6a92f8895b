# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What people say of who is who: that numbers are one person, that one is another from a time on, that two changed.

Everything that is told of persons is told of the corrected ones: angles, events, findings and exports.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fastbreak_service.errors import AnalysisError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fastbreak_service.vision.tracker import Sighting

_NEARLY = 1e-6


@dataclass(frozen=True, slots=True)
class Merge:
    """These are one person, who keeps the smallest number."""

    persons: tuple[int, ...]

    def applied(self, sightings: Sequence[Sighting]) -> tuple[list[Sighting], str]:
        """The sightings under their new numbers, and what was done."""
        for person in self.persons:
            _need(person, "merge", sightings)
        _refuse_together([sighting for sighting in sightings if sighting.person in self.persons])
        kept = min(self.persons)
        merged = [replace(one, person=kept) if one.person in self.persons else one for one in sightings]
        return merged, f"Persons {_listed(self.persons)} are one, who is number {kept}."


@dataclass(frozen=True, slots=True)
class Split:
    """From a time in seconds on this is somebody else, who gets the number after the largest."""

    person: int
    seconds: float

    def applied(self, sightings: Sequence[Sighting]) -> tuple[list[Sighting], str]:
        """The sightings under their new numbers, and what was done."""
        seen = _need(self.person, "split", sightings)
        later = [_is_from(self.seconds, moment) for moment in seen]
        if all(later) or not any(later):
            raise _wrong(
                f"Person {self.person} is seen from {seen[0]:.2f} to {seen[-1]:.2f} s, so {self.seconds:g} s splits "
                "nothing. Name a time between."
            )
        new = max(sighting.person for sighting in sightings) + 1
        found = [
            replace(one, person=new) if one.person == self.person and _is_from(self.seconds, one.time_seconds) else one
            for one in sightings
        ]
        return found, f"Person {self.person} is number {new} from {self.seconds:g} s on."


@dataclass(frozen=True, slots=True)
class Exchange:
    """From a time in seconds on two have each other's number."""

    person: int
    other: int
    seconds: float

    def applied(self, sightings: Sequence[Sighting]) -> tuple[list[Sighting], str]:
        """The sightings under their new numbers, and what was done."""
        seen = [*_need(self.person, "exchange", sightings), *_need(self.other, "exchange", sightings)]
        if not any(_is_from(self.seconds, moment) for moment in seen):
            raise _wrong(
                f"Neither person {self.person} nor person {self.other} is seen from {self.seconds:g} s on, so there is "
                "nothing to exchange. Name an earlier time."
            )
        numbers = {self.person: self.other, self.other: self.person}
        found = [
            replace(one, person=numbers[one.person])
            if one.person in numbers and _is_from(self.seconds, one.time_seconds)
            else one
            for one in sightings
        ]
        return found, f"Persons {self.person} and {self.other} change their numbers at {self.seconds:g} s."


type Correction = Merge | Split | Exchange


def corrected(sightings: Iterable[Sighting], corrections: Sequence[Correction]) -> tuple[list[Sighting], list[str]]:
    """The sightings in order of time under the corrected numbers, and in sentences what was corrected.

    Corrections are made one after the other, each of the numbers that the ones before it left.

    Raises AnalysisError (wrong_persons) where nobody has a number, where nothing would change, or where two who are
    said to be one are seen at the same time.
    """
    found = sorted(sightings, key=lambda sighting: sighting.frame)
    words: list[str] = []
    for correction in corrections:
        found, done = correction.applied(found)
        words.append(done)
    return found, words


def _is_from(seconds: float, moment: float) -> bool:
    return moment + _NEARLY >= seconds


def _need(person: int, what: str, sightings: Sequence[Sighting]) -> list[float]:
    """When a person is seen."""
    times = [sighting.time_seconds for sighting in sightings if sighting.person == person]
    if not times:
        known = sorted({sighting.person for sighting in sightings})
        raise _wrong(f"There is no person {person} to {what}; there are {_listed(known)}.")
    return times


def _refuse_together(sightings: Iterable[Sighting]) -> None:
    """Nobody is in two places at once."""
    seen: dict[int, int] = {}
    for sighting in sightings:
        other = seen.setdefault(sighting.frame, sighting.person)
        if other != sighting.person:
            one, two = sorted((other, sighting.person))
            raise _wrong(
                f"Persons {one} and {two} cannot be one: both are seen at {sighting.time_seconds:.2f} s (frame "
                f"{sighting.frame}). If they changed numbers: --exchange {one},{two}@SECONDS."
            )


def _listed(numbers: Sequence[float]) -> str:
    *others, last = [f"{number:g}" for number in numbers] or ["none"]
    return f"{', '.join(others)} and {last}" if others else last


def _wrong(words: str) -> AnalysisError:
    return AnalysisError("wrong_persons", words)
