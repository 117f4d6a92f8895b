# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lock of a service or a site while a run holds it: renewed beside the run's work, made sure of before each write.

A lock that was lost and a lock that cannot be renewed now are two things. Lost, another run is at work: this one stops.
Not renewed, nobody can have taken it over for a while; a write goes ahead in that while, and waits after it.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .._common.wait import timed_out, until
from .._errors import FastbreakError, SupersededError, UnavailableError, WaitTimeoutError
from .run_name import in_one_word

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._common.wait import Sleeper
    from .ports import Locks
    from .record import Lock

# A lock whose lease stood still for so long, by the clock of the run that watches it, was left by a dead run.
LOCK_SECONDS = 90.0
RENEW_SECONDS = 2.0
# A write that begins later than this after the last renewal might still be under way when the lock is taken over: an
# attempt of a call takes 40 s at most.
SURE_SECONDS = 45.0
_PATIENCE_SECONDS = 60.0
_LOOK_SECONDS = 1.0
_NO_TABLE = "ResourceNotFoundException"


@dataclass(frozen=True, slots=True)
class AwaitedLock:
    """A lock that was watched: if it is ``free``, the one that a dead run left, or None; else the holder's."""

    free: bool
    lock: Lock | None = None


def holder_in_words(lock: Lock | None) -> str:
    """Who holds *lock*."""
    return f"{in_one_word(lock.owner)} (since {lock.started_at})" if lock else "another run"


def await_free(locks: Locks, service: str, clock: Sleeper, say: Callable[[str], None]) -> AwaitedLock:
    """Whether a dead run left the lock of *service*, or a living one holds it. Writes nothing.

    Whether a holder lives is known by its lock alone, whose lease it writes again while it works.
    """
    first = locks.read_lock(service)
    if first is None:
        return AwaitedLock(free=True)
    say(f"{holder_in_words(first)} holds the lock; watching for at most {LOCK_SECONDS:g} s whether it still works")
    try:
        last = until(
            lambda: locks.read_lock(service),
            lambda lock: lock != first,
            clock=clock,
            seconds=LOCK_SECONDS,
            pause=_LOOK_SECONDS,
            on_timeout=lambda _lock, elapsed: timed_out(
                f"{in_one_word(first.owner)} has not renewed its lock for {elapsed:g} s"
            ),
        )
    except WaitTimeoutError as error:
        say(f"{error}: it is dead, and its lock is free")
        return AwaitedLock(free=True, lock=first)
    return AwaitedLock(free=False, lock=last or first)


def _untold(_line: str) -> None:
    """Nobody is told."""


class Lease:
    """The *lock* that was written at *asked*, by *clock*. `renew` may be called by another thread than the rest.

    *work* begins the sentence of a lost lock.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - each is a thing of its own
        self, releases: Locks, service: str, lock: Lock, clock: Sleeper, asked: float, work: str = ""
    ) -> None:
        self._releases = releases
        self._service = service
        self._work = work or f"Rolling out {service}"
        self._lock = lock
        self._clock = clock
        self._renewed = asked
        self._lost = ""
        self._fault: Exception | None = None
        self._tableless = False
        self._impatient = False
        self._patience = _PATIENCE_SECONDS
        self._mutex = threading.Lock()
        #: Why the last renewal failed; empty when it did not.
        self.problem = ""

    def renew(self) -> None:
        """Write the next lease and keep what came of it, unless that is being done already.

        It never raises: `check` does, in the run's own thread.
        """
        if self._mutex.acquire(blocking=False):
            try:
                self._renew()
            finally:
                self._mutex.release()

    def _renew_now(self) -> None:
        """The same, after a renewal that is under way: such a one takes seconds."""
        with self._mutex:
            self._renew()

    def _renew(self) -> None:
        if self._lost:
            return
        # Whoever watches can have seen the new lease at this time at the earliest.
        asked, lock = self._clock.monotonic(), self._lock.renewed()
        try:
            stands = self._releases.renew_lock(self._service, lock, seen=self._lock)
        except FastbreakError as error:
            self.problem = str(error)
            # No lock can be taken in a table that is not there.
            self._tableless = error.details.get("code") == _NO_TABLE
        except Exception as fault:  # noqa: BLE001 - a thread has nobody to raise it to
            self._fault = fault
        else:
            self._keep(lock, stands, asked)

    def _keep(self, lock: Lock, stands: Lock | None, asked: float) -> None:
        if stands == lock:
            self._lock, self._renewed, self.problem = lock, asked, ""
            self._tableless = self._impatient = False
        elif stands:
            self._lost = f"was taken over by {holder_in_words(stands)}, because it was not renewed in time"
        else:
            self._lost = "is gone: another run took it over and has ended, or somebody deleted it"

    @property
    def lost(self) -> bool:
        """Whether the lock is known to be ours no more."""
        return bool(self._lost)

    def check(self) -> None:
        """Raise SupersededError when the lock was lost."""
        if self._fault:
            raise self._fault
        if self._lost:
            raise SupersededError(
                f"{self._work}: the lock {self._lost}. This run stops here and leaves what it releases and the "
                "release's record to the other one; see the release history for its outcome."
            )

    def be_patient(self, seconds: float) -> None:
        """Have writes from now on wait so long for the table, where nothing but waiting is left to do."""
        if seconds > self._patience:
            self._patience, self._impatient = seconds, False

    def secure(self, attempted: str, *, own: bool = False, waits: Callable[[str], None] = _untold) -> None:
        """Renew the lock before the write that *attempted* names; *own*: it cannot hit what another run made.

        Raises SupersededError when the lock was lost. Raises UnavailableError when it could not be renewed for so long
        that another run may hold it; that is waited for first, once, and told to *waits*. It does not hold up a
        write that is *own*.
        """
        self._renew_now()
        self.check()
        if own or self._sure:
            return
        if not self._impatient:
            waits(f"before {attempted}, at most {self._patience:g} s are waited until the lock can be renewed")
        try:
            until(
                self._renew_now,
                lambda _nothing: self._sure or self.lost,
                clock=self._clock,
                seconds=0.0 if self._impatient else self._patience,
                pause=RENEW_SECONDS,
                on_timeout=lambda _nothing, _elapsed: timed_out(self.problem),
            )
        except WaitTimeoutError as error:
            self._impatient = True
            raise UnavailableError(
                f"{attempted} was not called: the lock of {self._service} could not be renewed for "
                f"{self._clock.monotonic() - self._renewed:.0f} s, so that another run may hold it by now "
                f"({error.message.rstrip('.')}). Run the same command again once the release table answers."
            ) from error
        self.check()

    @property
    def _sure(self) -> bool:
        """Whether nobody can take the lock over while a write is under way that begins now."""
        return self._tableless or self._clock.monotonic() - self._renewed <= SURE_SECONDS
