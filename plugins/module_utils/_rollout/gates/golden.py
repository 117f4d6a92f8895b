# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a release found in known clips, beside what it has to find: the service's own lines, compared. Pure.

``fastbreak-service golden CLIP...`` writes a line of JSON for each clip. Such lines, kept in a file, are what later
releases are held against.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

#: The form of a line, by its member ``golden``.
FORM = 1
# Another processor moves a person's first or last frame by some.
_FRAMES, _FRAMES_SHARE = 3, 0.05
_VALUES = ("minimum", "maximum", "mean")
_SHOWN = 3
# More than any frame, angle or speed.
_MOST = 1e9


@dataclass(frozen=True, slots=True)
class Seen:
    """A person of a clip: the frames, and the minimum, maximum and mean of each angle in degrees."""

    frames: int
    first_frame: int
    last_frame: int
    angles: Mapping[str, tuple[float, float, float]]


@dataclass(frozen=True, slots=True)
class Golden:
    """A line: a clip by its SHA-256, the networks by theirs, and what was found. *speed* is in frames per second."""

    clip: str
    sha256: str
    commit: str
    models: Mapping[str, str]
    persons: tuple[Seen, ...]
    findings: Any
    speed: float


def read_line(line: str) -> Golden | None:
    """The result that *line* is; None for a line that says something else.

    Raises ValueError, naming the member, for a result that is not whole.
    """
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or "golden" not in found:
        return None
    if found["golden"] != FORM or isinstance(found["golden"], bool):
        raise ValueError(f"golden is {found['golden']!r}, and {FORM} is the form that is known")
    models = _member(found, "models", dict)
    if not models or not all(isinstance(value, str) and value for value in models.values()):
        raise ValueError("models names no network by its SHA-256")
    return Golden(
        clip=_text(found, "clip"),
        sha256=_text(found, "sha256"),
        commit=_text(found, "commit"),
        models=models,
        persons=tuple(
            _seen(person, f"persons.{place}") for place, person in enumerate(_member(found, "persons", list))
        ),
        findings=found.get("findings"),
        speed=_number(found, "frames_per_second", "frames_per_second"),
    )


def read_file_of(text: str) -> tuple[Golden, ...]:
    """The results that a golden file holds. Raises ValueError, naming the line and the member that is wrong."""
    results: list[Golden] = []
    for number, line in enumerate(filter(str.strip, text.splitlines()), 1):
        try:
            result = read_line(line)
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from error
        if result is None:
            raise ValueError(f"line {number} is none that `fastbreak-service golden` writes")
        if any(result.sha256 == other.sha256 for other in results):
            raise ValueError(f"line {number}: sha256 names a clip for the second time")
        results.append(result)
    if not results:
        raise ValueError("it holds no result")
    return tuple(results)


def other_models(golden: Iterable[Golden], models: Mapping[str, str]) -> str:
    """The member by which *golden* is of other networks than *models*, in words; empty when it is of the same."""
    for result in golden:
        for name in sorted({*result.models, *models}):
            kept, there = result.models.get(name, "none"), models.get(name, "none")
            if kept != there:
                return f"models.{name} of {result.clip} is {kept[:12]}, where the release has {there[:12]}"
    return ""


def differences(golden: Golden, found: Golden | None, degrees: float) -> Iterator[str]:
    """In what *found* differs from *golden* by more than numbers of another processor do."""
    if found is None:
        yield f"{golden.clip} was not analysed"
        return
    if problem := other_models((golden,), found.models):
        yield problem
    if len(found.persons) != len(golden.persons):
        yield f"{golden.clip}: {len(found.persons)} persons, where {len(golden.persons)} are expected"
    else:
        for number, (wanted, seen) in enumerate(zip(golden.persons, found.persons, strict=True), 1):
            for difference in _of_person(wanted, seen, degrees):
                yield f"{golden.clip}: person {number} {difference}"
    if found.findings != golden.findings:
        yield f"{golden.clip}: other findings than expected"


def in_words(problems: Iterable[str]) -> str:
    """The first of *problems*, and how many more there are."""
    every = tuple(problems)
    more = len(every) - _SHOWN
    return "; ".join(every[:_SHOWN]) + (f"; and {more} more" if more > 0 else "")


def _of_person(wanted: Seen, seen: Seen, degrees: float) -> Iterator[str]:
    for name in ("frames", "first_frame", "last_frame"):
        kept, there = getattr(wanted, name), getattr(seen, name)
        if abs(kept - there) > max(_FRAMES, _FRAMES_SHARE * wanted.frames):
            yield f"has {name} {there}, where {kept} is expected"
    for angle in sorted({*wanted.angles, *seen.angles}):
        if angle not in seen.angles or angle not in wanted.angles:
            yield f"has {'no' if angle not in seen.angles else 'an unexpected'} {angle}"
            continue
        for value, kept, there in zip(_VALUES, wanted.angles[angle], seen.angles[angle], strict=True):
            if abs(kept - there) > degrees:
                yield f"has {angle} {value} {there:.1f}, where {kept:.1f} is expected"


def _seen(person: Any, place: str) -> Seen:
    if not isinstance(person, dict):
        raise ValueError(f"{place} is no person")  # noqa: TRY004 - a line that is not whole
    counts = [_number(person, name, f"{place}.{name}") for name in ("frames", "first_frame", "last_frame")]
    angles = {
        str(name): _angle(angle, f"{place}.angles.{name}")
        for name, angle in _member(person, "angles", dict, place).items()
    }
    return Seen(int(counts[0]), int(counts[1]), int(counts[2]), angles)


def _angle(angle: Any, place: str) -> tuple[float, float, float]:
    if not isinstance(angle, dict):
        raise ValueError(f"{place} is no angle")  # noqa: TRY004 - a line that is not whole
    low, high, mean = (_number(angle, name, f"{place}.{name}") for name in _VALUES)
    return low, high, mean


def _number(holder: Mapping[str, Any], name: str, place: str) -> float:
    value = holder.get(name)
    # What is compared first never overflows, and a number that is no number is below nothing.
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _MOST:
        raise ValueError(f"{place} is no number")
    return value


def _text(holder: Mapping[str, Any], name: str) -> str:
    value = holder.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name} is no text")
    return value


def _member(holder: Mapping[str, Any], name: str, kind: type, place: str = "") -> Any:
    value = holder.get(name)
    if not isinstance(value, kind):
        word = "list" if kind is list else "mapping"
        raise ValueError(f"{f'{place}.' if place else ''}{name} is no {word}")  # noqa: TRY004 - as above
    return value
