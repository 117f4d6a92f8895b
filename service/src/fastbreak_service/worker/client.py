# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The server's side of the worker: start it, hand it videos, notice when it dies or takes too long."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

import structlog

from fastbreak_service.errors import AnalysisError, NotCheckedError, RejectedVideoError, Rejection
from fastbreak_service.segments.cutting import segment_of
from fastbreak_service.vision.precision import Precision
from fastbreak_service.worker.confine import environment
from fastbreak_service.worker.protocol import allowed_line, parse_event, parse_verdict

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

    from fastbreak_service.segments.cutting import Segment
    from fastbreak_service.video.limits import Limits
    from fastbreak_service.worker.protocol import AnyJob, Cover, Job, Join, Look

    type Allow = Callable[[float, int], Awaitable[float]]

# Nothing is lost by waiting for long: without its networks the service is not ready anyway.
_LOAD_SECONDS = 300
_PROBE_SECONDS = 45
_LINE_BYTES = 1 << 24
# Sums of seconds are floating.
_NEARLY_SECONDS = 1e-6
log = structlog.get_logger()


class WorkerDiedError(AnalysisError):
    """The worker ended in the middle of an analysis."""

    def __init__(self, how: str) -> None:
        super().__init__(
            "worker_died",
            f"The process that analysed this video ended in the middle ({how}). The video may be damaged in a way that "
            "breaks the decoder, or the machine ran out of memory. Re-encode the video, or make it smaller.",
        )


class AnalysisTimeoutError(AnalysisError):
    """An analysis took longer than it may."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            "timed_out",
            f"The analysis did not finish within {seconds:g} seconds. Cut the video to the part of interest.",
        )


class Worker:
    """One worker process, started again whenever it died. One analysis at a time."""

    def __init__(
        self, models: Path, scratch: Path, timeout_seconds: float, precision: Precision = Precision.F32
    ) -> None:
        self._models = models
        self._precision = precision
        self._scratch = scratch
        self._timeout = timeout_seconds
        self._process: Process | None = None
        self._ready = False

    @property
    def ready(self) -> bool:
        """Whether the process runs and has loaded its networks."""
        return self._ready and self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int | None:
        """The process's id while it runs."""
        return self._process.pid if self._process and self._process.returncode is None else None

    async def start(self) -> None:
        """Start the process unless it runs, and wait until it has loaded. Raises WorkerDiedError, TimeoutError."""
        if self.ready:
            return
        await self.stop()
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "fastbreak_service.worker.process",
            str(self._models),
            str(self._scratch),
            self._precision,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=environment(os.environ),
            limit=_LINE_BYTES,
        )
        async with asyncio.timeout(_LOAD_SECONDS):
            event = await self._event(self._process)
        if event["event"] != "ready":
            raise WorkerDiedError("it did not begin as a worker does")
        self._ready = True
        say = log.info if event["offline"] else log.warning
        say("worker started", worker_pid=self._process.pid, offline=event["offline"], files_confined=event["files"])

    async def stop(self) -> None:
        """End the process, if there is one."""
        process, self._process, self._ready = self._process, None, False
        if process is None:
            return
        if process.returncode is None:
            process.kill()
        await process.wait()

    async def analyse(self, job: Job) -> dict[str, Any] | list[Segment]:
        """The result of a job, or the segments of a video that is to be cut.

        Raises AnalysisError; after a death or a timeout the next call starts a new process.
        """
        event = await self._done(job, "done", "cut")
        if event["event"] == "cut":
            return [segment_of(content) for content in event["segments"]]
        result: dict[str, Any] = event["result"]
        return result

    async def look(self, job: Look, allow: Allow) -> tuple[int, float]:
        """Have a segment looked at; its frames, and the work they were, in estimated seconds. Raises as `analyse`.

        `allow` says how much work it may be in all, and is asked with the work and the frames so far. While it thinks
        the time does not count.
        """
        event = await self._done(job, "looked", allow=allow)
        return int(event["frames"]), float(event["spent_seconds"])

    async def join(self, job: Join) -> dict[str, Any]:
        """The result of all segments together. Raises as `analyse`."""
        result: dict[str, Any] = (await self._done(job, "done"))["result"]
        return result

    async def cover(self, job: Cover) -> int:
        """Have a film written in which persons are covered; how many frames it has. Raises as `analyse`."""
        return int((await self._done(job, "covered"))["frames"])

    async def _done(self, job: AnyJob, *kinds: str, allow: Allow | None = None) -> dict[str, Any]:
        """The event that says that a job is done."""
        await self.start()
        process = self._process
        if process is None or process.stdin is None:
            raise WorkerDiedError("it did not start")
        event: dict[str, Any] | None = None
        try:
            async with asyncio.timeout(self._timeout) as timer:
                await _write(process.stdin, job.line())
                found = await self._event(process)
                questions = None if allow is None else Questions(allow)
                while questions is not None and found["event"] == "spent":
                    asked = _of(job, ("spent",), found)
                    await _write(process.stdin, await _answer(asked, questions, timer))
                    found = await self._event(process)
                event = _of(job, kinds, found)
        except TimeoutError as error:
            raise AnalysisTimeoutError(self._timeout) from error
        except ConnectionError as error:
            raise WorkerDiedError("its end of the connection closed") from error
        finally:
            if event is None:
                await self.stop()
        if event["event"] == "failed":
            raise AnalysisError(event["code"], event["message"])
        return event

    async def _event(self, process: Process) -> dict[str, Any]:
        assert process.stdout is not None  # noqa: S101 - it was made with a pipe
        try:
            line = await process.stdout.readline()
        except ValueError as error:
            raise WorkerDiedError("it answered without end") from error
        if not line.endswith(b"\n"):
            raise WorkerDiedError(_how(await process.wait()))
        try:
            # Megabytes of it: the server answers others meanwhile.
            return await asyncio.to_thread(parse_event, line)
        except ValueError as error:
            raise WorkerDiedError("it answered what is no event") from error


