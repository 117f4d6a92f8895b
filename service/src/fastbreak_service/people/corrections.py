# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What people say of who is who: that some numbers are one person, or that a number is another one from a time on.

Everything that is told of persons is told of the corrected ones: angles, events, findings and exports.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from fastbreak_service.errors import AnalysisError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from fastbreak_service.vision.tracker import Sighting

_NEARLY = 1e-6


@dataclass(frozen=True, slots=True)
class Corrections:
    """Numbers are those of a clip of which nothing was said.

    `splits`: persons and times in seconds. What is seen of them from then on gets new numbers after the largest, in the
    order of person and time. `merges`: persons who are one, who keep the smallest number; also of new numbers.
    """

    splits: Sequence[tuple[int, float]] = ()
    merges: Sequence[tuple[int, ...]] = ()

    def __bool__(self) -> bool:
        return bool(self.splits or self.merges)

    def applied(self, sightings: Iterable[Sighting]) -> tuple[list[Sighting], list[str]]:
        """The sightings in order of time under the corrected numbers, and in sentences what was corrected.

        Raises AnalysisError (wrong_persons) where nobody has a number, nothing is seen on one side of a split, or two
        who are said to be one are seen at the same time.
        """
        found = sorted(sightings, key=lambda sighting: sighting.frame)
        largest = max((sighting.person for sighting in found), default=0)
        cuts = {cut: largest + place for place, cut in enumerate(sorted(set(self.splits)), 1)}
        merged = self._merged(_split(found, cuts))
        _refuse_twice(merged)
        return [sighting for sighting, _ in merged], [
            *(f"Person {person} is number {new} from {seconds:g} s on." for (person, seconds), new in cuts.items()),
            *(f"Persons {_listed(one)} are one, who is number {one[0]}." for one in self.merges),
        ]

    def _merged(self, sightings: Sequence[Sighting]) -> list[tuple[Sighting, int]]:
        """The sightings under their last numbers, each with the one that it had before."""
        known = {sighting.person for sighting in sightings}
        kept: dict[int, int] = {}
        for merged in self.merges:
            for person in merged:
                if person not in known:
                    raise _wrong(f"There is no person {person} to merge; there are {_listed(sorted(known))}.")
                if person in kept:
                    raise _wrong(f"Person {person} is merged twice; name all who are one together, such as 1,3,5.")
                kept[person] = merged[0]
        return [
            (replace(sighting, person=kept.get(sighting.person, sighting.person)), sighting.person)
            for sighting in sightings
        ]


def _split(sightings: Sequence[Sighting], cuts: Mapping[tuple[int, float], int]) -> list[Sighting]:
    """The sightings under new numbers from each cut on, which is a person and a time."""
    times: dict[int, list[float]] = {}
    for sighting in sightings:
        times.setdefault(sighting.person, []).append(sighting.time_seconds)
    of_person: dict[int, list[tuple[float, int]]] = {}
    for (person, seconds), number in cuts.items():
        of_person.setdefault(person, []).append((seconds, number))
    for person, listed in of_person.items():
        _refuse_empty(person, [seconds for seconds, _ in listed], times)
    return [replace(sighting, person=_number_at(sighting, of_person)) for sighting in sightings]


def _number_at(sighting: Sighting, cuts: Mapping[int, Sequence[tuple[float, int]]]) -> int:
    later = [number for seconds, number in cuts.get(sighting.person, ()) if seconds <= sighting.time_seconds + _NEARLY]
    return later[-1] if later else sighting.person


def _refuse_empty(person: int, cuts: Sequence[float], times: Mapping[int, Sequence[float]]) -> None:
    """Each part of a person has something in it."""
    if person not in times:
        raise _wrong(f"There is no person {person} to split; there are {_listed(sorted(times))}.")
    seen = times[person]
    for begin, end in pairwise([float("-inf"), *cuts, float("inf")]):
        if not any(begin <= moment + _NEARLY and moment + _NEARLY < end for moment in seen):
            raise _wrong(
                f"Person {person} is seen from {seen[0]:.2f} to {seen[-1]:.2f} s, and in one of the parts that the "
                f"splits at {_listed(cuts)} s leave not at all. Name times between."
            )


def _refuse_twice(sightings: Iterable[tuple[Sighting, int]]) -> None:
    """Nobody is in two places at once."""
    seen: dict[tuple[int, int], int] = {}
    for sighting, before in sightings:
        other = seen.setdefault((sighting.person, sighting.frame), before)
        if other != before:
            raise _wrong(
                f"Persons {other} and {before} cannot be one: both are seen at {sighting.time_seconds:.2f} s (frame "
                f"{sighting.frame}). Where a number moves from one to the other, split it there first."
            )


def _listed(numbers: Sequence[float]) -> str:
    *others, last = [f"{number:g}" for number in numbers] or ["none"]
    return f"{', '.join(others)} and {last}" if others else last


def _wrong(words: str) -> AnalysisError:
    return AnalysisError("wrong_persons", words)
