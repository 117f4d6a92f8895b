# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What a correction of who is who makes of an analysis's results.

Persons whom it is about are measured anew from what is kept of their sightings; everybody else's results stay as they
are. Nothing is decoded again, and left and right stay as the analysis told them.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fastbreak_service.errors import AnalysisError
from fastbreak_service.movement.review import review
from fastbreak_service.people.corrections import refuse_together
from fastbreak_service.people.doubts import Whereabouts
from fastbreak_service.people.findings import Kept, matched
from fastbreak_service.people.history import Undo, replayed, standing, without
from fastbreak_service.people.pieces import Sightings, boxes, trail

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from fastbreak_service.people.corrections import Correction, Seen, Whole
    from fastbreak_service.people.findings import Known, Of
    from fastbreak_service.people.history import Entries, Said
    from fastbreak_service.people.pieces import Piece, Rows
    from fastbreak_service.people.values import Doubt


class Move(NamedTuple):
    """In these frames, the first and the last with them, all that was seen of a person is another's."""

    person: int
    other: int
    first_frame: int
    last_frame: int


class Event(NamedTuple):
    """An event as JSON, and whose it is."""

    person: int
    content: dict[str, Any]


class Extent(NamedTuple):
    """In how many frames a person is seen, the first and the last of them."""

    frames: int
    first_frame: int
    last_frame: int


@dataclass(frozen=True, slots=True)
class Stored:
    """What is stored of an analysis. `rate`: of the clip, in frames a second. `small_pixels`: as of `ways`.

    `erased`: the numbers of those who were erased; `highest`: the highest that anybody ever had; `highest_finding`:
    that of the findings that went with somebody.
    """

    pieces: list[Piece]
    entries: Entries
    events: list[Event]
    findings: list[Known]
    rate: float
    small_pixels: float
    erased: frozenset[int]
    highest: int
    highest_finding: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of it. `persons`: those whose results are others, `gone`: those who are nobody any more."""

    said: Said
    persons: dict[int, Extent]
    gone: list[int]
    moves: list[Move]
    pieces: list[Piece]
    events: list[Event]
    findings: list[Kept]
    doubts: list[Doubt]


@dataclass(frozen=True, slots=True)
class Measured:
    """What becomes of everybody's movement, whatever reviewers say of findings meanwhile.

    As a `Change`, with the findings of `touched` as they are now, and who has what was seen of each (`goes_to`).
    """

    said: Said
    persons: dict[int, Extent]
    gone: list[int]
    moves: list[Move]
    pieces: list[Piece]
    events: list[Event]
    findings: list[tuple[int, dict[str, Any]]]
    doubts: list[Doubt]
    touched: frozenset[int]
    goes_to: Of

    def change(self, known: Sequence[Known], highest_finding: int = 0) -> Change:
        """What becomes of all, when these are the findings that are stored."""
        kept = matched(known, self.findings, self.touched, self.goes_to, self.said.words, highest_finding)
        return Change(self.said, self.persons, self.gone, self.moves, self.pieces, self.events, kept, self.doubts)


type Told = tuple[list[dict[str, Any]], list[dict[str, Any]]]
"""Events and findings as JSON has them."""


def reviewed(rows: Rows, rate: float, small_pixels: float = 0.0) -> Told:
    """A person's events and findings, of their sightings. `rate`: frames a second; `small_pixels` as of `ways`."""
    events, findings = review(trail(rows), rate, small_pixels)
    told: list[list[dict[str, Any]]] = json.loads(
        json.dumps([[asdict(event) for event in events], [asdict(finding) for finding in findings]])
    )
    return told[0], told[1]


def change(stored: Stored, said: Said, review_of: Callable[[Rows, float, float], Told] = reviewed) -> Change:
    """What a correction, or undoing one, makes of an analysis. Raises as `measured`."""
    return measured(stored, said, review_of).change(stored.findings, stored.highest_finding)


def measured(stored: Stored, said: Said, review_of: Callable[[Rows, float, float], Told] = reviewed) -> Measured:
    """What it makes of everybody's movement, which takes long.

    Raises AnalysisError (wrong_persons) where it cannot be.
    """
    known = Sightings.of(stored.pieces)
    said, stands = _judged(known.seen, stored, said)
    persons = replayed(known.seen.under(known.tracks), stands)
    refuse_together(known.seen.under(persons), known.seen)
    if back := sorted(stored.erased & set(persons.tolist())):
        raise AnalysisError(
            "wrong_persons",
            f"Person {back[0]} was erased, and this would give the number to somebody again. Nothing was changed.",
        )
    moves = list(_moves(known.seen, persons))
    touched = {number for move in moves for number in (move.person, move.other)}
    new = {person: known.of_person(persons, person) for person in sorted(touched)}
    there = {person: rows for person, rows in new.items() if len(rows)}
    told = {person: review_of(rows, stored.rate, stored.small_pixels) for person, rows in there.items()}
    events = [*(event for event in stored.events if event.person not in touched)]
    events += [Event(person, event) for person, (listed, _) in told.items() for event in listed]
    findings = [(person, finding) for person, (_, listed) in told.items() for finding in listed]
    return Measured(
        said,
        {person: Extent(len(rows), int(rows["frame"][0]), int(rows["frame"][-1])) for person, rows in there.items()},
        sorted(touched - set(there)),
        moves,
        known.pieces(persons, touched),
        sorted(events, key=lambda event: event.person),
        findings,
        _doubts(known, persons, stands),
        frozenset(touched),
        _ways(moves, known.seen, persons),
    )


def first_doubts(whereabouts: Whereabouts) -> list[dict[str, Any]]:
    """What is in doubt of an analysis that nobody corrected, as JSON has it."""
    return [asdict(doubt) for doubt in whereabouts.plain()]


def _judged(seen: Seen, stored: Stored, said: Said) -> tuple[Said, list[Correction]]:
    """What is said, and the corrections that stand then."""
    if isinstance(said, Undo):
        return said, without(stored.entries, said.version)
    checked = said.checked(seen, stored.highest + 1)
    return checked, [*standing(stored.entries).values(), checked]


def _moves(before: Seen, persons: Whole) -> Iterator[Move]:
    """The stretches of each person's own frames in which they are another."""
    for person in np.unique(before.persons[before.persons != persons]).tolist():
        mine = before.persons == person
        frames, others = before.frames[mine], persons[mine]
        ends = np.flatnonzero(np.diff(others)) + 1
        for first, last in zip([0, *ends.tolist()], [*ends.tolist(), len(others)], strict=True):
            if others[first] != person:
                yield Move(person, int(others[first]), int(frames[first]), int(frames[last - 1]))


def _ways(moves: list[Move], before: Seen, persons: Whole) -> Of:
    """Who has what was seen of each: those who have some of it, by the old number, in order of time."""
    return {
        person: list(dict.fromkeys(persons[before.persons == person].tolist()))
        for person in {move.person for move in moves} | {move.other for move in moves}
    }


def _doubts(known: Sightings, persons: Whole, stands: Sequence[Correction]) -> list[Doubt]:
    whereabouts = Whereabouts()
    for person in np.unique(persons).tolist():
        whereabouts.put(person, *boxes(known.of_person(persons, person)))
    return whereabouts.plain(stands)
