# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a version finds in known clips: the lines that ``fastbreak-service golden CLIP...`` writes, read. Pure.

Such lines, kept in a file, are what later releases are held against.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

#: The form of a line, by its member ``golden``.
FORM = 1
VALUES = ("minimum", "maximum", "mean")
#: What versions looked for that named no kinds.
_FIRST_KINDS = ("jump", "landing")
# How the service begins a line, and how much of one is shown that has no end.
_BEGINNING, _SHOWN = '{"golden":', 80
# More than any frame, angle or speed.
_MOST = 1e9


class CutShortError(ValueError):
    """A result has no end yet."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A person of a clip: the frames, and the minimum, maximum and mean of each angle in degrees."""

    frames: int
    first_frame: int
    last_frame: int
    angles: Mapping[str, tuple[float, float, float]]


@dataclass(frozen=True, slots=True)
class Moment:
    """A landing or another event of a person, who is named by the place among the persons, from 1."""

    person: int
    kind: str
    frame: int
    legs: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A measure of a person held against a reference. *shown*: frame and value, in the measure's unit, of each time."""

    person: int
    measure: str
    side: str
    reference: str
    status: str
    shown: tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class Golden:
    """A line: a clip by its SHA-256, the networks by theirs, and what was found. *speed* is in frames per second.

    *events* and *findings* are None where the version that wrote the line looks for none; *kinds* are those of the
    events that it looks for, and *looked* says for how many seconds it looked for each, where it says so.
    """

    clip: str
    sha256: str
    commit: str
    models: Mapping[str, str]
    persons: tuple[Seen, ...]
    events: tuple[Moment, ...] | None
    findings: tuple[Finding, ...] | None
    speed: float
    kinds: frozenset[str] = frozenset(_FIRST_KINDS)
    looked: Mapping[str, float] = field(default_factory=dict)


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
    events = _listed(found, "events", _moment)
    return Golden(
        clip=_text(found, "clip"),
        sha256=_text(found, "sha256"),
        commit=_text(found, "commit"),
        models=models,
        persons=tuple(
            _seen(person, f"persons.{place}") for place, person in enumerate(_member(found, "persons", list))
        ),
        events=events,
        findings=_listed(found, "findings", _finding),
        speed=_number(found, "frames_per_second", "frames_per_second"),
        looked=_looked(found),
        kinds=frozenset({*(_listed(found, "kinds", _kind) or _FIRST_KINDS), *(event.kind for event in events or ())}),
    )


def read_lines(lines: Iterable[str]) -> Iterator[Golden]:
    """The results in a task's log, of which a line longer than 16 KiB comes in parts.

    Raises ValueError for a result that is not whole, CutShortError where more of it may come.
    """
    held = ""
    for line in lines:
        result = read_line(held + line)
        if result is not None:
            yield result
        held = held + line if result is None and (held or line.startswith(_BEGINNING)) else ""
    if held:
        raise CutShortError(f"the one that begins with {held[:_SHOWN]} has no end")


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
    low, high, mean = (_number(angle, name, f"{place}.{name}") for name in VALUES)
    return low, high, mean


def _listed(holder: Mapping[str, Any], name: str, read: Callable[[Any, str], Any]) -> tuple[Any, ...] | None:
    """Each entry of a list, read; None where there is no list."""
    if holder.get(name) is None:
        return None
    return tuple(read(entry, f"{name}.{place}") for place, entry in enumerate(_member(holder, name, list)))


def _moment(entry: Any, place: str) -> Moment:
    if not isinstance(entry, dict):
        raise ValueError(f"{place} is no event")  # noqa: TRY004 - a line that is not whole
    person, frame = (int(_number(entry, name, f"{place}.{name}")) for name in ("person", "frame"))
    legs = _text(entry, "legs", f"{place}.legs") if "legs" in entry else ""
    return Moment(person, _text(entry, "kind", f"{place}.kind"), frame, legs)


def _looked(line: Mapping[str, Any]) -> dict[str, float]:
    """Seconds by kind; none of a version that did not keep them."""
    if line.get("looked_seconds") is None:
        return {}
    seconds = _member(line, "looked_seconds", dict)
    return {str(kind): _number(seconds, kind, f"looked_seconds.{kind}") for kind in seconds}


def _kind(entry: Any, place: str) -> str:
    if not isinstance(entry, str) or not entry:
        raise ValueError(f"{place} is no text")
    return entry


def _finding(entry: Any, place: str) -> Finding:
    if not isinstance(entry, dict):
        raise ValueError(f"{place} is no finding")  # noqa: TRY004 - a line that is not whole
    names = ("measure", "side", "reference", "status")
    measure, side, reference, status = (_text(entry, name, f"{place}.{name}") for name in names)
    shown = tuple(
        _time_shown(one, f"{place}.shown.{number}") for number, one in enumerate(_member(entry, "shown", list, place))
    )
    return Finding(int(_number(entry, "person", f"{place}.person")), measure, side, reference, status, shown)


def _time_shown(entry: Any, place: str) -> tuple[int, float]:
    if not isinstance(entry, dict):
        raise ValueError(f"{place} is no value of a frame")  # noqa: TRY004 - a line that is not whole
    return int(_number(entry, "frame", f"{place}.frame")), _number(entry, "value", f"{place}.value")


def _number(holder: Mapping[str, Any], name: str, place: str) -> float:
    value = holder.get(name)
    # What is compared first never overflows, and a number that is no number is below nothing.
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _MOST:
        raise ValueError(f"{place} is no number")
    return value


def _text(holder: Mapping[str, Any], name: str, place: str = "") -> str:
    value = holder.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{place or name} is no text")
    return value


def _member(holder: Mapping[str, Any], name: str, kind: type, place: str = "") -> Any:
    value = holder.get(name)
    if not isinstance(value, kind):
        word = "list" if kind is list else "mapping"
        raise ValueError(f"{f'{place}.' if place else ''}{name} is no {word}")  # noqa: TRY004 - as above
    return value
