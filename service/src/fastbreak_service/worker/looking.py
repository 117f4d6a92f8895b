# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The work of looking at one segment of a long video. Whoever ends the last one makes the analysis one to be joined.

A segment that takes its workers with it is missing in the end, and so is one for which too little of the work is left
that the analysis may be, which is the video's fault unless work was lost with attempts that came to no end; what else
is wrong with the video fails the analysis.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import structlog

from fastbreak_service.errors import AnalysisError, Rejection
from fastbreak_service.footage.ports import FootageError, FootageMissingError
from fastbreak_service.segments.budget import Used
from fastbreak_service.store.failures import DATABASE_ERRORS, reason
from fastbreak_service.store.team_analyses import SEGMENT_FORMS
from fastbreak_service.worker import verdict
from fastbreak_service.worker.protocol import INTERNAL, Look
from fastbreak_service.worker.telling import Finished, Stage, Stopwatch
from fastbreak_service.worker.verdict import MISSING, GiveUp, TryAgain
from fastbreak_service.worker.writing import settle

if TYPE_CHECKING:
    from pathlib import Path

    from fastbreak_service.store.work import Part, Work
    from fastbreak_service.video.limits import Limits
    from fastbreak_service.worker.ending import Endings
    from fastbreak_service.worker.ports import Ports

_BROKEN = "It stopped on an error of its own; the service's log has the cause."
# What was seen of the longest segment with as many persons as are followed is a tenth of this.
_MOST_BYTES = 1 << 28
_ASK_AGAIN_SECONDS = 1.0
# Meanwhile its worker does something else. Of a long video a thousand may wait.
_PUT_OFF_SECONDS = 15.0
log = structlog.get_logger()


