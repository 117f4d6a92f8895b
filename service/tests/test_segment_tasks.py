# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What becomes of segments and of what they are joined to, whatever goes wrong: ports in memory, and decisions."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from fastbreak_service.errors import AnalysisError
from fastbreak_service.footage.ports import FootageError, FootageMissingError
from fastbreak_service.segments.budget import Used
from fastbreak_service.segments.cutting import Segment
from fastbreak_service.store.segments import Ended
from fastbreak_service.store.team_analyses import (
    JOIN_CONTRACT,
    OLD_JOIN_CONTRACT,
    OLD_SEGMENTS_CONTRACT,
    SEGMENTS_CONTRACT,
)
from fastbreak_service.store.work import Part, Work
from fastbreak_service.video.completeness import Completeness
from fastbreak_service.video.limits import Limits
from fastbreak_service.worker import looking
from fastbreak_service.worker.joining import _BROKEN, _NO_ROOM, _REFUSED
from fastbreak_service.worker.ports import Ports
from fastbreak_service.worker.task import Task
from fastbreak_service.worker.verdict import MOST_TAKES

if TYPE_CHECKING:
    from fastbreak_service.worker.client import Allow
    from fastbreak_service.worker.protocol import Job, Join, Look


def segment(number: int) -> Segment:
    """One of two segments of a minute."""
    begin = 60.0 * number
    return Segment(number, 2, 0.0, begin, begin, begin + 60, number, 1800, 640, 480, Completeness.WHOLE)


VIDEO = Work(uuid.uuid4(), uuid.uuid4(), 1, 0, "")
LOOK = replace(VIDEO, contract=SEGMENTS_CONTRACT, part=Part(segment(1), 2.5), group="whoever cut it")
JOIN = replace(VIDEO, contract=JOIN_CONTRACT, group="whoever cut it")
SEEN = Ended(segment(0), None, "")
LOST = Ended(segment(1), "worker_died", "It died.")


@dataclass
class Memory:
    """Ports that note what they are asked, and fail at one of them."""

    directory: Path
    failing: dict[str, Exception] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    over: bool = False
    begins: bool = True
    found: tuple[Ended, ...] = (SEEN, SEEN)
    told: dict[str, Any] = field(default_factory=dict)
    allowed: list[float | None] = field(default_factory=list)
    asked: list[Used] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    new: bool = True
    at_first: float | None = 10.0
    some_lost: bool = False

    def _note(self, what: str) -> None:
        self.said.append(what)
        if (word := what.split(maxsplit=1)[0]) in self.failing:
            raise self.failing[word]

    # The analysis's end, or its segments that have ended.
    def ended(self, analysis: uuid.UUID) -> tuple[str, str] | None:
        return ("team", "failed") if self.over else None

    def start(self, analysis: uuid.UUID, owner: str, attempt: int) -> bool:
        return self.begins

    def fetch(self, analysis: uuid.UUID) -> Path:
        self._note("fetch")
        return self.directory / "video"

    def put_away(self, fetched: Path) -> None:
        self.said.append("put away")

    def retire(self, analysis: uuid.UUID) -> None:
        self.said.append("retire")

    async def analyse(self, job: Job) -> list[Segment]:
        assert job.segment_seconds == 60
        return [segment(0), segment(1)]

    def allow(self, taken: Work, used: Used, limit_seconds: float) -> float | None:
        assert limit_seconds == Limits().max_work_seconds
        if used.seconds == 0:
            return self.at_first
        self.asked.append(used)
        return self.allowed.pop(0)

    async def look(self, job: Look, allow: Allow) -> tuple[int, float]:
        assert (job.segment, job.form) == (segment(1), 2 if self.new else 1)
        if self.allowed and (allowed := await allow(20.0, 600)) <= 20:
            self._note("look")
            raise AnalysisError("too_much_work", f"more than {allowed} s")
        Path(job.seen).write_bytes(b"seen")
        self._note("look")
        return 1800, 3.0

    async def join(self, job: Join) -> dict[str, Any]:
        self._note(f"join {[seen and Path(seen).read_text() for _, seen in job.parts]}")
        return {"video": {"frames": 1800, "decode_errors": 0}, "persons": []}

    def cut(self, taken: Work, cut: list[Segment]) -> bool:
        self._note(f"cut {len(cut)}")
        return True

    def lost(self, analysis: uuid.UUID) -> bool:
        return self.some_lost

    def saw(self, taken: Work, seen: bytes, spent_seconds: float) -> bool:
        self._note(f"saw {seen.decode()} {spent_seconds}")
        return True

    def miss(self, taken: Work, code: str, reason: str) -> bool:
        self._note(f"miss {code}")
        self.reasons.append(reason)
        return True

    def seen(self, analysis: uuid.UUID, number: int) -> bytes:
        if "seen" in self.failing:
            raise self.failing["seen"]
        return b"%d" % number

    def finish(self, analysis: uuid.UUID, owner: str, result: dict[str, Any], *held: Any) -> bool:
        assert (owner, held[2].token) == ("whoever cut it", VIDEO.token)
        self._note("finish")
        self.told = result
        return True

    def fail(self, analysis: uuid.UUID, owner: str, code: str, message: str, held: Work, *, dead: bool = False) -> bool:  # noqa: PLR0913 - the port's
        assert (owner, held.token) == ("whoever cut it", VIDEO.token)
        self._note(f"fail {code}{' dead' * dead}")
        return True

    def done(self, taken: Work) -> bool:
        self._note("done")
        return True

    def bury(self, taken: Work, reason: str) -> bool:
        self._note("bury")
        return True

    def wait(self, analysis: uuid.UUID, owner: str) -> bool:
        self._note("wait")
        return True

    def put_off(self, taken: Work, delay_seconds: float) -> bool:
        self._note(f"put_off {delay_seconds:g}")
        return True

    def hand_back(self, taken: Work, delay_seconds: float, failure: str | None = None) -> bool:
        self._note(f"hand_back {delay_seconds:g} {failure}")
        return True


