# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What few may have at once, shared by teams: they have it in turn, and of each only so many wait for it."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fastbreak_service.api.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

RETRY_SECONDS = 10


class Line:
    """Who has their turn, and who waits for it: a team that sends many delays itself. Lives on one event loop.

    `at_once` have it, `most_of_team` of a team have it or wait; `what` they are goes before "at once".
    """

    def __init__(self, at_once: int, most_of_team: int, what: str) -> None:
        self._free, self._most, self._what = at_once, most_of_team, what
        self._inside: Counter[str] = Counter()
        # The next is the first of the first team, which then goes to the end. While a turn is free nobody waits.
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}

    def check(self, team: str) -> None:
        """Raise ApiError when so many of a team have their turn or wait that there is no place for one more."""
        if self._inside[team] >= self._most:
            said = f"Your team has {self._most} {self._what} at once, and may have no more."
            raise ApiError(
                429,
                "team_busy",
                f"{said} Nothing was done. Say it again in {RETRY_SECONDS} seconds.",
                {"retry-after": str(RETRY_SECONDS)},
            )

    def has(self, team: str) -> bool:
        """Whether one of a team has its turn or waits."""
        return team in self._inside

    @asynccontextmanager
    async def turn(self, team: str) -> AsyncIterator[None]:
        """Have a turn. Raises ApiError."""
        await self.wait(team)
        try:
            yield
        finally:
            self.leave(team)

    async def wait(self, team: str) -> None:
        """Wait for a turn, which is to be left. Raises ApiError."""
        self.check(team)
        self._inside[team] += 1
        try:
            await self._come_next(team)
        except BaseException:
            self._forget(team)
            raise

    def leave(self, team: str) -> None:
        """A turn is over: whoever is next has it."""
        self._forget(team)
        self._pass_on()

    async def _come_next(self, team: str) -> None:
        if self._free:
            self._free -= 1
            return
        turn = asyncio.get_running_loop().create_future()
        mine = self._waiting.setdefault(team, deque())
        mine.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                mine.remove(turn)
                if not mine:
                    del self._waiting[team]
            else:
                # It was given the turn, and left, at the same moment.
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        """Give a turn to who waits, if it still does."""
        # Who is cancelled, but has not run since, takes itself away: `_come_next`.
        for team, waiting in self._waiting.items():
            turn = next((one for one in waiting if not one.done()), None)
            if turn is not None:
                turn.set_result(None)
                waiting.remove(turn)
                del self._waiting[team]
                if waiting:
                    self._waiting[team] = waiting
                return
        self._free += 1

    def _forget(self, team: str) -> None:
        self._inside[team] -= 1
        if not self._inside[team]:
            del self._inside[team]
