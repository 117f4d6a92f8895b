# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a rollout is asked to do, and what it keeps at hand meanwhile: the lock, the clock, the lines it shows."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from .._errors import RefusedError, SupersededError, UnavailableError
from .._release.record import DEPLOY, Lock, timestamp
from .gates.model import Gate, HttpGate, TargetHealthGate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .ports import Ports
    from .task_definition import Document
    from .values import ListenerRule, Scaling, ServiceSettings

LOCK_SECONDS = 90
_RENEW_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Migration:
    """A command of the new revision that is run once, before the service is touched."""

    container: str
    command: tuple[str, ...]
    timeout_seconds: float = 600.0


@dataclass(frozen=True, slots=True)
class RolloutRequest:
    """One release of one service.

    ``document`` is a RegisterTaskDefinition request whose released container names no image. ``owner`` names this
    run to another that finds it locked; ``salt`` is 8 random hex digits.
    """

    cluster: str
    service: str
    repository: str
    version: str
    document: Document
    settings: ServiceSettings
    owner: str
    salt: str
    kind: str = DEPLOY
    rules: tuple[ListenerRule, ...] = ()
    scaling: Scaling | None = None
    desired_count: int = 1
    gates: tuple[Gate, ...] = ()
    migration: Migration | None = None
    supersede: bool = False
    require_promoted: bool = False
    timeout_seconds: float = 1800.0
    poll_seconds: float = 5.0
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def target_gates(self) -> tuple[TargetHealthGate, ...]:
        """The gates on target health."""
        return tuple(gate for gate in self.gates if isinstance(gate, TargetHealthGate))

    @property
    def http_gates(self) -> tuple[HttpGate, ...]:
        """The gates on HTTP answers."""
        return tuple(gate for gate in self.gates if isinstance(gate, HttpGate))

    @property
    def target_group_arn(self) -> str:
        """The target group whose targets are judged."""
        return min(one.target_group_arn for one in self.settings.target_bindings)


class Session:
    """A running rollout."""

    def __init__(self, request: RolloutRequest, ports: Ports) -> None:
        self.request = request
        self.ports = ports
        self.clock = ports.clock
        self.began = ports.clock.monotonic()
        self.warnings: list[str] = []
        self._lock: Lock | None = None
        self._renewed = 0.0

    def say(self, text: str) -> None:
        """Show a line with the time since the start."""
        self.ports.progress.say(f"{self.request.service} +{self.elapsed():.0f}s: {text}")

    def warn(self, text: str) -> None:
        """Keep a warning for the result, and show it."""
        self.warnings.append(text)
        self.say(text)

    def elapsed(self) -> float:
        """Seconds since the start."""
        return self.clock.monotonic() - self.began

    def pause(self, seconds: float) -> None:
        """Wait, and keep the lock alive. Raises SupersededError when another run has taken the lock over."""
        self.clock.sleep(seconds)
        if self._lock is not None and self.clock.monotonic() - self._renewed >= _RENEW_SECONDS:
            self._renew(self._lock)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the service's lock. Raises RefusedError, naming the holder, when another run holds it."""
        lock = self._fresh_lock(timestamp(self.clock.now()))
        if not self.ports.releases.take_lock(self.request.service, lock, now=self.clock.now()):
            raise refused_by(self.ports.releases.read_lock(self.request.service), self.request.service)
        self._lock, self._renewed = lock, self.clock.monotonic()
        try:
            yield
        finally:
            self._lock = None
            self._drop_lock()

    def _fresh_lock(self, started_at: str) -> Lock:
        expires = self.clock.now() + timedelta(seconds=LOCK_SECONDS)
        return Lock(self.request.owner, started_at, int(expires.timestamp()))

    def _renew(self, held: Lock) -> None:
        fresh = self._fresh_lock(held.started_at)
        try:
            kept = self.ports.releases.take_lock(self.request.service, fresh, now=self.clock.now())
        except UnavailableError as error:
            # The release under way matters more than the lock: keep judging, and try again at the next pause.
            self.warn(f"the lock could not be renewed, which is tried again: {error}")
            return
        if not kept:
            self._lock = None
            raise SupersededError(
                f"Rolling out {self.request.service}: the lock was taken over by "
                f"{_holder(self.ports.releases.read_lock(self.request.service))} because it was not renewed in time. "
                "This run stops here and leaves the service to the other one; see the release history for its outcome."
            )
        self._lock, self._renewed = fresh, self.clock.monotonic()

    def _drop_lock(self) -> None:
        try:
            self.ports.releases.drop_lock(self.request.service, self.request.owner)
        except UnavailableError as error:
            self.warn(f"the lock could not be given up; it expires within {LOCK_SECONDS} s: {error}")


def _holder(lock: Lock | None) -> str:
    return f"{lock.owner} (since {lock.started_at})" if lock else "another run"


def refused_by(lock: Lock | None, service: str) -> RefusedError:
    """The refusal of a rollout of *service* that is locked."""
    return RefusedError(
        f"Rolling out {service} was refused: {_holder(lock)} is rolling it out now. Nothing was changed. Wait for it "
        "to "
        f"finish and run again; if that run is dead, its lock expires within {LOCK_SECONDS} s.",
        lock_owner=lock.owner if lock else "",
    )