class Listed:
    """The segments of a memory, whose `ended` is another question than the records'."""

    def __init__(self, memory: Memory) -> None:
        self.cut, self.saw, self.miss, self.seen = memory.cut, memory.saw, memory.miss, memory.seen
        self.allow, self.lost = memory.allow, memory.lost
        self._memory = memory

    def ended(self, analysis: uuid.UUID) -> list[Ended]:
        return list(self._memory.found)


def done(memory: Memory, taken: Work) -> list[str]:
    """What is asked for a piece of work."""
    ports = Ports(memory, memory, memory, memory, memory, Listed(memory))  # type: ignore[arg-type] # what is not asked is not there
    asyncio.run(Task(ports, Limits(), 3, 60).do(taken))
    assert list(memory.directory.iterdir()) == [], "nothing half done stays"
    return memory.said


def test_a_long_video_is_cut_and_not_ended(tmp_path: Path) -> None:
    assert done(Memory(tmp_path), VIDEO) == ["fetch", "cut 2", "put away"]


def test_what_a_release_before_cut_is_looked_at_and_joined_as_it_does(tmp_path: Path) -> None:
    looks = replace(LOOK, contract=OLD_SEGMENTS_CONTRACT)
    assert done(Memory(tmp_path, new=False), looks) == ["fetch", "look", "saw seen 3.0", "put away"]
    assert done(Memory(tmp_path), replace(JOIN, contract=OLD_JOIN_CONTRACT)) == JOINED


