# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Taking a video in: received, checked, stored and recorded. Only then is it accepted."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections import Counter
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import structlog
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response

from fastbreak_service import metrics
from fastbreak_service.api import parameters, upload
from fastbreak_service.api.asking import CALLER_SECONDS, ask
from fastbreak_service.api.errors import ApiError, not_checked, rejected
from fastbreak_service.api.sharing import Line
from fastbreak_service.api.storing import move
from fastbreak_service.api.using import within_quota
from fastbreak_service.errors import NotCheckedError, RejectedVideoError, refuse_empty
from fastbreak_service.footage.ports import FootageError
from fastbreak_service.identity.caller import Role
from fastbreak_service.messages.content import Message
from fastbreak_service.store.failures import DATABASE_ERRORS, reason
from fastbreak_service.store.team_analyses import CONTRACT, NewAnalysis
from fastbreak_service.worker.client import probe
from fastbreak_service.worker.writing import settle

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from starlette.requests import Request

    from fastbreak_service.api.parts import Parts
    from fastbreak_service.identity.caller import Caller
    from fastbreak_service.store.team_analyses import Sent, TeamAnalyses

_PROBES_AT_ONCE = 2
MOST_OF_TEAM = 20
"""Videos of one team that are checked or wait for it: refused ones count in no quota."""
# When workers are apart, nobody here knows how long they take.
_USUAL_SECONDS = 10
log = structlog.get_logger()


