# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changing what replaces no task: judged over a short window, and put back when users no longer get answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._common.verdict import Verdict
from .._errors import FastbreakError, OperationError, RolledBackError, SupersededError
from .._release.record import Outcome
from .act.awake import hand_back, is_asleep, keep_awake, wake
from .act.shifted_traffic import traffic_of
from .act.steps import apply_settings
from .act.unmanaged import warn_of_unmanaged
from .judge.decision import Decision, Step
from .judge.running import watch_running
from .plan.snapshot import encode, for_record
from .report import as_data, build_result
from .results import UNDONE, Result, ends
from .undo.destination import Undone
from .undo.go_back import judged
from .undo.restore import Restoration
from .undo.users import still_served

if TYPE_CHECKING:
    from .act.traffic import Traffic
    from .part import Part
    from .plan.read import Facts
    from .plan.snapshot import Snapshot
    from .recover import Recovery
    from .report import RolloutResult
    from .session import Session

_BAKE_SECONDS = 5.0


def change_settings(session: Session, facts: Facts, recovery: Recovery, snapshot: Snapshot) -> Part:
    """Change them, and let that stand when every gate is HEALTHY over a short window.

    Raises RolledBackError when they were put back, and OperationError when that did not bring the answers back.
    """
    session.changes_settings = True
    subject = f"Changing the settings of {session.request.service}"
    restoration = Restoration(session, snapshot)
    recovery = recovery.keep(session, facts, encode(for_record(restoration.snapshot, session.request.owned_by)))
    traffic = traffic_of(session, facts)
    try:
        keep_awake(session, facts)
        wake(session, facts)
        apply_settings(session, facts, traffic, restoration.snapshot.scaling)
        decision = _judge(session, facts, traffic)
        decision = still_served(session, restoration.snapshot, decision, facts.target.release.tag)
    except SupersededError:
        raise
    except KeyboardInterrupt as interruption:
        told = _undone(session, restoration, recovery)
        raise ends(OperationError(f"{subject} was interrupted. {told}"), Result.INTERRUPTED) from interruption
    except FastbreakError as error:
        told = _undone(session, restoration, recovery)
        failure = OperationError(f"{subject} failed: {error.message.rstrip('.')}. {told}", **error.details)
        raise ends(failure, restoration.result) from error
    if decision.step is Step.SUCCEED:
        return _Changed(session, facts, recovery, restoration, traffic)
    if decision.step is Step.SUPERSEDED:
        raise SupersededError(f"{subject} was superseded and was not judged: {decision.seen}. Nothing was put back.")
    failure = _put_back(session, facts, decision, restoration, subject)
    warn_of_unmanaged(session, facts)
    if isinstance(failure, RolledBackError):
        recovery.complete(session)
        session.end_telling()
    raise failure


def _judge(session: Session, facts: Facts, traffic: Traffic) -> Decision:
    """What the gates say. No task of a service that is asleep is woken for a setting."""
    if is_asleep(facts):
        session.say("no task runs, since there was nothing to do: there is nothing to judge")
        return Decision(Step.SUCCEED, Verdict.HEALTHY)
    return watch_running(session, facts, traffic, bake_seconds=_BAKE_SECONDS)


class _Changed:
    """Settings that were changed, and with which every gate is HEALTHY."""

    handed_over = False

    def __init__(
        self, session: Session, facts: Facts, recovery: Recovery, restoration: Restoration, traffic: Traffic
    ) -> None:
        self._session = session
        self._facts = facts
        self._recovery = recovery
        self._restoration = restoration
        self._traffic = traffic

    def leave(self) -> RolloutResult:
        """What was changed."""
        return build_result(self._session, self._facts, Result.ACCEPTED)

    def unfit(self) -> str:
        """Nobody looks again: no task of it was replaced."""
        return ""

    def accept(self) -> RolloutResult:
        """Let go of what was kept for an undo."""
        self._traffic.close()
        hand_back(self._session, self._facts, self._restoration.snapshot)
        self._recovery.complete(self._session)
        warn_of_unmanaged(self._session, self._facts)
        self._session.end_telling()
        return self.leave()

    def refuse(self, why: str) -> str:
        """Put back what was changed. Raises OperationError when not all of it could be."""
        self._session.be_patient()
        restored = self._restoration.everything()
        told = f"The settings of {self._session.request.service} were put back, since {why}. {restored}".strip()
        if restored.left:
            raise ends(OperationError(told), Result.ROLLBACK_FAILED)
        self._recovery.complete(self._session)
        self._session.end_telling()
        return told


def _undone(session: Session, restoration: Restoration, recovery: Recovery) -> str:
    """What was put back, in words."""
    restored = restoration.everything()
    doubts = session.doubts()
    if not (restored.left or recovery.snapshot):
        # All is as this run found it.
        recovery.drop(session)
    read_back = f"{doubts} What stands was read afterwards, and again." if doubts else ""
    return " ".join(part for part in (read_back, str(restored) or "Nothing had to be put back.") if part)


def _put_back(
    session: Session, facts: Facts, decision: Decision, restoration: Restoration, subject: str
) -> OperationError:
    session.be_patient()
    restored = restoration.everything()
    outcome = Outcome.FAILED if restored.left else Outcome.ROLLED_BACK
    undone = judged(session, restoration.snapshot, Undone(outcome, ""), restored, facts.target.release.tag)
    message = f"{subject} failed: {decision} {undone.standing}"
    kind = RolledBackError if undone.outcome is Outcome.ROLLED_BACK else OperationError
    return kind(message, **as_data(build_result(session, facts, UNDONE[undone.outcome])))