DIED = AnalysisError("worker_died", "It died.")
LOOKS = {
    "all goes well": ({}, LOOK, ["fetch", "look", "saw seen 3.0", "put away"]),
    "the video is gone": (
        {"fetch": FootageMissingError("gone")},
        LOOK,
        ["fetch", "fail video_missing", "done", "retire"],
    ),
    "the storage is away": ({"fetch": FootageError("away")}, LOOK, ["fetch", "hand_back 10 None"]),
    "the process dies": ({"look": DIED}, LOOK, ["fetch", "look", "hand_back 2 It died.", "put away"]),
    "and at the last try": (
        {"look": DIED},
        replace(LOOK, failures=2),
        ["fetch", "look", "miss worker_died", "put away"],
    ),
    "its worker was never seen again": ({}, replace(LOOK, failures=3), ["miss worker_died"]),
    "it never got anywhere": ({}, replace(LOOK, attempt=MOST_TAKES + 1), ["miss storage_unavailable"]),
    "it takes too long": (
        {"look": AnalysisError("timed_out", "Too long.")},
        LOOK,
        ["fetch", "look", "miss timed_out", "put away"],
    ),
    "an error of ours": (
        {"look": AnalysisError("internal_error", "An error.")},
        LOOK,
        ["fetch", "look", "miss internal_error", "put away"],
    ),
    "it cannot be decoded": (
        {"look": AnalysisError("undecodable", "It is broken.")},
        LOOK,
        ["fetch", "look", "fail undecodable", "done", "retire", "put away"],
    ),
    "the database refuses": (
        {"saw": psycopg.errors.InsufficientPrivilege("no")},
        LOOK,
        ["fetch", "look", "saw seen 3.0", "put away", "hand_back 10 no"],
    ),
    "a fault of ours": (
        {"saw": KeyError("x")},
        LOOK,
        [
            *("fetch", "look", "saw seen 3.0", "put away"),
            "hand_back 2 It stopped on an error of its own; the service's log has the cause.",
        ],
    ),
}


@pytest.mark.parametrize(("failing", "taken", "said"), LOOKS.values(), ids=LOOKS)
def test_a_segment_is_seen_or_missing_or_waits_or_fails_the_whole(
    tmp_path: Path, failing: dict[str, Exception], taken: Work, said: list[str]
) -> None:
    assert done(Memory(tmp_path, failing), taken) == said


def test_whoever_asks_for_more_work_waits_until_it_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "_ASK_AGAIN_SECONDS", 0.01)
    memory = Memory(tmp_path, allowed=[None, None, 30.0])
    assert done(memory, LOOK) == ["fetch", "look", "saw seen 3.0", "put away"]
    assert memory.asked == [Used(20.0, 600), Used(20.0, 600, 0.01), Used(20.0, 600, 0.02)]


def test_for_what_no_work_is_left_the_part_is_missing_with_the_reason(tmp_path: Path) -> None:
    memory = Memory(tmp_path, allowed=[20.0])
    assert done(memory, LOOK) == ["fetch", "look", "miss too_much_work", "put away"]
    assert "The part from 60.0 to 120.0 seconds" in memory.reasons[0]
    assert "more than 1800 seconds of work" in memory.reasons[0]


def test_what_died_work_was_lost_with_is_not_told_to_be_the_videos_fault(tmp_path: Path) -> None:
    memory = Memory(tmp_path, allowed=[20.0], some_lost=True)
    assert done(memory, LOOK) == ["fetch", "look", "miss worker_died", "put away"]
    assert "of the 1800 seconds of work" in memory.reasons[0]
    assert "some was lost" in memory.reasons[0]


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (0.0, ["miss too_much_work"]),
        (8.0, ["fetch", "look", "saw seen 3.0", "put away"]),
        (None, ["put_off 15"]),
    ],
)
def test_what_is_too_late_is_not_even_fetched_and_nobody_waits_with_it(
    tmp_path: Path, left: float | None, said: list[str]
) -> None:
    assert done(Memory(tmp_path, at_first=left), LOOK) == said


def test_a_part_that_was_too_much_work_is_told_and_no_dead_letter(tmp_path: Path) -> None:
    """Another try would help nobody."""
    lost = Ended(segment(1), "too_much_work", "It ran out.")
    memory = Memory(tmp_path, found=(SEEN, lost))
    assert done(memory, JOIN) == ["join ['0', None]", "finish", "done", "retire"]
    assert memory.told["missing"][0]["code"] == "too_much_work"
    assert done(Memory(tmp_path, found=(lost, lost)), JOIN) == ["fail too_much_work", "done", "retire"]
    assert "fail too_much_work dead" in done(Memory(tmp_path, found=(lost, LOST)), JOIN)


