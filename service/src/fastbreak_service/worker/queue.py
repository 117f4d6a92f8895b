# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The analyses that this replica has accepted: waiting, running, and kept alive in the database."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import structlog

from fastbreak_service import metrics
from fastbreak_service.errors import AnalysisError
from fastbreak_service.store.failures import DATABASE_ERRORS, is_away, reason, was_cut_off
from fastbreak_service.worker.protocol import Job

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from uuid import UUID

    from fastbreak_service.store.analyses import AnalysisStore
    from fastbreak_service.video.limits import Limits
    from fastbreak_service.worker.client import Worker

_BEAT_SECONDS = 5.0
# Others' analyses are judged only after half a minute of contact: right after an outage every heartbeat looks old.
_BEATS_BEFORE_JUDGING = 6
_RETRY_SECONDS = 2.0
# A database that has been away for longer than this has lost more than one result.
_OUTAGE_SECONDS = 3600.0
# A write that runs into its time limit (minutes) this often will do so again.
_CUT_OFFS = 3
_LOOK_SECONDS = 1.0
_now = time.monotonic
_REFUSED = "The database refused the result; the service's log has the reason. Send the video again when it is mended."
_BROKEN = "The analysis stopped on an error of its own; the service's log has the cause."
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Accepted:
    """An analysis to do: its id and the directory that holds its video; both go when it is done."""

    id: UUID
    video: Path
    limits: Limits

    @property
    def measures(self) -> Path:
        """The CSV file that the worker fills."""
        return self.video.with_suffix(".csv")

    def discard(self) -> None:
        """Delete the files."""
        self.video.unlink(missing_ok=True)
        self.measures.unlink(missing_ok=True)


