# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""One piece of work, from the moment it was taken until it has ended or is somebody else's again."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from fastbreak_service import metrics
from fastbreak_service.errors import AnalysisError
from fastbreak_service.footage.ports import FootageError, FootageMissingError
from fastbreak_service.messages.content import Message
from fastbreak_service.store.failures import DATABASE_ERRORS, reason
from fastbreak_service.store.team_analyses import BLUR_CONTRACT, JOIN_CONTRACTS, SEGMENTS_CONTRACT
from fastbreak_service.worker import verdict
from fastbreak_service.worker.covering import Covering
from fastbreak_service.worker.ending import Endings
from fastbreak_service.worker.joining import Joining
from fastbreak_service.worker.looking import Looking
from fastbreak_service.worker.news import News
from fastbreak_service.worker.protocol import INTERNAL, Job
from fastbreak_service.worker.telling import Finished, Stage, Stopwatch
from fastbreak_service.worker.verdict import MISSING, GiveUp, TryAgain
from fastbreak_service.worker.writing import settle

if TYPE_CHECKING:
    from fastbreak_service.segments.cutting import Segment
    from fastbreak_service.store.work import Work
    from fastbreak_service.video.limits import Limits
    from fastbreak_service.worker.ports import Ports

_REFUSED = "The database refused the result; the service's log has the reason. Send the video again when it is mended."
_BROKEN = "The analysis stopped on an error of its own; the service's log has the cause."
log = structlog.get_logger()


class Task:
    """What a worker does with a piece of work, and `news` of it. `mean_seconds` is how long recent analyses took."""

    def __init__(self, ports: Ports, limits: Limits, most_failures: int, segment_seconds: float = 0.0) -> None:
        self._queue, self._records, self._segments = ports.queue, ports.records, ports.segments
        self._footage, self._analyst = ports.footage, ports.analyst
        self._bell, self._tell = ports.bell, ports.tell
        self.news = News(ports.announce)
        self._endings = Endings(ports, self.news)
        self._covering = Covering(ports, limits, most_failures)
        self._looking = Looking(ports, self._endings, limits, most_failures)
        self._joining = Joining(ports, self._endings, self.news, limits, most_failures)
        self._limits = limits
        self._most_failures = most_failures
        self._segment_seconds = segment_seconds
        self.mean_seconds = 10.0

    async def do(self, taken: Work) -> None:
        """Do it, whatever comes of it; only the lease is somebody else's to keep alive."""
        if taken.part is not None:
            await self._looking.do(taken, taken.part)
        elif taken.contract == BLUR_CONTRACT:
            await self._covering.do(taken)
        elif taken.contract in JOIN_CONTRACTS.values():
            await self._joining.do(taken)
        else:
            await self._do_whole(taken)

    async def _do_whole(self, taken: Work) -> None:
        try:
            await self._do(taken)
        except DATABASE_ERRORS as error:
            log.error("database refused", analysis_id=str(taken.analysis), reason=reason(error))  # noqa: TRY400
            await self._endings.break_off(taken, "database_refused", _REFUSED)
        except Exception:
            log.exception("analysis broke off", analysis_id=str(taken.analysis))
            await self._endings.break_off(taken, INTERNAL, _BROKEN)

    async def _do(self, taken: Work) -> None:
        log.info("analysis started", analysis_id=str(taken.analysis), attempt=taken.attempt, failures=taken.failures)
        if not await settle(lambda: self._records.start(taken.analysis, taken.owner, taken.attempt)):
            await self._not_begun(taken)
            return
        if hopeless := verdict.before(taken, self._most_failures):
            await self._endings.give_up(taken, hopeless)
            return
        watch = Stopwatch()
        try:
            with watch.of(Stage.FETCH):
                video = await asyncio.to_thread(self._footage.fetch, taken.analysis)
        except FootageMissingError as error:
            log.error("video missing", analysis_id=str(taken.analysis), reason=str(error))  # noqa: TRY400
            await self._endings.give_up(taken, MISSING)
        except FootageError as error:
            log.warning("video not fetched", analysis_id=str(taken.analysis), reason=str(error))
            await self._try_again(taken, TryAgain(verdict.STORAGE_PAUSE_SECONDS))
        else:
            await self._analyse(taken, video, watch)

    async def _not_begun(self, taken: Work) -> None:
        if await settle(lambda: self._records.ended(taken.analysis)):
            # Whoever ended it had no time to say so to the queue, or to anybody.
            await self._endings.end(taken)
            self.news.tell(taken.analysis)
        else:
            # An attempt with this number or a later one has begun: the next that takes it has one more.
            await self._try_again(taken, TryAgain(verdict.FAILURE_PAUSE_SECONDS))

    async def _analyse(self, taken: Work, video: Path, watch: Stopwatch) -> None:
        measures = self._footage.directory / f"{taken.analysis}.{taken.token}.csv"
        job = Job(str(taken.analysis), str(video), str(measures), self._limits, self._segment_seconds)
        try:
            with watch.of(Stage.ANALYSE):
                result = await self._analyst.analyse(job)
            if isinstance(result, list):
                await self._cut(taken, result)
            else:
                await self._finish(taken, result, job, watch)
        except AnalysisError as error:
            judged = verdict.after(error, taken, self._most_failures)
            await (
                self._endings.give_up(taken, judged) if isinstance(judged, GiveUp) else self._try_again(taken, judged)
            )
        finally:
            measures.unlink(missing_ok=True)
            for beside in (job.poses, job.trails):
                Path(beside).unlink(missing_ok=True)
            self._footage.put_away(video)

    async def _cut(self, taken: Work, cut: list[Segment]) -> None:
        mine = await settle(lambda: self._segments.cut(taken, cut))
        log.info("analysis cut" if mine else "work no longer ours", analysis_id=str(taken.analysis), segments=len(cut))
        if mine:
            there = [Message(SEGMENTS_CONTRACT, taken.analysis, segment.number) for segment in cut]
            await asyncio.to_thread(self._bell.more, there)

    async def _finish(self, taken: Work, result: dict[str, Any], job: Job, watch: Stopwatch) -> None:
        seconds = watch.seconds[Stage.ANALYSE]
        self.mean_seconds = 0.7 * self.mean_seconds + 0.3 * seconds
        with watch.of(Stage.RECORD):
            mine = await self._endings.finish(taken, result, job)
        if not mine:
            return
        video = result["video"]
        told = video["frames"], video["duration_seconds"], video["decode_errors"]
        self._tell(Finished("whole", *told, stages=watch.seconds))
        metrics.ANALYSIS_SECONDS.observe(seconds)
        log.info(
            "analysis finished",
            analysis_id=str(taken.analysis),
            seconds=round(seconds, 3),
            frames=video["frames"],
            persons=len(result["persons"]),
        )
        self.news.tell(taken.analysis)

    async def _try_again(self, taken: Work, judged: TryAgain) -> None:
        log.warning("analysis put back", analysis_id=str(taken.analysis), reason=judged.failure or "storage away")
        await settle(lambda: self._records.wait(taken.analysis, taken.owner))
        await settle(lambda: self._queue.hand_back(taken, judged.after_seconds, judged.failure))
