# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a promotion works with: threads that can be stopped, and the manifests it has read."""

from __future__ import annotations

import threading
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Self, TypeVar

from .._common.time_span import span_of
from .._errors import OperationError, RefusedError
from .._oci.names import Address
from .._oci.parse import UnreadableManifestError, parse_manifest
from .ports import StoppedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from types import TracebackType

    from .._common.time_span import TimeSpan
    from .._errors import FastbreakError
    from .._oci.model import Descriptor, Manifest, RawManifest
    from .ports import Ports, Registry
    from .request import PromotionRequest
    from .signer import Signer

#: What is read of a source before the promotion calls it hostile: manifests an image, bytes of manifests a run.
MANIFESTS_LIMIT = 5_000
MANIFEST_BYTES_LIMIT = 64 << 20
_TICK_SECONDS = 1.0
#: How long threads may take to leave their work once it is given up, and again after their connections are cut.
_AFTER_FAILURE_SECONDS = 5.0
_AFTER_INTERRUPTION_SECONDS = 0.5
_AFTER_CUT_SECONDS = 0.5

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Session:
    """One run. Its threads are daemons: whatever a thread waits for, it does not keep the process from ending."""

    def __init__(self, request: PromotionRequest, ports: Ports, signer: Signer | None = None) -> None:
        self.request = request
        self.ports = ports
        self.signer = signer
        self._threads = max(1, request.concurrency)
        self._crew = _Crew()
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._manifests = 0
        self._bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is not None:
            self._stopped.set()
        self._crew.dismiss()

    def check(self) -> None:
        """Raise StoppedError once the work is to be given up. Long work calls it now and then."""
        if self._stopped.is_set():
            raise StoppedError("Given up, because another part of the promotion failed or the run was interrupted.")

    def each(
        self, work: Callable[[Item], Answer], items: Iterable[Item], tick: Callable[[], None] | None = None
    ) -> list[Answer]:
        """*work* for all *items* at once, as far as there are threads; answers in the order of *items*.

        The first failure stops the rest and is raised when all threads have left their work, which they are made to in
        a few seconds; an interruption, in one second. *tick* is called about once a second meanwhile.
        """
        asked = list(items)
        answers: dict[int, Answer] = {}
        waiting: SimpleQueue[tuple[int, Item]] = SimpleQueue()
        for numbered in enumerate(asked):
            waiting.put(numbered)

        def take() -> None:
            """A thread takes item after item, which costs less than a future for each of ten thousand layers."""
            while not waiting.empty():
                self.check()
                try:
                    number, item = waiting.get_nowait()
                except Empty:
                    break
                answers[number] = work(item)

        workers = _Workers(self._crew, take, min(self._threads, len(asked)))
        try:
            self._join(workers, tick)
        except BaseException:
            self._end(workers, _AFTER_INTERRUPTION_SECONDS)
            raise
        for error in workers.failures:
            if not isinstance(error, StoppedError):
                raise error
        self.check()
        return [answers[number] for number in range(len(asked))]

    def _join(self, workers: _Workers, tick: Callable[[], None] | None) -> None:
        """Wait until all are done. A failure stops those that have not ended."""
        while not workers.wait(_TICK_SECONDS):
            # It does not wait; it raises when nobody waits for the result any more.
            self.ports.clock.sleep(0)
            if tick:
                tick()
        if workers.failures:
            self._end(workers, _AFTER_FAILURE_SECONDS)

    def _end(self, workers: _Workers, seconds: float) -> None:
        """Give the work up: ask the threads to leave it, then cut their connections, then leave them behind."""
        self._stopped.set()
        if workers.join(seconds):
            return
        self.ports.source.hang_up()
        self.ports.destination.hang_up()
        workers.join(_AFTER_CUT_SECONDS)

    def told_time(self) -> TimeSpan:
        """The time that both registries tell. The controller's clock may be wrong, and so may that of either side."""
        return span_of((self.ports.source.now(), self.ports.destination.now()))

    def read(self, registry: Registry, address: Address) -> Manifest | None:
        """The manifest of a tag or digest, parsed; None when there is none. Raises RefusedError for hostile content."""
        raw = registry.read_manifest(address)
        if raw is None:
            return None
        self._count(raw)
        return parse_manifest(raw)

    def read_foreign(self, registry: Registry, address: Address) -> Manifest | FastbreakError | None:
        """Like `read`, of what anybody may have put there: where it cannot be used, why."""
        try:
            return self.read(registry, address)
        except (UnreadableManifestError, OperationError) as error:
            return error

    def read_named(self, registry: Registry, repository: str, named: Descriptor) -> Manifest | None:
        """The manifest that *named* points to. Raises RefusedError when another was named."""
        found = self.read(registry, Address(repository, named.digest))
        if found is None:
            return None
        if not is_named(found, named):
            raise RefusedError(
                f"{registry.host}/{repository} names a manifest {named.digest} of {named.size} bytes "
                f"({named.media_type}), but answered with {found.digest} of {len(found.raw.content)} bytes "
                f"({found.raw.media_type}). Nothing was written. Push the image again, or mistrust that registry."
            )
        return found

    def _count(self, raw: RawManifest) -> None:
        with self._lock:
            self._manifests += 1
            self._bytes += len(raw.content)
            limit = MANIFESTS_LIMIT * len(self.request.images)
            if self._manifests > limit or self._bytes > MANIFEST_BYTES_LIMIT:
                raise RefusedError(
                    f"There is more than can be carried as one promotion: {self._manifests} manifests with "
                    f"{self._bytes} bytes were read, {limit} and {MANIFEST_BYTES_LIMIT} are the limits. Nothing was "
                    "written. Promote fewer images or platforms at a time, or look what others have attached to them."
                )


