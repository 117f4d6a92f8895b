# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The work of making persons unknowable in a video: a film of it takes the video's place, or none does.

Whatever goes wrong, the video is shown to nobody before, and does not stay: one in which nobody can be covered goes.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from fastbreak_service.errors import AnalysisError
from fastbreak_service.footage.ports import FootageError, FootageMissingError
from fastbreak_service.store.failures import DATABASE_ERRORS, reason
from fastbreak_service.worker import verdict
from fastbreak_service.worker.protocol import Cover
from fastbreak_service.worker.verdict import TryAgain
from fastbreak_service.worker.writing import settle

if TYPE_CHECKING:
    from pathlib import Path

    from fastbreak_service.store.work import Work
    from fastbreak_service.video.limits import Limits
    from fastbreak_service.worker.ports import Ports

log = structlog.get_logger()


class Covering:
    """What a worker does with such a piece of work."""

    def __init__(self, ports: Ports, limits: Limits, most_failures: int) -> None:
        self._queue, self._coverings = ports.queue, ports.coverings
        self._footage, self._analyst = ports.footage, ports.analyst
        self._limits = limits
        self._most_failures = most_failures

    async def do(self, taken: Work) -> None:
        """Do it, whatever comes of it; only the lease is somebody else's to keep alive."""
        log.info("covering started", analysis_id=str(taken.analysis), attempt=taken.attempt, failures=taken.failures)
        try:
            await self._do(taken)
        except FootageError as error:
            await self._hand_back(taken, TryAgain(verdict.STORAGE_PAUSE_SECONDS), str(error))
        except DATABASE_ERRORS as error:
            await self._hand_back(taken, TryAgain(verdict.STORAGE_PAUSE_SECONDS), reason(error))
        except Exception as error:
            log.exception("covering broke off", analysis_id=str(taken.analysis))
            await self._hand_back(taken, TryAgain(verdict.FAILURE_PAUSE_SECONDS, type(error).__name__), "see above")

    async def _do(self, taken: Work) -> None:
        if taken.failures >= self._most_failures:
            await self._delete(taken, f"tried {taken.failures} times: {taken.reason}")
            return
        try:
            video = await asyncio.to_thread(self._footage.fetch, taken.analysis)
        except FootageMissingError as error:
            await self._delete(taken, str(error))
            return
        film = self._footage.directory / f"{taken.analysis}.{taken.token}.part"
        try:
            await self._cover(taken, video, film)
        except AnalysisError as error:
            judged = verdict.after(error, taken, self._most_failures)
            if isinstance(judged, TryAgain):
                await self._hand_back(taken, judged, error.message)
            else:
                await self._delete(taken, judged.message)
        finally:
            film.unlink(missing_ok=True)
            self._footage.put_away(video)

    async def _cover(self, taken: Work, video: Path, film: Path) -> None:
        persons = await settle(lambda: self._coverings.sightings(taken.analysis))
        unseen = await settle(lambda: self._coverings.unseen(taken.analysis))
        job = Cover(str(taken.analysis), str(video), str(film), persons, unseen, self._limits)
        frames = await self._analyst.cover(job)
        mine = await settle(lambda: self._coverings.covered(taken, lambda: self._footage.replace(taken.analysis, film)))
        self._tell(taken, "video covered" if mine else "covering no longer ours", frames=frames, persons=len(persons))

    async def _delete(self, taken: Work, why: str) -> None:
        """Erase the video: it is not to stay as it is."""
        mine = await settle(lambda: self._coverings.deleted(taken, lambda: self._footage.erase(taken.analysis)))
        self._tell(taken, "video not covered but erased" if mine else "covering no longer ours", reason=why)

    @staticmethod
    def _tell(taken: Work, what: str, **more: object) -> None:
        log.info(what, analysis_id=str(taken.analysis), **more)

    async def _hand_back(self, taken: Work, judged: TryAgain, why: str) -> None:
        log.warning("covering put back", analysis_id=str(taken.analysis), reason=why)
        try:
            await settle(lambda: self._queue.hand_back(taken, judged.after_seconds, judged.failure))
        except DATABASE_ERRORS as error:
            # Then the lease runs out by itself.
            log.warning("work not handed back", analysis_id=str(taken.analysis), reason=reason(error))
