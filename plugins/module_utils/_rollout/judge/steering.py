# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a deployment that is watched is told: to let users in, and to go on from where it waits for a verdict."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..._errors import OperationError, SupersededError, UnavailableError
from ..stages import BAKING, PAUSED, Stage
from .decision import Step
from .kept import Left

if TYPE_CHECKING:
    from ..._release.record import Measurement
    from ..act.traffic import Traffic
    from ..session import Session
    from ..stages import Phase
    from ..strategies.model import Started
    from .decision import Decision
    from .observation import Look

# How soon ECS is asked after it was told to go on, or did something by itself.
_SOON_SECONDS = 0.1
# What part of the time since then may pass until it is asked again.
_LATE = 0.25
# How often it is asked where it stands, for each whole look, while it is at work for long.
_ASKED_A_LOOK = 8
# How long a load balancer may take to act on a changed rule everywhere.
_SPREAD_SECONDS = 2.0


def _ids(look: Look) -> tuple[str, ...]:
    return tuple(pause.hook_id for pause in look.progress.pauses)


class Steering:
    """Tells ECS and the load balancer what was *started*; *traffic* are the listener rules that let users in.

    What cannot be told now is told again at the next look: each method gives the look with why it could not.
    """

    def __init__(self, session: Session, started: Started, traffic: Traffic, left: Left | None = None) -> None:
        self._session = session
        self._started = started
        self._traffic = traffic
        #: Where this run ended by request, or else the one that it goes on after.
        self.left = left
        self._open_since = session.monotonic()
        self._baking = False
        self._at_work_since: float | None = None

    def until_asked(self, look: Look) -> float | None:
        """In how many seconds ECS is to be asked where it stands; None while it waits itself, or has ended.

        That is one call where a look is many. Soon after ECS was told to go on, or went on by itself, it is asked soon,
        and then less and less often: short stages follow each other, and users wait for what comes next.
        """
        if not self._started.arn or look.progress.pauses or look.settled_at is not None:
            return None
        usual = self._session.request.poll_seconds / _ASKED_A_LOOK
        if self._at_work_since is None:
            return usual
        return min(usual, max(_SOON_SECONDS, _LATE * (self._session.monotonic() - self._at_work_since)))

    def moved_on(self) -> None:
        """ECS was seen to do something, or was told to."""
        self._at_work_since = self._session.monotonic()

    def open_traffic(self, look: Look) -> Look:
        """Let users in once every task is healthy. Where ECS moves users, that is before it moves the first."""
        if self._traffic.moved or look.problem or not look.targets.whole:
            return look
        if self._started.strategy.shifts_weights and not (look.progress.weight or look.settled_at):
            return look
        try:
            self._traffic.open()
            self._open_since = self._session.monotonic() + _SPREAD_SECONDS
        except SupersededError:
            raise
        except UnavailableError as error:
            return replace(look, problem=str(error))
        except OperationError as error:
            return replace(look, lost=f"the listener rules could not be written: {error}")
        return look

    def reachable(self, look: Look, phase: Phase | None) -> bool:
        """Whether requests may reach the release where it stands."""
        if phase and phase.stage is Stage.BEFORE_TRAFFIC:
            return look.reachable
        moved = self._traffic.moved and self._session.monotonic() >= self._open_since
        return moved and look.reachable

    def ends_here(self, look: Look, phase: Phase | None) -> bool:
        """Whether the run ends at the pause where the release is, or is about to come to, whatever gates say of it."""
        holds = self._session.request.wait_until == PAUSED and self._started.strategy.can_hold
        before = phase is None or phase.stage is Stage.BEFORE_TRAFFIC
        waits = bool(look.progress.pauses) and not self._was_left_at(look)
        return holds and bool(self._started.arn) and (waits or (before and not look.progress.pauses))

    def leave(self, look: Look, phase: Phase | None) -> None:
        """The run ends where the release stands, and leaves it to another one."""
        stage, percent = (phase.stage.value, phase.percent) if phase else ("", 0.0)
        self.left = Left(self._session.request.wait_until, stage, percent, _ids(look))

    def _was_left_at(self, look: Look) -> bool:
        """Whether the run before ended by request at the pause where ECS waits: this one goes on from there."""
        return self.left is not None and self.left.pauses == _ids(look)

    def _was_left_in(self, phase: Phase) -> bool:
        """Whether the run before ended where the release stands, as it was told by the same `wait_until`."""
        here = (self._session.request.wait_until, phase.stage.value, phase.percent)
        return self.left is not None and (self.left.until, self.left.stage, self.left.percent) == here

    def hands_over(self, decision: Decision, look: Look, phase: Phase | None) -> bool:
        """Whether the run ends here by request, and leaves the release to another one.

        With all users on the release ECS is let go on first: it bakes without anybody. Where the run before ended, this
        one does not: it ends at the next such place, so that a release comes to its end by the same command again.
        """
        until, waits = self._session.request.wait_until, bool(look.progress.pauses)
        if decision.step not in (Step.WAIT, Step.GO_ON) or not self._started.strategy.can_hold:
            return False
        if until == PAUSED:
            return waits and not self._was_left_at(look)
        if phase is None or until != phase.stage.value or self._was_left_in(phase):
            return False
        if phase.stage is not Stage.AFTER_TRAFFIC:
            return decision.step is Step.GO_ON
        return self._baking or (look.progress.stage == BAKING and not waits)

    def go_on(self, decision: Decision, look: Look, phase: Phase | None, passed: tuple[Measurement, ...]) -> Look:
        """Have ECS go on from where it waits, by the *decision*; *passed* let it come there."""
        try:
            self._traffic.open()
            self._started.strategy.go_on(self._session, self._started, look.progress.pauses)
        except SupersededError:
            raise
        except UnavailableError as error:
            return replace(look, problem=str(error))
        healthy = ", ".join(measured.gate for measured in decision.measurements if measured not in passed)
        self._session.say(f"ECS goes on: {healthy or 'no gate'} HEALTHY at {look.progress}")
        self._baking = bool(phase and phase.stage is Stage.AFTER_TRAFFIC)
        self.moved_on()
        return replace(look, progress=replace(look.progress, pauses=()))
