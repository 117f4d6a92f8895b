# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""How an analysis ends: its record first, then its work, then its video. A dead letter is made with the record."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from fastbreak_service import metrics
from fastbreak_service.footage.ports import FootageError
from fastbreak_service.store.failures import DATABASE_ERRORS, reason
from fastbreak_service.worker.verdict import GiveUp, is_videos_fault
from fastbreak_service.worker.writing import settle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastbreak_service.store.work import Work
    from fastbreak_service.worker.news import News
    from fastbreak_service.worker.ports import Ports
    from fastbreak_service.worker.protocol import Job, Join

_INCOMPLETE = "parts_missing"
log = structlog.get_logger()


class Endings:
    """The ends of analyses, which `news` tells of."""

    def __init__(self, ports: Ports, news: News) -> None:
        self._queue, self._records, self._footage = ports.queue, ports.records, ports.footage
        self._bell = ports.bell
        self._news = news

    async def finish(self, taken: Work, result: dict[str, Any], job: Job | Join) -> bool:
        """Record a result; False when the analysis is no longer ours.

        Work of which a part is missing stays, as a dead letter, unless it is the video's fault.
        """
        kept, dead = Path(job.trails), _reason_of(result.get("missing") or ())
        what = (taken.analysis, taken.owner, result, Path(job.measures), Path(job.poses), taken, kept, dead)
        if not await settle(lambda: self._records.finish(*what)):
            log.warning("analysis no longer ours", analysis_id=str(taken.analysis))
            return False
        await (self._dead(taken, _INCOMPLETE) if dead else self.end(taken))
        metrics.ANALYSES.labels(outcome="succeeded").inc()
        metrics.FRAMES.inc(result["video"]["frames"])
        return True

    async def end(self, taken: Work, missing: Sequence[dict[str, Any]] = ()) -> None:
        """The analysis has ended: its place in the queue is needed no more, and its video only to be looked at.

        Of one of which parts are `missing` a worker of a release before may have made no dead letter yet.
        """
        if dead := _reason_of(missing):
            await self._bury(taken, dead)
        elif await settle(lambda: self._queue.done(taken)):
            await self._retire(taken)

    async def give_up(self, taken: Work, judged: GiveUp) -> None:
        """Record that it has failed."""
        metrics.ANALYSES.labels(outcome=judged.code).inc()
        log.warning("analysis failed", analysis_id=str(taken.analysis), code=judged.code, dead=judged.dead_letter)
        said = (judged.code, judged.message)
        dead = judged.dead_letter
        if not await settle(lambda: self._records.fail(taken.analysis, taken.owner, *said, taken, dead=dead)):
            log.warning("analysis no longer ours", analysis_id=str(taken.analysis))
            return
        await (self._dead(taken, judged.code) if dead else self.end(taken))
        self._news.tell(taken.analysis)

    async def break_off(self, taken: Work, code: str, message: str) -> None:
        """Give it up for what is no fault of the video, if that can be recorded."""
        try:
            await self.give_up(taken, GiveUp(code, message))
        except DATABASE_ERRORS as error:
            log.error(  # noqa: TRY400 - the reason says it all
                "failure could not be recorded", analysis_id=str(taken.analysis), reason=reason(error)
            )

    async def _bury(self, taken: Work, why: str) -> None:
        if await settle(lambda: self._queue.bury(taken, why)):
            await self._dead(taken, _INCOMPLETE)

    async def _dead(self, taken: Work, code: str) -> None:
        """It is a dead letter, of this kind; the video stays to be looked at all the same."""
        await asyncio.to_thread(self._bell.dead, taken, code)
        await self._retire(taken)

    async def _retire(self, taken: Work) -> None:
        try:
            await asyncio.to_thread(self._footage.retire, taken.analysis)
        except FootageError as error:
            log.warning("video not put aside", analysis_id=str(taken.analysis), reason=str(error))


def _reason_of(missing: Sequence[dict[str, Any]]) -> str:
    """Why work of which parts are missing is a dead letter; empty where all of that is the video's fault."""
    ours = any(not is_videos_fault(part["code"]) for part in missing)
    return f"{len(missing)} parts are missing: {list(missing)}" if ours else ""