@pytest.mark.parametrize("taken", [VIDEO, LOOK, JOIN])
def test_work_on_what_has_ended_goes(tmp_path: Path, taken: Work) -> None:
    assert done(Memory(tmp_path, over=True, begins=False), taken) == ["done", "retire"]


def test_what_ended_with_a_part_missing_becomes_a_dead_letter_all_the_same(tmp_path: Path) -> None:
    """Whoever ended it was killed in between."""
    assert done(Memory(tmp_path, over=True, found=(SEEN, LOST)), JOIN) == ["bury", "retire"]


def test_work_that_cannot_be_begun_and_has_not_ended_stays(tmp_path: Path) -> None:
    assert done(Memory(tmp_path, begins=False), VIDEO) == ["wait", "hand_back 2 None"]


JOINED = ["join ['0', '0']", "finish", "done", "retire"]
JOINS = {
    "all goes well": ({}, JOIN, (SEEN, SEEN), JOINED),
    "a part is missing": ({}, JOIN, (SEEN, LOST), ["join ['0', None]", "finish", "retire"]),
    "all are": ({}, JOIN, (LOST, LOST), ["fail worker_died dead", "retire"]),
    "the process dies": ({"join": DIED}, JOIN, (SEEN, SEEN), [JOINED[0], "hand_back 2 It died."]),
    "and at the last try": (
        {"join": DIED},
        replace(JOIN, failures=2),
        (SEEN, SEEN),
        [JOINED[0], "fail worker_died dead", "retire"],
    ),
    "its workers were never seen again": (
        {},
        replace(JOIN, failures=3),
        (SEEN,),
        ["fail worker_died dead", "retire"],
    ),
    "the whole is damaged": (
        {"join": AnalysisError("truncated", "Cut short.")},
        JOIN,
        (SEEN, SEEN),
        [JOINED[0], "fail truncated", "done", "retire"],
    ),
    "the database refuses": (
        {"finish": psycopg.errors.InsufficientPrivilege("no")},
        JOIN,
        (SEEN, SEEN),
        [*JOINED[:2], f"hand_back 10 {_REFUSED}"],
    ),
    "and for good": (
        {"finish": psycopg.errors.InsufficientPrivilege("no")},
        replace(JOIN, failures=2),
        (SEEN, SEEN),
        [*JOINED[:2], "fail database_refused", "done", "retire"],
    ),
    "a part cannot be read in time": (
        {"seen": psycopg.errors.InsufficientPrivilege("no")},
        JOIN,
        (SEEN, SEEN),
        [f"hand_back 10 {_REFUSED}"],
    ),
    "the disk is full": ({"seen": OSError(28, "full")}, JOIN, (SEEN, SEEN), [f"hand_back 2 {_NO_ROOM}"]),
    "and stays full": (
        {"seen": OSError(28, "full")},
        replace(JOIN, failures=2),
        (SEEN, SEEN),
        ["fail storage_unavailable dead", "retire"],
    ),
    "a fault of ours": ({"finish": KeyError("x")}, JOIN, (SEEN, SEEN), [*JOINED[:2], f"hand_back 2 {_BROKEN}"]),
    "and again": (
        {"finish": KeyError("x")},
        replace(JOIN, failures=2),
        (SEEN, SEEN),
        [*JOINED[:2], "fail internal_error", "done", "retire"],
    ),
}


@pytest.mark.parametrize(("failing", "taken", "found", "said"), JOINS.values(), ids=JOINS)
def test_what_was_seen_is_joined_or_waits_or_has_failed(
    tmp_path: Path, failing: dict[str, Exception], taken: Work, found: tuple[Ended, ...], said: list[str]
) -> None:
    assert done(Memory(tmp_path, failing, found=found), taken) == said


def test_a_result_says_what_is_missing(tmp_path: Path) -> None:
    memory = Memory(tmp_path, found=(SEEN, LOST))
    done(memory, JOIN)
    assert memory.told["missing"] == [
        {"from_seconds": 60.0, "to_seconds": 120.0, "code": "worker_died", "message": "It died."}
    ]
