# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Teams share what few may have at once: who sends many delays themselves, and hears so."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from fastbreak_service.api import intake as intake_module
from fastbreak_service.api.asking import MOST_OF_TEAM, InTurn
from fastbreak_service.api.errors import ApiError
from fastbreak_service.api.intake import Intake
from fastbreak_service.api.sharing import Line
from fastbreak_service.errors import RejectedVideoError, Rejection
from fastbreak_service.identity.caller import ANYBODY

if TYPE_CHECKING:
    from pathlib import Path

    from fastbreak_service.store.team_analyses import NewAnalysis
    from fastbreak_service.video.limits import Limits


async def settled() -> None:
    """Let all that can go on do so."""
    for _ in range(20):
        await asyncio.sleep(0)


class _Crowd:
    """Who has had a turn, in order; each keeps it until the gate opens once more."""

    def __init__(self, line: Line) -> None:
        self.line, self.came, self.go = line, list[str](), asyncio.Semaphore(0)

    def come(self, name: str) -> asyncio.Task[None]:
        """The first letter is the team."""
        return asyncio.create_task(self._come(name))

    async def _come(self, name: str) -> None:
        async with self.line.turn(name[0]):
            self.came.append(name)
            await self.go.acquire()

    async def rest(self) -> list[str]:
        for _ in range(100):
            self.go.release()
        await settled()
        return self.came


def refusal(task: asyncio.Task[None]) -> tuple[int, str, str]:
    error = task.exception()
    assert isinstance(error, ApiError)
    return error.status, error.code, error.headers["retry-after"]


def test_teams_have_their_turn_whoever_sends_many() -> None:
    async def run() -> list[str]:
        crowd = _Crowd(Line(2, 10, "checks"))
        tasks = [crowd.come(f"h{number}") for number in range(6)]
        await settled()
        tasks += [crowd.come(name) for name in ("b0", "b1", "l0")]
        await settled()
        assert crowd.came == ["h0", "h1"]
        came = await crowd.rest()
        assert all(task.done() for task in tasks)
        return came

    assert asyncio.run(run()) == ["h0", "h1", "h2", "b0", "l0", "h3", "b1", "h4", "h5"]


def test_one_team_has_so_many_and_another_is_let_in() -> None:
    async def run() -> None:
        crowd = _Crowd(Line(2, 3, "checks"))
        tasks = [crowd.come(f"h{number}") for number in range(5)]
        await settled()
        assert [refusal(task) for task in tasks[3:]] == [(429, "team_busy", "10")] * 2
        crowd.come("b0")
        assert await crowd.rest() == ["h0", "h1", "h2", "b0"]
        crowd.come("h6")
        await settled()
        assert crowd.came[-1] == "h6"
        assert not crowd.line.has("h")
        assert not crowd.line.has("b")

    asyncio.run(run())


def test_who_leaves_the_line_takes_no_turn_with_them() -> None:
    async def run() -> None:
        crowd = _Crowd(Line(1, 3, "checks"))
        first, waits, given = (crowd.come(name) for name in ("h0", "h1", "h2"))
        await settled()
        waits.cancel()
        await settled()
        # The turn is given to one that is told to stop before it has run on.
        crowd.go.release()
        while not first.done():
            await asyncio.sleep(0)
        given.cancel()
        await settled()
        assert waits.cancelled()
        assert given.cancelled()
        assert not crowd.line.has("h")
        crowd.come("b0")
        assert await crowd.rest() == ["h0", "b0"]
        assert not crowd.line._waiting
        assert crowd.line._free == 1

    asyncio.run(run())


def test_corrections_of_one_team_leave_another_in_time() -> None:
    go, began, order = threading.Event(), threading.Event(), list[str]()

    def compute(name: str) -> str:
        order.append(name)
        began.set()
        assert go.wait(60)
        return name

    async def run() -> None:
        in_turn = InTurn()
        hawks = [asyncio.create_task(in_turn.ask("hawks", 60, compute, f"h{number}")) for number in range(60)]
        assert await asyncio.to_thread(began.wait, 60)
        bulls = asyncio.create_task(in_turn.ask("bulls", 60, compute, "b0"))
        await settled()
        refused = [task for task in hawks if task.done()]
        assert len(refused) == 60 - MOST_OF_TEAM
        assert {refusal(cast("Any", task)) for task in refused} == {(429, "team_busy", "10")}
        go.set()
        assert await bulls == "b0"
        await asyncio.gather(*hawks, return_exceptions=True)

    asyncio.run(run())
    assert order[:3] == ["h0", "h1", "b0"]


def test_busy_is_of_ones_own_team_or_of_the_service() -> None:
    go, began = threading.Event(), threading.Event()

    def compute() -> None:
        began.set()
        assert go.wait(60)

    async def busy(in_turn: InTurn, team: str) -> int:
        with pytest.raises(ApiError) as refused:
            await in_turn.ask(team, 0.01, compute)
        assert (refused.value.code, refused.value.headers["retry-after"]) == ("busy", "30")
        return refused.value.status

    async def run() -> None:
        in_turn = InTurn()
        # What is computed goes on, and takes the thread, though nobody waits for it any more.
        assert await busy(in_turn, "hawks") == 429
        assert await asyncio.to_thread(began.wait, 60)
        assert await busy(in_turn, "hawks") == 429
        assert await busy(in_turn, "bulls") == 503
        go.set()
        await in_turn.ask("bulls", 60, lambda: None)

    asyncio.run(run())


class _Checks:
    """Checks of videos, all of which are refused in the end."""

    def __init__(self) -> None:
        self.running, self.go = 0, asyncio.Event()

    async def probe(self, video: Path, limits: Limits) -> None:
        self.running += 1
        await self.go.wait()
        raise RejectedVideoError(Rejection.NOT_A_VIDEO, "It is none.")


def test_refused_videos_of_one_team_take_no_places_and_leave_another_in_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    limits = SimpleNamespace(analysis=SimpleNamespace(limits=None))
    parts = SimpleNamespace(
        settings=SimpleNamespace(queue_size=50, work=limits),
        queue=SimpleNamespace(waiting=lambda: 0),
        analyses=lambda _: SimpleNamespace(expect=lambda _: None),
        **dict.fromkeys(("admission", "usage", "store", "footage", "loop", "sender")),
    )
    new = cast("NewAnalysis", SimpleNamespace(idempotency_key=None))

    async def run() -> None:
        checks, intake = _Checks(), Intake(cast("Any", parts))
        monkeypatch.setattr(intake_module, "probe", checks.probe)

        async def send(team: str) -> str:
            try:
                await intake._accept_or_find(new, tmp_path / "video", replace(ANYBODY, team=team))
            except RejectedVideoError:
                return "refused"
            except ApiError as error:
                return f"{error.status} {error.code} {error.headers['retry-after']}"
            return "accepted"

        hawks = [asyncio.create_task(send("hawks")) for _ in range(60)]
        while checks.running < 2 or sum(task.done() for task in hawks) < 60 - intake_module.MOST_OF_TEAM:
            await asyncio.sleep(0.001)
        assert {task.result() for task in hawks if task.done()} == {"429 team_busy 10"}
        assert intake._reserved.total() == 2
        bulls = asyncio.create_task(send("bulls"))
        checks.go.set()
        assert await bulls == "refused"
        assert [task.result() for task in hawks if task.done()].count("refused") < intake_module.MOST_OF_TEAM
        await asyncio.gather(*hawks)
        assert not intake._reserved

    asyncio.run(run())
