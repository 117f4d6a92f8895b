# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""One worker's life: take work, keep its lease alive, analyse, record what came of it, and stop when told."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import structlog

from fastbreak_service import metrics
from fastbreak_service.errors import AnalysisError
from fastbreak_service.footage.ports import FootageError
from fastbreak_service.store.failures import DATABASE_ERRORS, is_away, reason
from fastbreak_service.worker.writing import RETRY_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastbreak_service.store.work import Work
    from fastbreak_service.worker.ports import Ports
    from fastbreak_service.worker.task import Task

_BEATS_A_LEASE = 6
# Others' work is judged only after a lease's time of contact: right after an outage every lease looks old.
_BEATS_BEFORE_JUDGING = _BEATS_A_LEASE
_BEATS_BETWEEN_TIDYING = 720
_LEAVE_SECONDS = 5.0
_STOPPED = "The service was stopped. Send the video again."
log = structlog.get_logger()


class WorkLoop:
    """Does one analysis after another. Lives on one event loop. `pulse` is called while it can analyse."""

    def __init__(
        self,
        ports: Ports,
        task: Task,
        lease_seconds: float,
        pulse: Callable[[], None] = lambda: None,
    ) -> None:
        self._queue, self._records = ports.queue, ports.records
        self._footage, self._analyst = ports.footage, ports.analyst
        self._bell = ports.bell
        self._task = task
        self._beat_seconds = lease_seconds / _BEATS_A_LEASE
        self._pulse = pulse
        self._current: Work | None = None
        self._judging = False
        self._draining = False
        self._busy = False
        self._idle = asyncio.Event()
        self._more = asyncio.Event()

    @property
    def ready(self) -> bool:
        """Whether it can analyse at once."""
        return self._analyst.ready

    @property
    def retry_after_seconds(self) -> int:
        """When a place in a full queue is likely to be free: after one analysis of the recent mean duration."""
        return max(1, min(300, round(self._task.mean_seconds)))

    def wake(self) -> None:
        """There is more to do: look at once, not in a second."""
        self._more.set()

    async def run(self) -> None:
        """Do analyses until this is cancelled."""
        while True:
            await self._keep_analyst()
            self._more.clear()
            if self._draining and self._footage.durable:
                self._rest()
                # Whoever drains ends this.
                await self._more.wait()
                continue
            self._busy = True
            taken = await self._take()
            if taken is not None:
                await self._task.do(taken)
                self._current = None
                await asyncio.to_thread(self._bell.ended)
            self._busy = False
            if not (self._draining and self._footage.durable):
                await self._bell.wait(self._more, busy=taken is not None)

    async def keep_alive(self) -> None:
        """Keep leases and heartbeats alive until this is cancelled, and judge those who keep none."""
        beats = 0
        while True:
            if self.ready:
                self._pulse()
            try:
                await asyncio.to_thread(self._beat)
                beats += 1
                self._judging = beats >= _BEATS_BEFORE_JUDGING
                if beats % _BEATS_BETWEEN_TIDYING == _BEATS_BEFORE_JUDGING:
                    await asyncio.to_thread(self._tidy)
                if self._judging:
                    for analysis in await asyncio.to_thread(self._records.fail_abandoned):
                        metrics.ANALYSES.labels(outcome="interrupted").inc()
                        log.warning("analysis interrupted", analysis_id=str(analysis))
            except DATABASE_ERRORS as error:
                beats, self._judging = 0, False
                log.warning("heartbeat failed", reason=reason(error), away=is_away(error))
            await asyncio.sleep(self._beat_seconds)

    async def drain(self, seconds: float, running: asyncio.Task[None]) -> None:
        """Come to an end within some seconds: `running` is the task of `run`, which is cancelled.

        Of videos that outlive this process, the running analysis is finished or else handed back. Of others, all are
        finished, or else fail as interrupted.
        """
        self._draining = True
        self._rest()
        self.wake()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._idle.wait()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await asyncio.gather(self._part(), self._task.news.told(_LEAVE_SECONDS))
        await asyncio.to_thread(self._bell.stop)

    async def _part(self) -> None:
        """Leave what is not done to others."""
        if self._idle.is_set():
            return
        try:
            async with asyncio.timeout(_LEAVE_SECONDS):
                await asyncio.to_thread(self._leave)
        except (*DATABASE_ERRORS, TimeoutError) as error:
            # Then the lease runs out by itself.
            log.warning("work not handed back", reason=reason(error))

    def _rest(self) -> None:
        """Nothing is being done; with videos that outlive this process, a drain needs no more."""
        if self._draining and self._footage.durable and not self._busy:
            self._idle.set()

    def _leave(self) -> None:
        taken = self._current
        if not self._footage.durable:
            for analysis in self._records.fail_all(self._footage.place, "interrupted", _STOPPED):
                log.warning("analysis interrupted", analysis_id=str(analysis))
        elif taken is not None:
            if taken.group is None:
                self._records.wait(taken.analysis, taken.owner)
            self._queue.hand_back(taken, 0)
            what = {} if taken.part is None else {"segment": taken.part.segment.number}
            log.info("analysis handed back", analysis_id=str(taken.analysis), **what)

    def _beat(self) -> None:
        taken = self._current
        if taken is not None and not self._queue.extend(taken) and self._current is taken:
            log.warning("lease lost", analysis_id=str(taken.analysis))
        if not self._footage.durable:
            self._records.beat(self._footage.place)

    def _tidy(self) -> None:
        """Delete what nobody needs: old entries of the audit trail, and videos.

        Videos that were kept for long enough, or of a process killed before it recorded them.
        """
        # None of it keeps the others from being done, nor whoever calls from judging who is dead.
        for what, tidy in (("audit trail", self._shorten), ("videos", self._delete_videos)):
            try:
                tidy()
            except (*DATABASE_ERRORS, FootageError) as error:
                log.warning("not tidied up", what=what, reason=reason(error))

    def _shorten(self) -> None:
        if forgotten := self._records.forget_old():
            log.info("audit trail shortened", entries=forgotten)

    def _delete_videos(self) -> None:
        for analysis in self._queue.unneeded(self._footage.strays()):
            self._footage.discard(analysis)
            log.info("video deleted", analysis_id=str(analysis))

    async def _keep_analyst(self) -> None:
        """Look after the process that analyses: one that died idle is started again."""
        while not self._analyst.ready and not self._draining:
            try:
                await self._analyst.start()
            except (AnalysisError, TimeoutError, OSError) as error:
                log.error("worker did not start", reason=str(error) or type(error).__name__)  # noqa: TRY400
                await asyncio.sleep(RETRY_SECONDS)

    async def _take(self) -> Work | None:
        try:
            self._current = await asyncio.to_thread(self._next)
        except DATABASE_ERRORS as error:
            log.warning("no work taken", reason=reason(error), away=is_away(error))
            return None
        except Exception:
            log.exception("no work taken")
            return None
        # What was taken is ours, whatever comes of this.
        try:
            await self._look_at_the_queue()
        except DATABASE_ERRORS as error:
            log.warning("queue not counted", reason=reason(error), away=is_away(error))
        except Exception:
            log.exception("queue not counted")
        return self._current

    def _next(self) -> Work | None:
        try:
            taken = self._queue.take(abandoned=self._judging)
        except Exception:
            self._bell.failed()
            raise
        # Its lease is kept alive from here on, however long a queue takes to answer, and whatever it says.
        self._current = taken
        try:
            self._bell.found(taken)
        except Exception:
            log.exception("message not judged")
        return taken

    async def _look_at_the_queue(self) -> None:
        """Tell how much waits; a drain with nothing left has come to its end."""
        metrics.QUEUE_DEPTH.set(await asyncio.to_thread(self._queue.waiting))
        if self._current is None and self._draining and await asyncio.to_thread(self._queue.left) == 0:
            self._idle.set()
