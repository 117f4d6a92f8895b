# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Undoing a release that was judged unfit, watched until it has really ended.

There are three ways. ECS rolls a deployment that is under way back to the revision before it. One that has completed
is followed by a new deployment of the revision before it. A first release has nothing before it: the service is
deleted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._errors import FastbreakError, SupersededError
from ..._release.record import Outcome
from ..judge.decision import Step
from .arrival import UnfinishedError
from .destination import Undone
from .native import await_rollback
from .redeploy import redeploy
from .restore import Restoration
from .stop import stop
from .users import ask_again

if TYPE_CHECKING:
    from ..plan.snapshot import Snapshot
    from ..session import Session
    from ..strategies.model import Started
    from .destination import WayBack
    from .restore import Restored


def undo(session: Session, snapshot: Snapshot, started: Started, back: WayBack, step: Step) -> Undone:
    """Undo the release and watch until that has ended. A refusal on the way is an end too, and said.

    Whatever the tasks do, all that was changed beside them is restored from *snapshot*, or named. A rollback is one
    only when users get answers again.
    """
    restoration = Restoration(session, snapshot)
    if not (back.stop or started.strategy.shifts_weights):
        # Where ECS moves the traffic, its rollback does that first.
        restoration.rules_that_answer()
    try:
        undone = _undo(session, restoration, started, back, step)
    except SupersededError:
        raise
    except UnfinishedError as error:
        undone = Undone(Outcome.FAILED, error.message)
    except FastbreakError as error:
        undone = Undone(Outcome.FAILED, f"The way back failed as well: {error}")
    session.be_patient()
    restored = restoration.everything()
    return judged(session, snapshot, undone, restored, back.tag)


def judged(session: Session, snapshot: Snapshot, undone: Undone, restored: Restored, tag: str) -> Undone:
    """*undone* as users see it: a service that is back but does not answer them is not rolled back."""
    standing = " ".join(part for part in (undone.standing, str(restored)) if part)
    if undone.outcome is not Outcome.ROLLED_BACK:
        return Undone(undone.outcome, standing, whole=undone.outcome is Outcome.STOPPED and not restored.left)
    users = ask_again(session, snapshot, tag)
    if users.problem:
        return Undone(
            Outcome.FAILED,
            f"{standing} But users do not get its answers: {users.problem}. Look at the listener rules and the tasks' "
            "logs.",
        )
    if users.unasked:
        standing += f" Whether users get its answers could not be asked from here: {users.unasked}."
    return Undone(undone.outcome, standing, whole=not restored.left)


def _undo(session: Session, restoration: Restoration, started: Started, back: WayBack, step: Step) -> Undone:
    if back.stop:
        session.be_patient()
        return stop(session, started.task_definition_arn)
    if not back.task_definition_arn:
        return Undone(Outcome.FAILED, "The service was left as it was found: no release of it was ever judged fit.")
    if step is Step.AWAIT_ROLLBACK or started.strategy.roll_back(session, started):
        return await_rollback(session, started, back, restoration)
    return redeploy(session, started.strategy, back, restoration)
