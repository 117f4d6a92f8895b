# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What people said of who is who in an analysis, in its order, and what of it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastbreak_service.errors import AnalysisError
from fastbreak_service.people.corrections import Apart, Exchange, Merge, Split, refuse_together

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fastbreak_service.people.corrections import Correction, Seen, Whole


@dataclass(frozen=True, slots=True)
class Undo:
    """What was said in an earlier version does not stand any more."""

    version: int

    @property
    def words(self) -> str:
        """What is said."""
        return f"Correction {self.version} is undone."


_NEARLY = 1e-6
type Said = Correction | Undo
type Entries = Mapping[int, Said]
"""What was said, by its version from 1."""


def undone(entries: Entries) -> frozenset[int]:
    """The versions that do not stand any more."""
    return frozenset(said.version for said in entries.values() if isinstance(said, Undo))


def standing(entries: Entries) -> dict[int, Correction]:
    """The corrections that stand, by their versions, in order."""
    gone = undone(entries)
    return {
        version: said for version, said in sorted(entries.items()) if not isinstance(said, Undo) and version not in gone
    }


def without(entries: Entries, version: int) -> list[Correction]:
    """The corrections that stand when one does no more.

    Raises AnalysisError (wrong_persons) where none of that version stands, or where a later one builds on it: those
    that are of other persons come to the same in any order.
    """
    known = standing(entries)
    if version not in known:
        raise AnalysisError("wrong_persons", f"There is no correction {version} that stands, so it cannot be undone.")
    touched = known[version].touched
    for later, said in known.items():
        if later > version and said.touched & touched:
            raise AnalysisError(
                "wrong_persons", f"Correction {later} was made after it, of the same persons. Undo that one first."
            )
    return [said for other, said in known.items() if other != version]


def all_said(entries: Entries, said: Sequence[Said]) -> bool:
    """Whether just these corrections are the newest that stand."""
    known = list(standing(entries).values())[-len(said) :]
    return len(known) == len(said) and all(
        not isinstance(one, Undo) and _alike(other, one) for one, other in zip(said, known, strict=True)
    )


def already(entries: Entries, said: Said) -> int | None:
    """The version in which the same was said, if it stands and nothing was said of its persons since; else None."""
    if isinstance(said, Undo):
        done = [version for version, one in entries.items() if one == said]
        return done[0] if done else None
    known = standing(entries)
    for version, one in known.items():
        later = (other for number, other in known.items() if number > version)
        if _alike(one, said) and not any(one.touched & other.touched for other in later):
            return version
    return None


def _alike(one: Correction, other: Correction) -> bool:
    match one, other:
        case Merge(), Merge():
            return set(one.persons) == set(other.persons)
        case Split(), Split():
            return one.person == other.person and abs(one.seconds - other.seconds) < _NEARLY
        case Exchange(), Exchange():
            same = {one.person, one.other} == {other.person, other.other}
            return same and abs(one.seconds - other.seconds) < _NEARLY
        case Apart(), Apart():
            return one == other
    return False


def following(seen: Seen, entries: Entries, said: Said) -> Said:
    """What is said as the next entry. `seen` has the numbers of the analysis.

    Raises AnalysisError (wrong_persons) where it cannot be.
    """
    if isinstance(said, Undo):
        stands = without(entries, said.version)
    else:
        numbers = (max(one.touched, default=0) for one in entries.values() if not isinstance(one, Undo))
        highest = max(int(seen.persons.max(initial=0)), *numbers, 0)
        stands = list(standing(entries).values())
        said = said.checked(seen.under(replayed(seen, stands)), highest + 1)
        stands.append(said)
    refuse_together(seen.under(replayed(seen, stands)), seen)
    return said


def replayed(seen: Seen, corrections: Sequence[Correction]) -> Whole:
    """Whose each of the sightings is after corrections that were checked when they were made.

    Of whoever was erased since there are no sightings, which leaves the others' numbers as they are.
    """
    for correction in corrections:
        seen = seen.under(correction.numbers(seen))
    return seen.persons


def as_content(said: Said) -> dict[str, Any]:
    """What was said as JSON has it."""
    match said:
        case Merge(persons):
            return {"kind": "merge", "persons": list(persons)}
        case Split(person, seconds, number):
            return {"kind": "split", "person": person, "seconds": seconds, "number": number}
        case Exchange(person, other, seconds):
            return {"kind": "exchange", "person": person, "other": other, "seconds": seconds}
        case Apart(person, other, seconds):
            return {"kind": "apart", "person": person, "other": other, "seconds": seconds}
        case Undo(version):
            return {"kind": "undo", "correction": version}


def of_content(content: Mapping[str, Any]) -> Said:
    """What JSON says. Raises KeyError for what is none of it."""
    match content["kind"]:
        case "merge":
            return Merge(tuple(content["persons"]))
        case "split":
            return Split(content["person"], content["seconds"], content["number"])
        case "exchange":
            return Exchange(content["person"], content["other"], content["seconds"])
        case "apart":
            return Apart(content["person"], content["other"], content["seconds"])
        case "undo":
            return Undo(content["correction"])
    raise KeyError(content["kind"])
