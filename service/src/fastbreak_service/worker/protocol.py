# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What server and worker say to each other: one JSON object a line, over the worker's standard streams.

The worker decodes what nobody vouches for, so the server believes nothing that it says: an event of another form than
the ones here is no event.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from itertools import pairwise
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from fastbreak_service.analysis import AngleSummary, Person
from fastbreak_service.errors import Rejection
from fastbreak_service.forms import fits
from fastbreak_service.movement.values import KINDS, MOST_EVENTS, Movement
from fastbreak_service.people.doubts import MOST
from fastbreak_service.people.values import Doubt
from fastbreak_service.segments.cutting import MOST_SEGMENTS, Segment, segment_of
from fastbreak_service.segments.looked import FORM
from fastbreak_service.video.facts import MOST_REMARKS, VideoFacts
from fastbreak_service.video.limits import Limits
from fastbreak_service.vision.angles import Angle

if TYPE_CHECKING:
    from collections.abc import Sequence

INTERNAL, STORAGE = "internal_error", "storage_unavailable"
_CODES = {*Rejection, INTERNAL, STORAGE}
_RESULT = {"video", "model", "persons", "movement", "doubts"}
_MESSAGE_LENGTH = 1000


@dataclass(frozen=True, slots=True)
class Job:
    """A video to analyse, and the CSV file that receives its measures; those of its poses and trails lie beside it.

    Paths are the server's own, never a sender's.
    """

    id: str
    video: str
    measures: str
    limits: Limits
    segment_seconds: float = 0.0
    """How long a segment is; a video with room for one alone is analysed, a longer one is only cut. 0: never."""

    @property
    def poses(self) -> str:
        """The CSV file that receives its poses."""
        return poses_beside(self.measures)

    @property
    def trails(self) -> str:
        """The CSV file that receives its trails."""
        return trails_beside(self.measures)

    def line(self) -> str:
        """The job as a line."""
        return json.dumps(asdict(self)) + "\n"


@dataclass(frozen=True, slots=True)
class Cover:
    """A video in which persons are to be covered, where these are, and the file that receives the film.

    Of each person, in order of time: when, and where the joints are. `unseen`: from when to when nobody knows who is
    in it, so that everything is to be covered.
    """

    id: str
    video: str
    film: str
    persons: Sequence[Sequence[tuple[float, Sequence[float | None]]]]
    unseen: Sequence[tuple[float, float]]
    limits: Limits

    def line(self) -> str:
        """The job as a line."""
        return json.dumps(asdict(self)) + "\n"


@dataclass(frozen=True, slots=True)
class Look:
    """A segment of a video to look at, and the file that receives what is seen of it, in a form of `looked`.

    How much work it may be is asked for meanwhile: each event `spent` is answered with a line of `allowed_line`.
    """

    id: str
    video: str
    segment: Segment
    seen: str
    limits: Limits
    form: int = FORM

    def line(self) -> str:
        """The job as a line."""
        return json.dumps(asdict(self)) + "\n"


@dataclass(frozen=True, slots=True)
class Join:
    """A video's segments, each with the file of what was seen of it or None, and where the result goes, as Job's."""

    id: str
    parts: Sequence[tuple[Segment, str | None]]
    measures: str
    limits: Limits

    @property
    def poses(self) -> str:
        """The CSV file that receives its poses."""
        return poses_beside(self.measures)

    @property
    def trails(self) -> str:
        """The CSV file that receives its trails."""
        return trails_beside(self.measures)

    def line(self) -> str:
        """The job as a line."""
        return json.dumps(asdict(self)) + "\n"


type AnyJob = Job | Cover | Look | Join


def poses_beside(measures: str) -> str:
    """The CSV file that receives poses, beside that of measures."""
    return str(PurePath(measures).with_suffix(".poses.csv"))


def trails_beside(measures: str) -> str:
    """The CSV file that receives trails, likewise."""
    return str(PurePath(measures).with_suffix(".trails.csv"))


def parse_job(line: str) -> AnyJob:
    """The job that a line holds."""
    content = json.loads(line)
    content["limits"] = Limits(**content["limits"])
    if "film" in content:
        return Cover(**content)
    if "seen" in content:
        return Look(**content | {"segment": segment_of(content["segment"])})
    if "parts" in content:
        return Join(**content | {"parts": [(segment_of(segment), seen) for segment, seen in content["parts"]]})
    return Job(**content)


def event_line(kind: str, **content: Any) -> str:
    """An event as a line. Kinds: `ready` (offline, files), `failed` (id, code, message).

    And, by the kind of job, `done` (id, result), `cut` (id, segments), `looked` (id, frames, spent_seconds) or
    `covered` (id, frames). `spent` (id, frames, spent_seconds) is a question, by which no job ends.
    """
    return json.dumps({"event": kind, **content}) + "\n"


def allowed_line(seconds: float) -> str:
    """The answer to an event `spent`: how much work the job may be in all."""
    return json.dumps({"allowed_seconds": seconds}) + "\n"


def parse_allowed(line: str) -> float:
    """What such an answer says."""
    return float(json.loads(line)["allowed_seconds"])