class Looking:
    """What a worker does with such a piece of work."""

    def __init__(self, ports: Ports, endings: Endings, limits: Limits, most_failures: int) -> None:
        self._queue, self._segments, self._records = ports.queue, ports.segments, ports.records
        self._footage, self._analyst = ports.footage, ports.analyst
        self._endings, self._bell, self._tell = endings, ports.bell, ports.tell
        self._limits = limits
        self._most_failures = most_failures

    async def do(self, taken: Work, part: Part) -> None:
        """Do it, whatever comes of it; only the lease is somebody else's to keep alive."""
        segment = part.segment
        self._log(taken, "segment started", attempt=taken.attempt, failures=taken.failures, of=segment.count)
        try:
            if await settle(lambda: self._records.ended(taken.analysis)):
                # Somebody gave it up, and had no time to say so to the queue.
                await self._endings.end(taken)
            elif hopeless := verdict.before(taken, self._most_failures):
                await self._miss(taken, hopeless)
            else:
                await self._do_if_allowed(taken, part)
        except DATABASE_ERRORS as error:
            await self._hand_back(taken, TryAgain(verdict.STORAGE_PAUSE_SECONDS, reason(error)))
        except Exception:
            log.exception("segment broke off", analysis_id=str(taken.analysis), segment=segment.number)
            await self._hand_back(taken, TryAgain(verdict.FAILURE_PAUSE_SECONDS, _BROKEN))

    async def _do(self, taken: Work, part: Part) -> None:
        watch = Stopwatch()
        try:
            with watch.of(Stage.FETCH):
                video = await asyncio.to_thread(self._footage.fetch, taken.analysis)
        except FootageMissingError as error:
            log.error("video missing", analysis_id=str(taken.analysis), reason=str(error))  # noqa: TRY400
            await self._endings.give_up(taken, MISSING)
            return
        except FootageError as error:
            log.warning("video not fetched", analysis_id=str(taken.analysis), reason=str(error))
            await self._hand_back(taken, TryAgain(verdict.STORAGE_PAUSE_SECONDS))
            return
        seen = self._footage.directory / f"{taken.analysis}.{taken.token}.segment"
        job = Look(
            str(taken.analysis), str(video), part.segment, str(seen), self._limits, SEGMENT_FORMS[taken.contract]
        )
        try:
            with watch.of(Stage.ANALYSE):
                frames, spent = await self._analyst.look(job, lambda *used: self._allow(taken, Used(*used)))
            with watch.of(Stage.RECORD):
                mine = await self._keep(taken, seen, spent, frames)
            if mine:
                footage = part.segment.end_seconds - part.segment.start_seconds
                self._tell(Finished("segment", frames, footage, stages=watch.seconds))
        except AnalysisError as error:
            await self._judge(taken, error)
        finally:
            seen.unlink(missing_ok=True)
            self._footage.put_away(video)

    async def _allow(self, taken: Work, used: Used) -> float:
        """How much work the segment may be in all. Until that is known, it waits for those before it."""
        limit = self._limits.max_work_seconds
        while (found := await settle(partial(self._segments.allow, taken, used, limit))) is None:
            await asyncio.sleep(_ASK_AGAIN_SECONDS)
            used = replace(used, waited_seconds=used.waited_seconds + _ASK_AGAIN_SECONDS)
        return found

    async def _keep(self, taken: Work, seen: Path, spent: float, frames: int) -> bool:
        if seen.stat().st_size > _MOST_BYTES:
            raise AnalysisError(INTERNAL, f"More was seen of it than the {_MOST_BYTES} bytes that are kept.")
        content = await asyncio.to_thread(seen.read_bytes)
        mine = await settle(lambda: self._segments.saw(taken, content, spent))
        self._log(taken, "segment finished" if mine else "segment no longer ours", frames=frames, bytes=len(content))
        return mine

    async def _judge(self, taken: Work, error: AnalysisError) -> None:
        judged = verdict.after(error, taken, self._most_failures)
        if isinstance(judged, TryAgain):
            await self._hand_back(taken, judged)
        elif judged.code == Rejection.TOO_MUCH_WORK:
            await self._run_out(taken)
        elif verdict.is_videos_fault(judged.code):
            await self._endings.give_up(taken, judged)
        else:
            await self._miss(taken, judged)

    async def _do_if_allowed(self, taken: Work, part: Part) -> None:
        """Do it if it may be some work now. Nobody waits here for what others may give back."""
        limit = self._limits.max_work_seconds
        found = await settle(partial(self._segments.allow, taken, Used(0.0, 0), limit))
        if found is None:
            self._log(taken, "segment put off", reason="those before it may need the work that is left")
            await settle(lambda: self._queue.put_off(taken, _PUT_OFF_SECONDS))
        elif found > 0:
            await self._do(taken, part)
        else:
            await self._run_out(taken)

    async def _run_out(self, taken: Work) -> None:
        lost = await settle(lambda: self._segments.lost(taken.analysis))
        await self._miss(taken, _ran_out(taken, self._limits.max_work_seconds, lost=lost))

    async def _miss(self, taken: Work, judged: GiveUp) -> None:
        mine = await settle(lambda: self._segments.miss(taken, judged.code, judged.message))
        self._log(taken, "segment missing" if mine else "segment no longer ours", code=judged.code)
        if mine and not verdict.is_videos_fault(judged.code):
            await asyncio.to_thread(self._bell.dead, taken, judged.code)

    async def _hand_back(self, taken: Work, judged: TryAgain) -> None:
        self._log(taken, "segment put back", reason=judged.failure or "storage away")
        try:
            await settle(lambda: self._queue.hand_back(taken, judged.after_seconds, judged.failure))
        except DATABASE_ERRORS as error:
            # Then the lease runs out by itself.
            log.warning("work not handed back", analysis_id=str(taken.analysis), reason=reason(error))

    @staticmethod
    def _log(taken: Work, what: str, **more: object) -> None:
        number = taken.part.segment.number if taken.part else None
        log.info(what, analysis_id=str(taken.analysis), segment=number, **more)


def _ran_out(taken: Work, limit_seconds: float, *, lost: bool) -> GiveUp:
    """Why a segment is missing for which no work was left."""
    begun = f"{verdict.what(taken)} was not analysed to its end: "
    most = f"{limit_seconds:g} seconds of work, the most that is done for a video"
    if lost:
        why = f"of the {most}, some was lost with processes that ended in the middle of a part. Send the video again; "
        why += "if that is of no use, re-encode it or make it smaller."
        return GiveUp(verdict.DIED, begun + why)
    why = f"all parts of the video together make more than {most}. Cut the video to the part of interest, "
    return GiveUp(Rejection.TOO_MUCH_WORK, f"{begun}{why}or scale it down.")
