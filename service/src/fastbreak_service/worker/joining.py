# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The work of joining the segments of a long video: what was seen of them becomes the result of its analysis."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from fastbreak_service.errors import AnalysisError
from fastbreak_service.store.failures import DATABASE_ERRORS, reason
from fastbreak_service.worker import verdict
from fastbreak_service.worker.protocol import INTERNAL, STORAGE, Join
from fastbreak_service.worker.telling import Finished, Stage, Stopwatch
from fastbreak_service.worker.verdict import GiveUp, TryAgain
from fastbreak_service.worker.writing import settle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastbreak_service.store.segments import Ended
    from fastbreak_service.store.work import Work
    from fastbreak_service.video.limits import Limits
    from fastbreak_service.worker.ending import Endings
    from fastbreak_service.worker.news import News
    from fastbreak_service.worker.ports import Ports

_REFUSED = "The database refused the result; the service's log has the reason. Send the video again when it is mended."
_NO_ROOM = "The service had no room to join the parts of the video. Send the video again in a minute."
_BROKEN = "The analysis stopped on an error of its own; the service's log has the cause."
log = structlog.get_logger()


class Joining:
    """What a worker does with such a piece of work."""

    def __init__(self, ports: Ports, endings: Endings, news: News, limits: Limits, most_failures: int) -> None:
        self._queue, self._segments, self._records = ports.queue, ports.segments, ports.records
        self._directory, self._analyst = ports.footage.directory, ports.analyst
        self._endings, self._news, self._told = endings, news, ports.tell
        self._limits = limits
        self._most_failures = most_failures

    async def do(self, taken: Work) -> None:
        """Do it, whatever comes of it; only the lease is somebody else's to keep alive."""
        log.info("joining started", analysis_id=str(taken.analysis), attempt=taken.attempt, failures=taken.failures)
        try:
            await self._do(taken)
        except DATABASE_ERRORS as error:
            log.error("database refused", analysis_id=str(taken.analysis), reason=reason(error))  # noqa: TRY400
            await self._break_off(taken, GiveUp("database_refused", _REFUSED), verdict.STORAGE_PAUSE_SECONDS)
        except Exception:
            log.exception("joining broke off", analysis_id=str(taken.analysis))
            await self._break_off(taken, GiveUp(INTERNAL, _BROKEN), verdict.FAILURE_PAUSE_SECONDS)

    async def _break_off(self, taken: Work, judged: GiveUp, pause_seconds: float) -> None:
        """Leave it to another try, for what was seen of the segments goes with it; after several, give it up."""
        if taken.failures + 1 >= self._most_failures:
            await self._endings.break_off(taken, judged.code, judged.message)
            return
        try:
            await self._hand_back(taken, TryAgain(pause_seconds, judged.message))
        except DATABASE_ERRORS as error:
            # Then the lease runs out by itself.
            log.warning("work not handed back", analysis_id=str(taken.analysis), reason=reason(error))

    async def _do(self, taken: Work) -> None:
        if await settle(lambda: self._records.ended(taken.analysis)):
            # Whoever ended it had no time to say so to the queue, or to anybody.
            found = await settle(lambda: self._segments.ended(taken.analysis))
            await self._endings.end(taken, [_told(one) for one in found if one.code])
            self._news.tell(taken.analysis)
            return
        if hopeless := verdict.before(taken, self._most_failures):
            await self._endings.give_up(taken, hopeless)
            return
        found = await settle(lambda: self._segments.ended(taken.analysis))
        lost = [one for one in found if one.code]
        if lost and len(lost) == len(found):
            ours = not all(verdict.is_videos_fault(one.code) for one in lost)
            why = f"No part of the video could be analysed. The first of {len(lost)}: {lost[0].reason}"
            await self._endings.give_up(taken, GiveUp(lost[0].code or INTERNAL, why, dead_letter=ours))
            return
        try:
            await self._join(taken, found)
        except AnalysisError as error:
            judged = verdict.after(error, taken, self._most_failures)
            if isinstance(judged, GiveUp):
                await self._endings.give_up(taken, judged)
                return
            await self._hand_back(taken, judged)

    async def _hand_back(self, taken: Work, judged: TryAgain) -> None:
        log.warning("joining put back", analysis_id=str(taken.analysis), reason=judged.failure)
        await settle(lambda: self._queue.hand_back(taken, judged.after_seconds, judged.failure))

    async def _join(self, taken: Work, found: Sequence[Ended]) -> None:
        stem = self._directory / f"{taken.analysis}.{taken.token}"
        files = [None if one.code else Path(f"{stem}.{one.segment.number}.segment") for one in found]
        parts = [(one.segment, None if file is None else str(file)) for one, file in zip(found, files, strict=True)]
        job = Join(str(taken.analysis), parts, f"{stem}.csv", self._limits)
        watch = Stopwatch()
        try:
            with watch.of(Stage.FETCH):
                for one, file in zip(found, files, strict=True):
                    if file is not None:
                        await self._fetch(taken, one.segment.number, file)
            with watch.of(Stage.ANALYSE):
                result = await self._analyst.join(job)
            result["missing"] = [_told(one) for one in found if one.code]
            with watch.of(Stage.RECORD):
                mine = await self._endings.finish(taken, result, job)
            if mine:
                # Frames and footage are its segments'.
                self._told(Finished("joined", decode_errors=result["video"]["decode_errors"], stages=watch.seconds))
                self._tell(taken, result)
        except OSError as error:
            log.warning("parts not written", analysis_id=str(taken.analysis), reason=str(error))
            raise AnalysisError(STORAGE, _NO_ROOM) from error
        finally:
            for file in (*files, *map(Path, (job.measures, job.poses, job.trails))):
                if file is not None:
                    file.unlink(missing_ok=True)

    async def _fetch(self, taken: Work, number: int, file: Path) -> None:
        content = await settle(lambda: self._segments.seen(taken.analysis, number))
        await asyncio.to_thread(file.write_bytes, content or b"")

    def _tell(self, taken: Work, result: dict[str, Any]) -> None:
        log.info(
            "analysis finished",
            analysis_id=str(taken.analysis),
            frames=result["video"]["frames"],
            persons=len(result["persons"]),
            missing=len(result["missing"]),
        )
        self._news.tell(taken.analysis)


def _told(one: Ended) -> dict[str, Any]:
    """A missing part as an analysis has it."""
    bounds = {"from_seconds": round(one.segment.start_seconds, 3), "to_seconds": round(one.segment.end_seconds, 3)}
    return {**bounds, "code": one.code, "message": one.reason}