def parse_event(line: bytes) -> dict[str, Any]:
    """The event that a line holds. Raises ValueError for anything else."""
    try:
        event = json.loads(line, parse_constant=_no_number)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    kinds = {
        "ready": _is_ready,
        "done": _is_done,
        "cut": _is_cut,
        "looked": _is_looked,
        "spent": _is_looked,
        "covered": _is_covered,
        "failed": _is_failed,
    }
    known = kinds.get(str(event.get("event"))) if isinstance(event, dict) else None
    if known is None or not known(event):
        raise ValueError("no event of a known form")
    return dict(event)


def parse_verdict(output: bytes) -> tuple[Rejection, str] | None:
    """Why a probe refused a video, None if it did not. Raises ValueError for what is no verdict."""
    lines = output.splitlines()
    verdict = json.loads(lines[-1]) if lines else None
    if not isinstance(verdict, dict) or set(verdict) != {"code", "message"}:
        raise ValueError("no verdict")
    if verdict["code"] is None:
        return None
    if not _is_message(verdict["message"]):
        raise ValueError("no message")
    return Rejection(verdict["code"]), verdict["message"]


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no JSON")


def _is_ready(event: dict[str, Any]) -> bool:
    return isinstance(event.get("offline"), bool) and isinstance(event.get("files"), bool)


def _is_failed(event: dict[str, Any]) -> bool:
    code = event.get("code")
    return _is_text(event.get("id")) and isinstance(code, str) and code in _CODES and _is_message(event.get("message"))


def _is_covered(event: dict[str, Any]) -> bool:
    return _is_text(event.get("id")) and fits(event.get("frames"), int)


def _is_looked(event: dict[str, Any]) -> bool:
    return _is_covered(event) and fits(event.get("spent_seconds"), float) and event["spent_seconds"] >= 0


def _is_cut(event: dict[str, Any]) -> bool:
    """Whether segments follow each other without a gap from the begin on."""
    found: Any = event.get("segments")
    if not _is_text(event.get("id")) or not fits(found, list[Segment]) or not 1 < len(found) <= MOST_SEGMENTS:
        return False
    bounds = [(one["start_seconds"], one["end_seconds"]) for one in found]
    return (
        [(one["number"], one["count"]) for one in found] == [(number, len(found)) for number in range(len(found))]
        and bounds[0][0] == 0
        and all(begin < end for begin, end in bounds)
        and all(before[1] == after[0] for before, after in pairwise(bounds))
    )


def _is_done(event: dict[str, Any]) -> bool:
    result = event.get("result")
    if not _is_text(event.get("id")) or not isinstance(result, dict) or set(result) != _RESULT:
        return False
    model, persons = result["model"], result["persons"]
    return (
        fits(result["video"], VideoFacts)
        and len(result["video"]["remarks"]) <= MOST_REMARKS
        and isinstance(model, dict)
        and set(model) == {"name", "sha256"}
        and all(map(_is_text, model.values()))
        and isinstance(persons, list)
        and all(map(_is_person, persons))
        and fits(result["movement"], Movement)
        and _is_of(persons, result["movement"]["persons"])
        and _is_within(result["movement"]["looked_seconds"], (result["video"]["duration_seconds"] + 1) * len(persons))
        and _are_doubts(result["doubts"], {person["id"] for person in persons})
    )


def _is_within(looked: dict[str, float], most: float) -> bool:
    """Whether each kind of event, and nothing else, was looked for, and in no more than the whole clip of everybody."""
    return looked.keys() == set(KINDS) and all(0 <= seconds <= most for seconds in looked.values())


def _is_of(persons: list[dict[str, Any]], moved: list[dict[str, Any]]) -> bool:
    """Whether movement is said of each of the persons once at most, and no more events than are kept."""
    known = {person["id"] for person in persons}
    told = {one["person"] for one in moved}
    events = sum(len(one["events"]) for one in moved)
    return len(known) == len(persons) and len(told) == len(moved) and told <= known and events <= MOST_EVENTS


def _are_doubts(value: Any, known: set[int]) -> bool:
    """Whether these are doubts of persons of whom there are results, and no more than are kept."""
    return (
        fits(value, list[Doubt]) and len(value) <= MOST and all({one["person"], one["other"]} <= known for one in value)
    )


def _is_person(value: object) -> bool:
    if not isinstance(value, dict) or set(value) != {field.name for field in fields(Person)}:
        return False
    counts = [value[name] for name in value if name != "angles"]
    angles = value["angles"]
    return (
        all(fits(count, int) for count in counts)
        and isinstance(angles, dict)
        and set(angles) <= set(Angle)
        and all(_is_numbers(summary, AngleSummary, "unit") for summary in angles.values())
    )


def _is_numbers(value: object, kind: type, text: str | None = None) -> bool:
    """Whether a value has the fields of a class, all of them numbers but for a text."""
    if not isinstance(value, dict) or set(value) != {field.name for field in fields(kind)}:
        return False
    return all(_is_text(item) if name == text else fits(item, float) for name, item in value.items())


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 100 and value.isprintable()


def _is_message(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _MESSAGE_LENGTH and value.isprintable()
