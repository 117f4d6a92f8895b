# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What becomes of a video in which somebody is to be covered, whatever goes wrong: ports in memory, and decisions."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from fastbreak_service.errors import AnalysisError
from fastbreak_service.footage.ports import FootageError, FootageMissingError
from fastbreak_service.store.team_analyses import BLUR_CONTRACT
from fastbreak_service.store.work import Work
from fastbreak_service.video.limits import Limits
from fastbreak_service.worker.ports import Ports
from fastbreak_service.worker.task import Task

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fastbreak_service.worker.protocol import Cover

WORK = Work(uuid.uuid4(), uuid.uuid4(), 1, 0, "", BLUR_CONTRACT)


@dataclass
class Memory:
    """A queue, a storage and an analyst, which note what they are asked, and fail at one of them."""

    directory: Path
    failing: dict[str, Exception] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    mine: bool = True

    def _note(self, what: str) -> None:
        self.said.append(what)
        if what in self.failing:
            raise self.failing[what]

    def fetch(self, analysis: uuid.UUID) -> Path:
        self._note("fetch")
        return self.directory / "video"

    def put_away(self, fetched: Path) -> None:
        self._note("put away")

    def replace(self, analysis: uuid.UUID, other: Path) -> int:
        assert other.read_bytes() == b"film"
        self._note("replace")
        return 1

    def erase(self, analysis: uuid.UUID) -> int:
        self._note("erase")
        return 1

    def sightings(self, analysis: uuid.UUID) -> list[Any]:
        return []

    def unseen(self, analysis: uuid.UUID) -> list[tuple[float, float]]:
        return [(60.0, 120.0)]

    def covered(self, taken: Work, act: Callable[[], int]) -> bool:
        return self.mine and act() == 1

    def deleted(self, taken: Work, act: Callable[[], int]) -> bool:
        return self.mine and act() == 1

    async def cover(self, job: Cover) -> int:
        assert job.unseen == [(60.0, 120.0)]
        (self.directory / job.film).write_bytes(b"film")
        self._note("cover")
        return 30

    def hand_back(self, taken: Work, delay_seconds: float, failure: str | None = None) -> bool:
        self.said.append(f"hand back {delay_seconds:g} {failure}")
        return True


DONE = ["fetch", "cover", "replace", "put away"]
CASES = {
    "all goes well": ({}, WORK, DONE),
    "the video is gone": ({"fetch": FootageMissingError("gone")}, WORK, ["fetch", "erase"]),
    "the storage is away": ({"fetch": FootageError("away")}, WORK, ["fetch", "hand back 10 None"]),
    "and when the film is to go there": ({"replace": FootageError("away")}, WORK, [*DONE, "hand back 10 None"]),
    "the process dies": (
        {"cover": AnalysisError("worker_died", "It died.")},
        WORK,
        ["fetch", "cover", "hand back 2 It died.", "put away"],
    ),
    "and once more": (
        {"cover": AnalysisError("worker_died", "It died.")},
        replace(WORK, failures=2),
        ["fetch", "cover", "erase", "put away"],
    ),
    "it cannot be decoded": (
        {"cover": AnalysisError("undecodable", "It is broken.")},
        WORK,
        ["fetch", "cover", "erase", "put away"],
    ),
    "it took its workers with it": ({}, replace(WORK, failures=3), ["erase"]),
    "that and the storage is away": (
        {"erase": FootageError("away")},
        replace(WORK, failures=3),
        ["erase", "hand back 10 None"],
    ),
    "the database refuses": (
        {"replace": psycopg.errors.InsufficientPrivilege("no")},
        WORK,
        [*DONE, "hand back 10 None"],
    ),
    "a fault of ours": ({"cover": KeyError("x")}, WORK, ["fetch", "cover", "put away", "hand back 2 KeyError"]),
}


@pytest.mark.parametrize(("failing", "taken", "said"), CASES.values(), ids=CASES)
def test_a_video_is_covered_or_goes_or_waits(
    tmp_path: Path, failing: dict[str, Exception], taken: Work, said: list[str]
) -> None:
    memory = Memory(tmp_path, failing)
    ports = Ports(memory, memory, memory, memory, memory, memory)  # type: ignore[arg-type] # what is not asked is not there
    asyncio.run(Task(ports, Limits(), 3).do(taken))
    assert memory.said == said
    assert list(tmp_path.iterdir()) == [], "nothing half done stays"


def test_whoever_lost_the_work_touches_nothing(tmp_path: Path) -> None:
    memory = Memory(tmp_path, mine=False)
    ports = Ports(memory, memory, memory, memory, memory, memory)  # type: ignore[arg-type] # as above
    asyncio.run(Task(ports, Limits(), 3).do(WORK))
    assert memory.said == ["fetch", "cover", "put away"]
