# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""All that a worker's loop asks, in memory."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fastbreak_service.store.work import Work
from fastbreak_service.video.limits import Limits
from fastbreak_service.worker.bell import EachSecond
from fastbreak_service.worker.loop import WorkLoop
from fastbreak_service.worker.ports import Ports
from fastbreak_service.worker.task import Task

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

    from fastbreak_service.worker.bell import Bell
    from fastbreak_service.worker.protocol import Job
    from fastbreak_service.worker.telling import Finished

RESULT = {"video": {"frames": 1, "duration_seconds": 0.04, "decode_errors": 0}, "persons": []}
WORK = Work(uuid.uuid4(), uuid.uuid4(), 1, 0, "")


@dataclass
class Memory:
    """A queue, the records, a storage and an analyst, which note what they are asked."""

    directory: Path
    left_over: list[Work] = field(default_factory=list)
    durable: bool = True
    place: str = "here"
    ready: bool = True
    said: list[str] = field(default_factory=list)
    mine: bool = True
    begun: bool = True
    fetching: Exception | None = None
    analysing: Exception | None = None
    endless: bool = False
    under_way: bool = False
    meanwhile: Callable[[], Awaitable[None]] | None = None
    away: list[Exception] = field(default_factory=list)
    announced: list[tuple[str, ...]] = field(default_factory=list)
    told: list[Finished] = field(default_factory=list)
    unheard: bool = False
    uncounted: Exception | None = None
    on_empty: Callable[[], object] = lambda: None

    def take(self, *, abandoned: bool) -> Work | None:
        if self.left_over:
            return self.left_over.pop(0)
        self.on_empty()
        return None

    def extend(self, taken: Work) -> bool:
        return self.mine

    def hand_back(self, taken: Work, delay_seconds: float, failure: str | None = None) -> bool:
        self.said.append(f"hand back {delay_seconds:g} {failure}")
        return self.mine

    def bury(self, taken: Work, reason: str) -> bool:
        self.said.append("bury")
        return self.mine

    def done(self, taken: Work) -> bool:
        self.said.append("done")
        return self.mine

    def waiting(self) -> int:
        if self.uncounted:
            raise self.uncounted
        return len(self.left_over)

    def left(self) -> int:
        return len(self.left_over)

    def unneeded(self, found: Sequence[uuid.UUID]) -> list[uuid.UUID]:
        return list(found)

    def start(self, analysis: uuid.UUID, owner: str, attempt: int) -> bool:
        return self.begun

    def ended(self, analysis: uuid.UUID) -> tuple[str, str] | None:
        return None if self.begun else ("team", "failed")

    def wait(self, analysis: uuid.UUID, owner: str) -> bool:
        self.said.append("wait")
        return self.mine

    def fail(self, analysis: uuid.UUID, owner: str, code: str, message: str, held: Work, *, dead: bool = False) -> bool:  # noqa: PLR0913 - the port's
        self.said.append(f"fail {code}{' dead' * dead}")
        return self.mine

    def finish(self, analysis: uuid.UUID, owner: str, result: dict[str, Any], *files_and_held: object) -> bool:
        if self.away:
            raise self.away.pop(0)
        self.said.append("finish")
        return self.mine

    def beat(self, place: str) -> None:
        self.said.append("beat")

    def fail_all(self, place: str, code: str, message: str) -> list[uuid.UUID]:
        self.said.append(f"fail all {code}")
        return []

    def fail_abandoned(self) -> list[uuid.UUID]:
        return []

    def forget_old(self) -> int:
        return 0

    def keep(self, analysis: uuid.UUID, arrived: Path) -> None:
        raise AssertionError

    def fetch(self, analysis: uuid.UUID) -> Path:
        if self.fetching:
            raise self.fetching
        return self.directory / "video"

    def put_away(self, fetched: Path) -> None:
        self.said.append("put away")

    def retire(self, analysis: uuid.UUID) -> None:
        self.said.append("retire")

    def discard(self, analysis: uuid.UUID) -> None:
        raise AssertionError

    def link(self, analysis: uuid.UUID, kind: str, seconds: int) -> str:
        raise AssertionError

    def linked(self, analysis: uuid.UUID, kind: str, ticket: str) -> Path | None:
        raise AssertionError

    def strays(self) -> list[uuid.UUID]:
        return []

    def close(self) -> None:
        raise AssertionError

    async def analyse(self, job: Job) -> dict[str, Any]:
        self.under_way = True
        if self.endless:
            await asyncio.Event().wait()
        if self.meanwhile:
            await self.meanwhile()
        if self.analysing:
            raise self.analysing
        return RESULT

    async def announce(self, analysis: uuid.UUID) -> None:
        assert analysis == WORK.analysis
        self.announced.append(tuple(self.said))
        if self.unheard:
            await asyncio.Event().wait()

    def loop(self, bell: Bell | None = None) -> WorkLoop:
        bell = bell or EachSecond()
        ports = Ports(self, self, self, self, self, self, self.announce, bell, self.told.append)  # type: ignore[arg-type] # start is two things
        return WorkLoop(ports, Task(ports, Limits(), 3), 30, lambda: self.said.append("pulse"))