class AnalysisQueue:
    """Runs accepted analyses one after another on the worker. Lives on one event loop."""

    def __init__(self, store: AnalysisStore, worker: Worker, owner: str, size: int) -> None:
        self._store = store
        self._worker = worker
        self._owner = owner
        self._size = size
        self._reserved = 0
        self._waiting: asyncio.Queue[Accepted] = asyncio.Queue()
        self._unfinished: dict[UUID, Accepted] = {}
        self._idle = asyncio.Event()
        self._idle.set()
        self._mean_seconds = 10.0

    def reserve(self) -> bool:
        """Take a place for an analysis whose video has arrived; False when the queue is full."""
        if self.full:
            return False
        self._reserved += 1
        metrics.QUEUE_DEPTH.set(self._reserved)
        return True

    @property
    def full(self) -> bool:
        """Whether every place is taken."""
        return self._reserved >= self._size

    def release(self) -> None:
        """Give back a place: the analysis was refused, or has begun."""
        self._reserved -= 1
        metrics.QUEUE_DEPTH.set(self._reserved)

    @property
    def retry_after_seconds(self) -> int:
        """When a place is likely to be free: after one analysis of the recent mean duration."""
        return max(1, min(300, round(self._mean_seconds)))

    def accept(self, accepted: Accepted) -> None:
        """Queue an analysis, for which a place was reserved."""
        self._unfinished[accepted.id] = accepted
        self._idle.clear()
        self._waiting.put_nowait(accepted)

    async def run(self) -> None:
        """Do analyses for ever."""
        while True:
            accepted = await self._next()
            self.release()
            try:
                await self._do(accepted)
            except DATABASE_ERRORS as error:
                log.error(  # noqa: TRY400 - the reason says it all
                    "database refused", analysis_id=str(accepted.id), reason=reason(error)
                )
                await self._break_off(accepted.id, "database_refused", _REFUSED)
            except Exception:
                log.exception("analysis broke off", analysis_id=str(accepted.id))
                await self._break_off(accepted.id, "internal_error", _BROKEN)
            finally:
                accepted.discard()
                self._unfinished.pop(accepted.id, None)
                if not self._unfinished:
                    self._idle.set()

    async def keep_alive(self) -> None:
        """Say for ever that this replica works on its analyses, and fail those whose replica says no more."""
        beats = 0
        while True:
            try:
                await asyncio.to_thread(self._store.beat, list(self._unfinished), self._owner)
                beats += 1
                if beats >= _BEATS_BEFORE_JUDGING:
                    for analysis in await asyncio.to_thread(self._store.fail_abandoned):
                        metrics.ANALYSES.labels(outcome="interrupted").inc()
                        log.warning("analysis interrupted", analysis_id=str(analysis))
            except DATABASE_ERRORS as error:
                beats = 0
                log.warning("heartbeat failed", reason=reason(error), away=is_away(error))
            await asyncio.sleep(_BEAT_SECONDS)

    async def drain(self, seconds: float) -> None:
        """Wait until nothing is left to do, or until the time is up; then record what is left as interrupted."""
        try:
            async with asyncio.timeout(seconds):
                await self._idle.wait()
        except TimeoutError:
            message = "The service was stopped. Send the video again."
            for analysis in list(self._unfinished):
                write = partial(self._store.fail, analysis, self._owner, "interrupted", message)
                await self._settle(write, tries=3)

    async def _next(self) -> Accepted:
        """The next analysis. Looks after the worker meanwhile: one that died idle is started again."""
        while True:
            await self._keep_worker()
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS):
                    return await self._waiting.get()

    async def _keep_worker(self) -> None:
        while not self._worker.ready:
            try:
                await self._worker.start()
            except (AnalysisError, TimeoutError, OSError) as error:
                log.error("worker did not start", reason=str(error) or type(error).__name__)  # noqa: TRY400
                await asyncio.sleep(_RETRY_SECONDS)

    async def _do(self, accepted: Accepted) -> None:
        analysis = accepted.id
        log.info("analysis started", analysis_id=str(analysis))
        if not await self._settle(lambda: self._store.start(analysis, self._owner)):
            log.warning("analysis no longer ours", analysis_id=str(analysis))
            return
        started = time.monotonic()
        job = Job(str(analysis), str(accepted.video), str(accepted.measures), accepted.limits)
        try:
            result = await self._worker.analyse(job)
        except AnalysisError as error:
            code, message = error.code, error.message
            metrics.ANALYSES.labels(outcome=code).inc()
            log.warning("analysis failed", analysis_id=str(analysis), code=code)
            await self._settle(lambda: self._store.fail(analysis, self._owner, code, message))
            return
        elapsed = time.monotonic() - started
        self._mean_seconds = 0.7 * self._mean_seconds + 0.3 * elapsed
        if not await self._settle(lambda: self._store.finish(analysis, self._owner, result, accepted.measures)):
            log.warning("analysis no longer ours", analysis_id=str(analysis))
            return
        metrics.ANALYSES.labels(outcome="succeeded").inc()
        metrics.ANALYSIS_SECONDS.observe(elapsed)
        metrics.FRAMES.inc(result["video"]["frames"])
        log.info(
            "analysis finished",
            analysis_id=str(analysis),
            seconds=round(elapsed, 3),
            frames=result["video"]["frames"],
            persons=len(result["persons"]),
        )

    async def _break_off(self, analysis: UUID, code: str, message: str) -> None:
        metrics.ANALYSES.labels(outcome=code).inc()
        try:
            await self._settle(lambda: self._store.fail(analysis, self._owner, code, message))
        except DATABASE_ERRORS as error:
            log.error(  # noqa: TRY400 - the reason says it all
                "failure could not be recorded", analysis_id=str(analysis), reason=reason(error)
            )

    async def _settle(self, write: Callable[[], bool], tries: int | None = None) -> bool:
        """Write to the database, again and again while it is away: an hour's analysis must outlive its restart.

        Raises what the database raises when it refuses, or when it has been away for an hour.
        """
        attempt, begun = 0, _now()
        while True:
            attempt += 1
            try:
                return await asyncio.to_thread(write)
            except DATABASE_ERRORS as error:
                log.warning("database write failed", reason=reason(error), attempt=attempt, away=is_away(error))
                spent = _now() - begun > _OUTAGE_SECONDS or (was_cut_off(error) and attempt >= _CUT_OFFS)
                if tries is not None and (attempt >= tries or not is_away(error)):
                    return False
                if spent or not is_away(error):
                    raise
                await asyncio.sleep(_RETRY_SECONDS)