def is_named(manifest: Manifest, named: Descriptor) -> bool:
    """Whether *named* says of *manifest* what is true."""
    seen = (manifest.digest, len(manifest.raw.content), manifest.raw.media_type)
    return seen == (named.digest, named.size, named.media_type)


class _Crew:
    """Daemon threads, each used again when it has nothing to do; there are as many as were needed at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._free = 0
        self._threads = 0
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()

    def run(self, job: Callable[[], None]) -> None:
        """Let a thread do *job*, which raises nothing."""
        with self._lock:
            self._free -= 1
            if self._free < 0:
                self._free, self._threads = 0, self._threads + 1
                threading.Thread(target=self._work, name="promotion", daemon=True).start()
        self._jobs.put(job)

    def dismiss(self) -> None:
        """Let each thread end when it has nothing to do."""
        for _thread in range(self._threads):
            self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
            with self._lock:
                self._free += 1


class _Workers:
    """Threads that do the same work, and how they ended."""

    def __init__(self, crew: _Crew, work: Callable[[], None], count: int) -> None:
        self.failures: list[BaseException] = []
        self._work = work
        self._running = count
        self._changed = threading.Condition()
        for _number in range(count):
            crew.run(self._run)

    def _run(self) -> None:
        failure = None
        try:
            self._work()
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is raised where the work was asked for
            failure = error
        with self._changed:
            self._running -= 1
            if failure is not None:
                self.failures.append(failure)
            self._changed.notify_all()

    def wait(self, seconds: float) -> bool:
        """Wait for the end of all, or the first failure; whether it came."""
        with self._changed:
            return self._changed.wait_for(lambda: bool(self.failures) or self._running == 0, seconds)

    def join(self, seconds: float) -> bool:
        """Wait until all have ended; whether they have."""
        with self._changed:
            return self._changed.wait_for(lambda: self._running == 0, seconds)


class StoppableClock:
    """The session's clock, with waits that end when the work is given up."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._clock = session.ports.clock

    def now(self) -> datetime:
        """The controller's time of day, by which nothing is judged."""
        return self._clock.now()

    def monotonic(self) -> float:
        """Seconds that only go forward."""
        return self._clock.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait. Raises StoppedError when the work is to be given up."""
        remaining = seconds
        while remaining > 0:
            self._session.check()
            self._clock.sleep(min(remaining, _TICK_SECONDS))
            remaining -= _TICK_SECONDS