async def _write(pipe: asyncio.StreamWriter, line: str) -> None:
    pipe.write(line.encode())
    await pipe.drain()


class Questions:
    """What one job asks for more work. An honest process asks when it is over what it was allowed, and stops at a no.

    Each question costs the database a transaction and stops the clock, so those without progress have no answer.
    """

    def __init__(self, allow: Allow) -> None:
        self._allow = allow
        self._frames, self._spent, self._allowed = 0, -1.0, 0.0

    async def answer(self, spent_seconds: float, frames: int) -> float:
        """How much work the job may be in all. Raises WorkerDiedError for what no honest process asks."""
        refused = self._allowed <= self._spent
        if refused or frames < self._frames or spent_seconds < self._allowed - _NEARLY_SECONDS:
            raise WorkerDiedError("it asked for more work than it had done")
        self._frames, self._spent = frames, spent_seconds
        self._allowed = await self._allow(spent_seconds, frames)
        return self._allowed


async def _answer(asked: dict[str, Any], questions: Questions, timer: asyncio.Timeout) -> str:
    """The answer to a question for more work; until there is one the timer stands still."""
    due, begun = timer.when(), asyncio.get_running_loop().time()
    timer.reschedule(None)
    seconds = await questions.answer(float(asked["spent_seconds"]), int(asked["frames"]))
    timer.reschedule(None if due is None else due + asyncio.get_running_loop().time() - begun)
    return allowed_line(seconds)


def _of(job: AnyJob, kinds: Sequence[str], event: dict[str, Any]) -> dict[str, Any]:
    """The event if it is a job's. Raises WorkerDiedError."""
    if event.get("id") != job.id or event["event"] not in {*kinds, "failed"}:
        raise WorkerDiedError("it answered what it was not asked")
    return event


def _how(returncode: int) -> str:
    return f"signal {-returncode}" if returncode < 0 else f"exit code {returncode}"


async def probe(path: Path, limits: Limits) -> None:
    """Check a file in a process of its own.

    Raises RejectedVideoError when it cannot be analysed (a file that breaks the decoder is not a video), and
    NotCheckedError when the process could not be started, or did not come to an end for lack of resources.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "fastbreak_service.worker.probing",
            str(path),
            str(limits.max_duration_seconds),
            str(limits.max_work_seconds),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            env=environment(os.environ),
        )
    except OSError as error:
        log.error("probe did not start", reason=str(error))  # noqa: TRY400 - the reason says it all
        raise NotCheckedError from error
    output = b""
    try:
        async with asyncio.timeout(_PROBE_SECONDS):
            output, _ = await process.communicate()
    except TimeoutError:
        log.warning("probe took too long", seconds=_PROBE_SECONDS)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    verdict = _verdict(process.returncode or 0, output)
    if verdict is not None:
        raise RejectedVideoError(*verdict)


def _verdict(returncode: int, output: bytes) -> tuple[Rejection, str] | None:
    """Why a probe that ended refused its video, None if it did not. Raises NotCheckedError.

    A probe gets SIGXCPU at its own limit. SIGKILL is from us, or from a platform that has no memory left.
    """
    how = _how(returncode)
    if returncode == 0:
        try:
            return parse_verdict(output)
        except ValueError as error:
            how = f"no verdict: {error}"
    log.warning("probe failed", how=how)
    if returncode == -signal.SIGKILL:
        raise NotCheckedError
    if returncode == -signal.SIGXCPU:
        return Rejection.TOO_MUCH_WORK, "Reading the file takes too long, before any picture of it is analysed."
    return Rejection.NOT_A_VIDEO, "The bytes could not be read as a video: the decoder gave up on them."
