# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a running rollout keeps at hand: the lock, the clock, the lines it shows."""

from __future__ import annotations

import contextlib
from copy import copy
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from .._common.progress import Board
from .._common.workers import all_of
from .._errors import FastbreakError, RefusedError
from .._release.lease import LOCK_SECONDS, RENEW_SECONDS, Lease, await_free, holder_in_words
from .._release.record import Lock, timestamp
from .disclosure.people import without_people
from .disclosure.redaction import Redaction
from .gates.http_address import secrets_of as secrets_sent
from .guarded import OWN_BY_ID, guarded
from .notices import Moment, Notice
from .service.conditions import secrets_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from .._release.record import Release
    from .ports import Ports
    from .request.model import RolloutRequest

    #: What looks for problems, and says them.
    Look = Callable[["Session"], Iterable[str]]

T = TypeVar("T")


class Session:
    """A running rollout. Waits sleep by it (it is a `Sleeper`), so that a lost lock ends them.

    What its ``ports`` write is written only while the lock is held, where it was taken.
    """

    def __init__(self, request: RolloutRequest, ports: Ports) -> None:
        self.request = request
        self.ports = guarded(ports, self._secure, self._doubt)
        self.clock = ports.clock
        self.began = ports.clock.monotonic()
        self.warnings: list[str] = []
        #: Whether another one says its warnings.
        self.is_aside = False
        self.redaction = Redaction()
        self._learn_request()
        #: Writes whose outcome is not known: interrupted, or not answered.
        self.doubted: list[str] = []
        #: Whether a release that failed has not ended, and goes on in ECS for another run to take up.
        self.left_open = False
        self._lease: Lease | None = None
        #: What speaks against others of its release, which were found fit before it: each says so, or nothing.
        self.beside: list[Callable[[], str]] = []
        #: What comes before this service's release is undone.
        self.before_undo: Callable[[], None] = _nothing
        #: Whether it replaces no task, of which nobody is told.
        self.changes_settings = False
        #: Whether others were told of a release that this run began or took up.
        self.has_told = False
        #: The record of the release that is judged; None where there is none.
        self.release: Release | None = None

    def aim(self, request: RolloutRequest) -> None:
        """Go on with *request*, which is the same by names that were found out meanwhile."""
        self.request = request
        self.redaction.allow(repr(request.settings))

    def say(self, text: str) -> None:
        """Show a line with the time since the start."""
        self.ports.progress.say(f"{self.request.service} +{self.elapsed():.0f}s: {self.shown(text)}")

    @property
    def live(self) -> bool:
        """Whether a board is shown."""
        return self.ports.progress.live

    def draw(self, board: Board) -> None:
        """Show how the release stands, in the place of how it stood."""
        self.ports.progress.draw(Board(*self.shown((board.title, board.facts, board.table))))

    def tell(self, state: Moment, release: Release, *, gate: str = "", verdict: str = "", seen: str = "") -> None:
        """Tell those who want to know of *release*, and what was *seen* by the gate that decided, if one did."""
        self.has_told = True
        self.ports.announcements.tell(
            Notice(
                state=state,
                service=release.service,
                cluster=self.request.cluster.rpartition("/")[2],
                version=release.version,
                digest=release.digest,
                strategy=release.strategy,
                kind=release.kind,
                release_id=release.release_id,
                deployment_id=release.deployment_id,
                gate=gate,
                verdict=verdict,
                seen=self._for_others(seen),
            )
        )

    def tell_unbegun(self, why: str, others: Iterable[Session] = ()) -> None:
        """Tell them that no release was begun. Not of a run that only judges, nor of a change of settings.

        *others* know more values that must not be read in *why*.
        """
        request = self.request
        if request.judge_only or self.changes_settings:
            return
        for other in others:
            why = other.redaction.text(why)
        self.ports.announcements.tell(
            Notice(
                state=Moment.NOT_BEGUN,
                service=request.service,
                cluster=request.cluster.rpartition("/")[2],
                version=request.version or request.revision,
                digest="",
                strategy=request.settings.deployment.strategy,
                kind=request.kind,
                release_id="",
                seen=self._for_others(why),
            )
        )
        self.end_telling()

    def _for_others(self, text: str) -> str:
        """*text* as others may read it: without any value, asked for or not, and without the name of a person."""
        return without_people(self.redaction.text(text))

    def end_telling(self) -> None:
        """Warn of what could not be told."""
        for problem in dict.fromkeys(self.ports.announcements.untold()):
            self.warn_once(f"not everybody was told of the release: {problem}")

    def warn(self, text: str) -> None:
        """Keep a warning for the result, and show it."""
        if self.is_aside:
            self.warnings.append(text)
            return
        self.warnings.append(self.shown(text))
        self.say(text)

    def warn_once(self, text: str) -> None:
        """Keep a warning, unless it is kept already."""
        if self.is_aside or self.shown(text) not in self.warnings:
            self.warn(text)

    def ask_all(self, looks: Sequence[Look]) -> list[str]:
        """What all of *looks* find, which ask and change nothing, in their order, and so are their warnings.

        They may be at work at the same time, each with a session of its own to warn by.
        """
        asides = [self._aside() for _look in looks]
        asked = [partial(_listed, look, aside) for look, aside in zip(looks, asides, strict=True)]
        try:
            return [text for found in all_of(self.ports.workers, asked) for text in found]
        finally:
            for warning in (warning for aside in asides for warning in aside.warnings):
                self.warn_once(warning)

    def _aside(self) -> Session:
        """This session, whose warnings are not said yet."""
        aside = copy(self)
        aside.warnings, aside.is_aside = [], True
        return aside

    def shown(self, data: T) -> T:
        """Text or plain *data* as it may leave the run: without the user's values, unless these are asked for."""
        return data if self.request.disclosure.show_values else self.redaction.data(data)

    @contextlib.contextmanager
    def shown_errors(self) -> Iterator[None]:
        """Errors that leave it say no value of the user's, unless these are asked for."""
        try:
            yield
        except FastbreakError as error:
            error.message, error.details = self.shown(error.message), self.shown(error.details)
            error.args = (error.message,)
            raise

    def _learn_request(self) -> None:
        request = self.request
        named = (request.cluster, request.service, request.repository, request.version, request.revision, request.owner)
        self.redaction.allow(named)
        self.redaction.allow((repr(request.settings), repr(request.scaling), repr(request.tags)))
        self.redaction.allow(f"{rule.listener_arn} {rule.target_group_arn}" for rule in request.rules)
        for rule in request.rules:
            for place, value in secrets_of(rule.conditions):
                self.redaction.hide(place, value)
        self.redaction.learn(request.document)
        for word in request.migration.command if request.migration else ():
            self.redaction.hide("migration.command", word)
        for name, value in request.migration.environment if request.migration else ():
            self.redaction.hide(f"migration.environment.{name}", value)
        skipping = request.migration.skipping if request.migration else None
        for secret in secrets_sent(skipping.aim) if skipping else ():
            self.redaction.hide("migration.skip", secret)
        for gate in request.gates:
            for secret in gate.secrets():
                self.redaction.hide(f"gate {gate.kind}", secret)

    def definition_key(self) -> bytes:
        """The key of fingerprints of definitions. Until the first locked run has made one, it is of this run alone."""
        kept = self.ports.releases.definition_key(self.request.service, make=self._lease is not None)
        return kept or self.request.disclosure.key

    def elapsed(self) -> float:
        """Seconds since the start."""
        return self.clock.monotonic() - self.began

    def monotonic(self) -> float:
        """Seconds that only go forward."""
        return self.clock.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait. Raises SupersededError when another run has taken the lock over."""
        self.clock.sleep(seconds)
        self.keep_lock()

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the service's lock, and renew it beside all else.

        Raises RefusedError, naming the holder, when another run holds it and lives.
        """
        releases, service, left = self.ports.releases, self.request.service, self.await_free()
        lock = Lock(self.request.owner, timestamp(self.clock.now()), left.lease + 1 if left else 1)
        asked = self.clock.monotonic()
        if not releases.write_lock(service, lock, seen=left):
            raise refused_by(releases.read_lock(service), service)
        lease = self._lease = Lease(releases, service, lock, self.clock, asked)
        try:
            # Beside the work: neither does a call that takes minutes outlive the lock, nor does a release table that
            # does not answer hold up what is judged.
            with self.clock.every(RENEW_SECONDS, lease.renew):
                yield
        finally:
            self._lease = None
            if not lease.lost:
                self._drop_lock()

    def await_free(self) -> Lock | None:
        """The lock that a dead run left; None where there is none. Writes nothing.

        Whether a holder lives is known by its lock alone, whose lease it writes again while it works. Raises
        RefusedError as soon as it did, or gave the lock up.
        """
        service = self.request.service
        awaited = await_free(self.ports.releases, service, self.clock, self.say)
        if not awaited.free:
            raise refused_by(awaited.lock, service)
        return awaited.lock

    @property
    def is_locked(self) -> bool:
        """Whether this run holds the service's lock."""
        return self._lease is not None

    @property
    def can_renew_lock(self) -> bool:
        """Whether nothing speaks against it: the last renewal succeeded."""
        return self._lease is None or not self._lease.problem

    def keep_lock(self) -> None:
        """Say once that the lock cannot be renewed. Raises SupersededError when it was lost."""
        if self._lease is None:
            return
        self._lease.check()
        if self._lease.problem:
            self.warn_once(
                "the lock could not be renewed, which is tried again; the release is judged all the same, and no other "
                f"run can take the lock over for a while: {self._lease.problem}"
            )

    def _secure(self, attempted: str) -> None:
        if self._lease is not None:
            self._lease.secure(attempted, own=attempted in OWN_BY_ID, waits=self.say)

    def be_patient(self) -> None:
        """Have writes wait for the release table as long as the request gives: an undo is worth nothing half done."""
        if self._lease is not None:
            self._lease.be_patient(self.request.timeout_seconds)

    def _doubt(self, attempted: str) -> None:
        self.doubted.append(attempted)

    def doubts(self) -> str:
        """A sentence about writes whose outcome is not known; empty when there are none."""
        calls = ", ".join(dict.fromkeys(self.doubted))
        return f"AWS did not say whether {calls} was carried out." if calls else ""

    def _drop_lock(self) -> None:
        """Give the lock up. What the run did is told, whether that succeeds or not."""
        try:
            self.ports.releases.drop_lock(self.request.service, self.request.owner)
        except FastbreakError as error:
            self.warn(f"the lock could not be given up; the next run takes it over after {LOCK_SECONDS:g} s: {error}")


def _nothing() -> None:
    """Nothing comes first."""


def _listed(look: Look, session: Session) -> list[str]:
    return list(look(session))


def refused_by(lock: Lock | None, service: str) -> RefusedError:
    """The refusal of a rollout of *service* that is locked."""
    return RefusedError(
        f"Rolling out {service} was refused: {holder_in_words(lock)} is rolling it out now: its lock moved on while "
        "this run watched. Nothing was changed. Wait for it to finish and run again.",
        lock_owner=lock.owner if lock else "",
    )
