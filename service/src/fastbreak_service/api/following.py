# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""How far an analysis is, told as it changes (server-sent events), until it ends.

Nobody holds a connection to the database meanwhile: it is asked now and then.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from fastbreak_service.api import parameters
from fastbreak_service.api.asking import CALLER_SECONDS, ask, note
from fastbreak_service.api.connection import SENDS_NO_MORE
from fastbreak_service.api.errors import ApiError
from fastbreak_service.identity.caller import Role
from fastbreak_service.store.audit import Action
from fastbreak_service.store.failures import DATABASE_ERRORS, reason

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from fastbreak_service.api.parts import Parts
    from fastbreak_service.store.team_analyses import State

MEDIA_TYPE = "text/event-stream"
MOST, MOST_OF_TEAM = 200, 40
"""How many may be told at once by one process, and how many of a team."""
LOOK_SECONDS = 2
BEAT_SECONDS = 15
"""Less than load balancers let a connection idle."""
LIFE_SECONDS = 300
"""Then the caller comes again, with a token that is accepted then, and goes on where it was."""
_ENDED = frozenset({"succeeded", "failed"})
log = structlog.get_logger()


class Places:
    """Who is told something at the moment. Lives on one event loop."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()

    def take(self, team: str) -> None:
        """Take a place. Raises ApiError when there is none."""
        if self._taken.total() >= MOST or self._taken[team] >= MOST_OF_TEAM:
            said = "Too many analyses are followed at once. Follow fewer, or ask for the analysis itself now and then."
            raise ApiError(429, "followed_full", said, {"retry-after": "60"})
        self._taken[team] += 1

    def leave(self, team: str) -> None:
        """Give it back."""
        self._taken[team] -= 1
        if not self._taken[team]:
            del self._taken[team]


@dataclass(frozen=True, slots=True)
class Timing:
    """How time is told, and passes."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


USUAL_TIMING = Timing()


class _Stream(StreamingResponse):
    """A stream that gives its place back however it ends."""

    def __init__(self, content: AsyncIterator[str], leave: Callable[[], None]) -> None:
        super().__init__(content, media_type=MEDIA_TYPE)
        self._leave = leave

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._leave()


def name_of(state: State) -> str:
    """The event's id: whoever comes with it has seen this state."""
    ended = "" if state.segments is None else f".{state.segments_ended}"
    return f"{state.status}.{state.attempt}{ended}"


def content_of(state: State) -> dict[str, Any]:
    """What an event says of a state."""
    parts = {} if state.segments is None else {"segments": state.segments, "segments_ended": state.segments_ended}
    return {"status": state.status, "attempt": state.attempt, **parts}


async def told(
    read: Callable[[], Awaitable[State | None]],
    state: State | None,
    seen: str,
    stopping: Callable[[], bool],
    timing: Timing = USUAL_TIMING,
) -> AsyncIterator[str]:
    """The events from a state on, each once, until the analysis ends or is erased, or it is time to come again."""
    yield f"retry: {LOOK_SECONDS * 1000}\n\n"
    began = beaten = looked = timing.now()
    while timing.now() < began + LIFE_SECONDS:
        if state is None:
            yield "event: erased\ndata: {}\n\n"
            return
        if name_of(state) != seen:
            seen = name_of(state)
            yield f"id: {seen}\nevent: status\ndata: {json.dumps(content_of(state))}\n\n"
        if state.status in _ENDED or stopping():
            return
        await timing.sleep(1)
        if timing.now() >= beaten + BEAT_SECONDS:
            beaten = timing.now()
            yield ": still there\n\n"
        if timing.now() >= looked + LOOK_SECONDS:
            looked = timing.now()
            try:
                state = await read()
            except (*DATABASE_ERRORS, ApiError) as error:
                log.warning("analysis not followed", reason=reason(error))
                return


def gone(request: Request) -> bool:
    """Whether its caller sends no more. Who only listens cannot be told from who has left, and may come again."""
    return bool(request.scope.get("state", {}).get(SENDS_NO_MORE))


def following_routes(parts: Parts) -> list[Route]:
    """The route."""
    places = Places()

    async def follow_analysis(request: Request) -> Response:
        caller = await parts.admission.admit(request, Role.REVIEWER)
        analysis, seen = parameters.analysis_id(request), request.headers.get("last-event-id", "")

        async def read() -> State | None:
            return await ask(CALLER_SECONDS, parts.analyses(caller).state, analysis)

        state = await read()
        if state is None:
            raise parameters.no_such_analysis()
        over = state.status in _ENDED and seen == name_of(state)
        if over or request.method == "HEAD":
            await note(parts.trail, caller, Action.READ, analysis)
            # Who has seen the end need not come again.
            return Response(status_code=204) if over else Response(media_type=MEDIA_TYPE)
        places.take(caller.team)
        try:
            await note(parts.trail, caller, Action.READ, analysis)
        except BaseException:
            places.leave(caller.team)
            raise
        events = told(read, state, seen, lambda: parts.stopping() or gone(request))
        return _Stream(events, lambda: places.leave(caller.team))

    return [Route("/v1/analyses/{id}/progress", follow_analysis, methods=["GET"])]
