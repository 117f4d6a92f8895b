# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""One piece of work, from the moment it was taken until it has ended or is somebody else's again."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from fastbreak_service import metrics
from fastbreak_service.errors import AnalysisError
from fastbreak_service.footage.ports import FootageError, FootageMissingError
from fastbreak_service.store.failures import DATABASE_ERRORS, reason
from fastbreak_service.store.team_analyses import BLUR_CONTRACT
from fastbreak_service.worker import verdict
from fastbreak_service.worker.covering import Covering
from fastbreak_service.worker.news import News
from fastbreak_service.worker.protocol import INTERNAL, Job
from fastbreak_service.worker.verdict import GiveUp, TryAgain
from fastbreak_service.worker.writing import settle

if TYPE_CHECKING:
    from fastbreak_service.store.work import Work
    from fastbreak_service.video.limits import Limits
    from fastbreak_service.worker.ports import Ports

_REFUSED = "The database refused the result; the service's log has the reason. Send the video again when it is mended."
_BROKEN = "The analysis stopped on an error of its own; the service's log has the cause."
_MISSING = "The video is no longer in the service's storage. Send it again."
log = structlog.get_logger()


class Task:
    """What a worker does with a piece of work, and `news` of it. `mean_seconds` is how long recent analyses took."""

    def __init__(self, ports: Ports, limits: Limits, most_failures: int) -> None:
        self._queue, self._records = ports.queue, ports.records
        self._footage, self._analyst = ports.footage, ports.analyst
        self._covering = Covering(ports, limits, most_failures)
        self.news = News(ports.announce)
        self._limits = limits
        self._most_failures = most_failures
        self.mean_seconds = 10.0

    async def do(self, taken: Work) -> None:
        """Do it, whatever comes of it; only the lease is somebody else's to keep alive."""
        if taken.contract == BLUR_CONTRACT:
            await self._covering.do(taken)
            return
        try:
            await self._do(taken)
        except DATABASE_ERRORS as error:
            log.error("database refused", analysis_id=str(taken.analysis), reason=reason(error))  # noqa: TRY400
            await self._break_off(taken, "database_refused", _REFUSED)
        except Exception:
            log.exception("analysis broke off", analysis_id=str(taken.analysis))
            await self._break_off(taken, INTERNAL, _BROKEN)

    async def _do(self, taken: Work) -> None:
        log.info("analysis started", analysis_id=str(taken.analysis), attempt=taken.attempt, failures=taken.failures)
        if not await settle(lambda: self._records.start(taken.analysis, taken.owner, taken.attempt)):
            # It has ended, and whoever did it had no time to say so to the queue, or to anybody.
            await self._end(taken)
            self.news.tell(taken.analysis)
            return
        if hopeless := verdict.before(taken, self._most_failures):
            await self._give_up(taken, hopeless)
            return
        try:
            video = await asyncio.to_thread(self._footage.fetch, taken.analysis)
        except FootageMissingError as error:
            log.error("video missing", analysis_id=str(taken.analysis), reason=str(error))  # noqa: TRY400
            await self._give_up(taken, GiveUp("video_missing", _MISSING))
        except FootageError as error:
            log.warning("video not fetched", analysis_id=str(taken.analysis), reason=str(error))
            await self._try_again(taken, TryAgain(verdict.STORAGE_PAUSE_SECONDS))
        else:
            await self._analyse(taken, video)

    async def _analyse(self, taken: Work, video: Path) -> None:
        measures = self._footage.directory / f"{taken.analysis}.{taken.token}.csv"
        started = time.monotonic()
        job = Job(str(taken.analysis), str(video), str(measures), self._limits)
        try:
            result = await self._analyst.analyse(job)
            await self._finish(taken, result, job, time.monotonic() - started)
        except AnalysisError as error:
            judged = verdict.after(error, taken, self._most_failures)
            await (self._give_up(taken, judged) if isinstance(judged, GiveUp) else self._try_again(taken, judged))
        finally:
            measures.unlink(missing_ok=True)
            Path(job.poses).unlink(missing_ok=True)
            self._footage.put_away(video)

    async def _finish(self, taken: Work, result: dict[str, Any], job: Job, seconds: float) -> None:
        self.mean_seconds = 0.7 * self.mean_seconds + 0.3 * seconds
        rows, poses = Path(job.measures), Path(job.poses)
        if not await settle(lambda: self._records.finish(taken.analysis, taken.owner, result, rows, poses)):
            log.warning("analysis no longer ours", analysis_id=str(taken.analysis))
            return
        await self._end(taken)
        metrics.ANALYSES.labels(outcome="succeeded").inc()
        metrics.ANALYSIS_SECONDS.observe(seconds)
        metrics.FRAMES.inc(result["video"]["frames"])
        log.info(
            "analysis finished",
            analysis_id=str(taken.analysis),
            seconds=round(seconds, 3),
            frames=result["video"]["frames"],
            persons=len(result["persons"]),
        )
        self.news.tell(taken.analysis)

    async def _end(self, taken: Work) -> None:
        """The analysis has ended: its place in the queue is needed no more, and its video only to be looked at."""
        if await settle(lambda: self._queue.done(taken)):
            await self._retire(taken)

    async def _retire(self, taken: Work) -> None:
        try:
            await asyncio.to_thread(self._footage.retire, taken.analysis)
        except FootageError as error:
            log.warning("video not put aside", analysis_id=str(taken.analysis), reason=str(error))

    async def _give_up(self, taken: Work, judged: GiveUp) -> None:
        metrics.ANALYSES.labels(outcome=judged.code).inc()
        log.warning("analysis failed", analysis_id=str(taken.analysis), code=judged.code, dead=judged.dead_letter)
        if not await settle(lambda: self._records.fail(taken.analysis, taken.owner, judged.code, judged.message)):
            log.warning("analysis no longer ours", analysis_id=str(taken.analysis))
            return
        if not judged.dead_letter:
            await self._end(taken)
        elif await settle(lambda: self._queue.bury(taken, judged.message)):
            await self._retire(taken)
        self.news.tell(taken.analysis)

    async def _try_again(self, taken: Work, judged: TryAgain) -> None:
        log.warning("analysis put back", analysis_id=str(taken.analysis), reason=judged.failure or "storage away")
        await settle(lambda: self._records.wait(taken.analysis, taken.owner))
        await settle(lambda: self._queue.hand_back(taken, judged.after_seconds, judged.failure))

    async def _break_off(self, taken: Work, code: str, message: str) -> None:
        try:
            await self._give_up(taken, GiveUp(code, message))
        except DATABASE_ERRORS as error:
            log.error(  # noqa: TRY400 - the reason says it all
                "failure could not be recorded", analysis_id=str(taken.analysis), reason=reason(error)
            )