class Intake:
    """Takes videos in, at most as many as the queue has places for. Lives on one event loop.

    `gate` is passed by few at once, teams in turn: a check takes disk and processor. Who waits at it has no place yet.
    """

    def __init__(self, parts: Parts) -> None:
        self._settings = parts.settings
        self._admission, self._analyses = parts.admission, parts.analyses
        self._usage = parts.usage
        self._store, self._queue, self._footage = parts.store, parts.queue, parts.footage
        self._inside, self._sender = parts.loop, parts.sender
        self.gate = Line(_PROBES_AT_ONCE, MOST_OF_TEAM, "videos to be checked")
        # By teams, who have a place in the queue before there is a record of it.
        self._reserved: Counter[str] = Counter()
        self._taken_back: set[asyncio.Task[None]] = set()

    async def take_in(self, request: Request) -> Response:
        """The answer to an upload. Raises ApiError and DATABASE_ERRORS."""
        body = upload.Body(request)
        try:
            caller = await self._admission.admit(request, Role.UPLOADER)
            upload.check_headers(request, self._settings.max_upload_bytes)
            key, analyses = parameters.idempotency_key(request), self._analyses(caller)
            await self._look_ahead(request, caller, analyses, key)
            analysis = await self._receive(request, body, key, caller)
        except ClientDisconnect:
            return Response(status_code=499)
        except ApiError as error:
            metrics.REJECTIONS.labels(code=error.code).inc()
            await body.discard()
            raise
        location = f"/v1/analyses/{analysis}"
        return JSONResponse({"id": str(analysis), "status": "queued"}, status_code=202, headers={"location": location})

    async def _receive(self, request: Request, body: upload.Body, key: str | None, caller: Caller) -> uuid.UUID:
        """Receive a video, and accept it unless it was accepted under its key before; the analysis's id."""
        analysis, filename, analyses = uuid.uuid4(), parameters.filename(request), self._analyses(caller)
        arriving = self._footage.directory / f"{analysis}.part"
        digest = hashlib.sha256((filename or "").encode()) if key else None
        try:
            size = await body.save(arriving, self._settings.max_upload_bytes, self._settings.scratch_bytes, digest)
            refuse_empty(size)
            fingerprint = digest.hexdigest() if digest else None
            known = await _sent(analyses, key)
            if known is None:
                place, durable = self._footage.place, self._footage.durable
                version = self._settings.work.version
                new = NewAnalysis(analysis, filename, size, place, durable, version, key, fingerprint)
                known = await self._accept_or_find(new, arriving, caller)
        except RejectedVideoError as error:
            raise rejected(error) from error
        except NotCheckedError as error:
            raise not_checked(error) from error
        finally:
            arriving.unlink(missing_ok=True)
        if known.fingerprint != fingerprint:
            raise parameters.key_reused()
        return known.id

    async def _look_ahead(self, request: Request, caller: Caller, analyses: TeamAnalyses, key: str | None) -> None:
        """Raise ApiError, before a byte of it is read, for a video that has no place, and was not accepted before."""
        if await _sent(analyses, key) is not None:
            return
        try:
            self.gate.check(caller.team)
            await self._check_queue(caller, 1)
            await self._check_quota(caller, request.headers.get("content-length", ""))
        except ApiError:
            # The first try may have been accepted since, and have taken the last place with it.
            if await _sent(analyses, key) is None:
                raise

    async def _accept_or_find(self, new: NewAnalysis, arrived: Path, caller: Caller) -> Sent:
        """What is on record under its key in the end. Raises ApiError, RejectedVideoError, NotCheckedError."""
        analyses = self._analyses(caller)
        try:
            with within_quota():
                # Of a body in chunks nobody knew the size before.
                await ask(CALLER_SECONDS, analyses.expect, new)
            return await self._accept(new, arrived, caller)
        except ApiError:
            found = await _sent(analyses, new.idempotency_key)
            if found is None:
                raise
            return found

    async def _accept(self, new: NewAnalysis, arrived: Path, caller: Caller) -> Sent:
        """Take a place in the queue, check, store and record a video. What is on record under its key in the end."""
        async with AsyncExitStack() as held:
            async with self.gate.turn(caller.team):
                await held.enter_async_context(self.place(caller))
                await self.check(arrived)
            await self._store_video(new.id, arrived)
            with within_quota():
                sent = await self._record(new, self._analyses(caller))
        if sent.id != new.id:
            # The same was sent at the same moment, and came first.
            await self._take_back(new.id)
            return sent
        self.announce(new)
        return sent

    async def check(self, video: Path) -> None:
        """Raise RejectedVideoError or NotCheckedError for a video that is not to be accepted. Within the gate."""
        await probe(video, self._settings.work.analysis.limits)

    def announce(self, new: NewAnalysis) -> None:
        """An analysis is on record."""
        if self._inside is not None:
            self._inside.wake()
        self._sender.tell(Message(CONTRACT, new.id))
        log.info("analysis accepted", analysis_id=str(new.id), bytes=new.size_bytes)

    async def _store_video(self, analysis: uuid.UUID, arrived: Path) -> None:
        try:
            await move(self._footage.keep, analysis, arrived)
        except FootageError as error:
            log.error("video not stored", reason=str(error))  # noqa: TRY400 - the reason says it all
            raise upload.not_stored("cannot store the video") from error

    async def _record(self, new: NewAnalysis, analyses: TeamAnalyses) -> Sent:
        """Record an analysis. When that fails, so that nobody hears of it, it is taken back in the background."""
        try:
            return await ask(CALLER_SECONDS, analyses.add, new)
        except BaseException:
            task = asyncio.create_task(self._take_back(new.id))
            self._taken_back.add(task)
            task.add_done_callback(self._taken_back.discard)
            raise

    async def _take_back(self, analysis: uuid.UUID) -> None:
        """The database may have recorded it all the same, and be away now; a video may be needed that a worker has."""
        try:
            if await settle(lambda: self._store.withdraw(analysis)):
                await move(self._footage.discard, analysis)
        except (*DATABASE_ERRORS, FootageError) as error:
            log.warning("video left behind", analysis_id=str(analysis), reason=reason(error))

    @asynccontextmanager
    async def place(self, caller: Caller) -> AsyncIterator[None]:
        """A place in the queue while an analysis is checked and recorded. Raises ApiError when there is none."""
        self._reserved[caller.team] += 1
        try:
            await self._check_queue(caller, self._reserved.total())
            yield
        finally:
            self._reserved[caller.team] -= 1
            # Of teams that send nothing nothing is kept.
            self._reserved += Counter()

    async def _check_quota(self, caller: Caller, length: str) -> None:
        """Raise ApiError when the video would not be accepted; what is recorded is held to it once more."""
        # What comes in chunks has a byte at least.
        with within_quota():
            await ask(CALLER_SECONDS, self._usage(caller).expect, int(length) if length.isdigit() else 1)

    async def _check_queue(self, caller: Caller, wanted: int) -> None:
        """Raise ApiError when the queue has not so many places left.

        A team of which nothing waits or is analysed always has one: whatever others send shuts nobody out.
        """
        waiting = await ask(CALLER_SECONDS, self._queue.waiting)
        metrics.QUEUE_DEPTH.set(waiting)
        if waiting + wanted > self._settings.queue_size and await self._has_any(caller):
            wait = self._inside.retry_after_seconds if self._inside else _USUAL_SECONDS
            raise ApiError(
                429, "queue_full", f"The queue is full. Try again in {wait} seconds.", {"retry-after": str(wait)}
            )

    async def _has_any(self, caller: Caller) -> bool:
        """Whether something of a caller's team waits, is analysed or is about to be accepted, but one."""
        if self._reserved[caller.team] > 1:
            return True
        return (await ask(CALLER_SECONDS, self._usage(caller).now)).waiting > 0


async def _sent(analyses: TeamAnalyses, key: str | None) -> Sent | None:
    """What was accepted under a key."""
    return await ask(CALLER_SECONDS, analyses.sent_under, key) if key is not None else None
