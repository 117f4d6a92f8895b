# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a running release of a site keeps at hand: the request, the ports, the lock, the lines it shows."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from .._errors import FastbreakError, RefusedError
from .._release.lease import RENEW_SECONDS, Lease, await_free, holder_in_words
from .._release.record import Lock, timestamp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .ports import Ports
    from .request import SiteRequest


class Session:
    """A running release. Waits sleep by it, so that a lost lock ends them."""

    def __init__(self, request: SiteRequest, ports: Ports) -> None:
        self.request = request
        self.ports = ports
        self._began = ports.clock.monotonic()
        self._lease: Lease | None = None

    @property
    def doing(self) -> str:
        """How a message begins."""
        return f"{'Rolling back' if self.request.rolls_back else 'Publishing'} site {self.request.url}"

    def say(self, text: str) -> None:
        """Show a line with the time since the start."""
        self.ports.progress.say(f"site +{self.monotonic() - self._began:.0f}s: {text}")

    def now(self) -> str:
        """The time, as records write it."""
        return timestamp(self.ports.clock.now())

    def monotonic(self) -> float:
        """Seconds that only go forward."""
        return self.ports.clock.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait. Raises SupersededError when another run has taken the lock over."""
        self.ports.clock.sleep(seconds)
        self.check()

    def check(self) -> None:
        """Raise SupersededError when another run has taken the lock over."""
        if self._lease is not None:
            self._lease.check()

    def secure(self, attempted: str) -> None:
        """Renew the lock before what *attempted* names. Raises when it was lost, or when nobody can tell."""
        if self._lease is not None:
            self._lease.secure(attempted, waits=self.say)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the site's lock, and renew it beside all else. Raises RefusedError, naming who holds it and lives."""
        locks, site, clock = self.ports.locks, self.request.site, self.ports.clock
        awaited = await_free(locks, site, self, self.say)
        if not awaited.free:
            raise self._refusal(awaited.lock)
        left = awaited.lock
        lock = Lock(self.request.owner, self.now(), left.lease + 1 if left else 1)
        asked = clock.monotonic()
        if not locks.write_lock(site, lock, seen=left):
            raise self._refusal(locks.read_lock(site))
        lease = self._lease = Lease(locks, site, lock, clock, asked, self.doing)
        try:
            with clock.every(RENEW_SECONDS, lease.renew):
                yield
        finally:
            self._lease = None
            if not lease.lost:
                self._give_up()

    def _give_up(self) -> None:
        try:
            self.ports.locks.drop_lock(self.request.site, self.request.owner)
        except FastbreakError as error:
            self.say(f"the lock could not be given up; the next run takes it over by itself: {error}")

    def _refusal(self, lock: Lock | None) -> RefusedError:
        return RefusedError(
            f"{self.doing} was refused: {holder_in_words(lock)} is publishing it now. Nothing was changed. Wait for it "
            "to finish, then run again.",
            lock_owner=lock.owner if lock else "",
            lock_since=lock.started_at if lock else "",
        )
