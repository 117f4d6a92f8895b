# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What computes for long takes nothing from what does not."""

from __future__ import annotations

import asyncio
import threading

import pytest

from fastbreak_service.api.asking import MOST_OF_TEAM, InTurn, ask
from fastbreak_service.api.errors import ApiError


def test_one_after_the_other_is_computed_and_all_else_is_answered_meanwhile() -> None:
    go, running, most = threading.Event(), 0, 0

    def compute(number: int) -> int:
        nonlocal running, most
        running += 1
        most = max(most, running)
        go.wait(60)
        running -= 1
        return number

    async def run() -> list[int]:
        in_turn = InTurn()
        teams = [f"team {number // MOST_OF_TEAM}" for number in range(40)]
        asked = [asyncio.create_task(in_turn.ask(team, 60, compute, number)) for number, team in enumerate(teams)]
        await asyncio.sleep(0)
        # With the threads of all other questions they would be more than there are.
        assert await ask(30, lambda: "read") == "read"
        go.set()
        return await asyncio.gather(*asked)

    assert asyncio.run(run()) == list(range(40))
    assert most == 1


def test_who_waits_for_too_long_is_told_so_and_what_has_not_begun_never_does() -> None:
    go, begun = threading.Event(), list[int]()

    def compute(number: int) -> None:
        begun.append(number)
        go.wait(60)

    async def run() -> None:
        in_turn = InTurn()
        first = asyncio.create_task(in_turn.ask("first", 60, compute, 1))
        while not begun:
            await asyncio.sleep(0)
        with pytest.raises(ApiError) as refused:
            await in_turn.ask("other", 0.01, compute, 2)
        assert (refused.value.status, refused.value.code) == (503, "busy")
        assert refused.value.headers["retry-after"] == "30"
        go.set()
        await first
        await in_turn.ask("other", 60, compute, 3)

    asyncio.run(run())
    assert begun == [1, 3]
