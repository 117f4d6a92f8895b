# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A release whose record is open: it was found fit, or is refused together with others of it before it was judged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from .judge.decision import Step, by_others
from .judge.eye import Eye
from .report import build_result
from .results import Result

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from .._errors import OperationError
    from .act.traffic import Traffic
    from .judge.decision import Decision
    from .plan.read import Facts
    from .recording import Recording
    from .report import RolloutResult, Timings
    from .session import Session
    from .strategies.model import Started


class Attempt(Protocol):
    """What has brought the release to where it is, and ends it."""

    session: Session
    facts: Facts
    traffic: Traffic
    timings: Timings
    #: Whether all that a refused release had changed is back.
    restored: bool

    def ended_well(self, record: Recording) -> AbstractContextManager[None]:
        """Where the release may end, or be left."""

    def leave(self, record: Recording, result: Result, **decided: str) -> None:
        """Tell others that it is left."""

    def succeed(self, record: Recording, decision: Decision) -> RolloutResult:
        """Accept it."""

    def fail(self, record: Recording, started: Started, decision: Decision) -> OperationError:
        """Undo it."""


class Judged:
    """A release that every gate found HEALTHY and whose record is open."""

    handed_over = False

    def __init__(self, attempt: Attempt, record: Recording, started: Started, decision: Decision) -> None:
        self._attempt = attempt
        self._record = record
        self._started = started
        self._decision = decision
        self._eye: Eye | None = None

    def leave(self) -> RolloutResult:
        """The release, which is in progress as far as its record says."""
        attempt = self._attempt
        attempt.leave(self._record, Result.LEFT_OPEN, seen="it is fit, and waits for the other services of its release")
        release, timings = self._record.release, attempt.timings
        return build_result(attempt.session, attempt.facts, Result.LEFT_OPEN, release=release, timings=timings)

    def unfit(self) -> str:
        """What speaks against it by now, though it was fit; empty when nothing does."""
        attempt = self._attempt
        tag = attempt.facts.target.release.tag
        self._eye = self._eye or Eye(attempt.session, self._started, tag, attempt.traffic)
        return self._eye.unfit()

    def accept(self) -> RolloutResult:
        """Complete the record."""
        with self._attempt.ended_well(self._record):
            return self._attempt.succeed(self._record, self._decision)

    def refuse(self, why: str) -> str:
        """Undo it as one that was judged unfit, by the snapshot of before. One that somebody replaced is left alone."""
        replaced = self._eye.replaced if self._eye else ""
        step = Step.SUPERSEDED if replaced else Step.ROLL_BACK
        decision = by_others(self._decision, replaced or why, step)
        with self._attempt.ended_well(self._record):
            failure = self._attempt.fail(self._record, self._started, decision)
            if not (self._attempt.restored or replaced):
                raise failure
        return failure.message
