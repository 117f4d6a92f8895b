# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Giving a release up that is under way: ECS takes it back from where it stands, and nothing is deployed anew.

That is the quickest way back there is. The release's own record says how it ended, so that the service is then at the
release before it, as after a release that its gates refused.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from .._errors import OperationError, SupersededError
from .._release.record import Outcome
from .judge.decision import Step
from .notices import UNDONE as TOLD
from .notices import Moment
from .part import Unchanged
from .plan.differences import Action, RolloutPlan
from .recording import Recording
from .report import RolloutResult, Timings, as_data, build_result
from .results import Result
from .undo.destination import way_to
from .undo.go_back import undo
from .undo.take_snapshot import snapshot_before

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .._release.record import Release
    from .part import Part
    from .plan.read import Facts
    from .recover import Recovery, Withdrawn
    from .session import Session

#: What a result calls it.
WITHDRAW = "withdraw"


def withdraw(session: Session, facts: Facts, recovery: Recovery, withdrawn: Withdrawn) -> Part:
    """Roll the *withdrawn* release back. Raises OperationError when the service does not come back by that."""
    snapshot, began = snapshot_before(session, facts, recovery.snapshot), session.monotonic()
    back = way_to(facts.history, withdrawn.release.previous_task_definition_arn)
    with _told_when_left(session, withdrawn.release):
        undone = undo(session, snapshot, withdrawn.started, back, Step.ROLL_BACK)
    timings = Timings(to_roll_back=session.monotonic() - began)
    if undone.whole:
        recovery.complete(session)
    record = Recording(session, withdrawn.release)
    why = f"{session.ports.surroundings.caller_arn()} had it rolled back before it was judged to the end"
    unrecorded = record.finish(undone.outcome, f"{why}. {undone.standing}", withdrawn.release.gates)
    session.tell(TOLD[undone.outcome], record.release)
    session.end_telling()
    result = replace(build_result(session, facts, timings=timings), release=record.release)
    if undone.outcome is Outcome.ROLLED_BACK and not unrecorded:
        session.say(undone.standing)
        return Unchanged(_given_up(result, Result.WITHDRAWN))
    told = " ".join(filter(None, (undone.standing, unrecorded and f"Besides, {unrecorded}")))
    raise OperationError(
        f"Rolling {session.request.service} back from {withdrawn.release.name}, which was under way: {told}",
        **as_data(_given_up(result, Result.ROLLBACK_FAILED)),
    )


@contextmanager
def _told_when_left(session: Session, release: Release) -> Iterator[None]:
    """Tell others of a run that ends on the way back of *release*, whose record stays open."""
    try:
        yield
    except (KeyboardInterrupt, SupersededError) as end:
        moment = Moment.LEFT_OPEN if isinstance(end, SupersededError) else Moment.INTERRUPTED
        session.tell(moment, release, seen="it was being rolled back, which was not watched to its end")
        session.end_telling()
        raise


def predicted(result: RolloutResult) -> RolloutResult:
    """*result* as that of a plan to give a release up, or to close one that ECS gave up."""
    return _given_up(result, Result.PLANNED)


def to_be_closed(release: Release) -> RolloutResult:
    """The result of a plan to undo others of a *release* whose own part has ended: of it nothing is changed."""
    plan = RolloutPlan(
        action=Action.UNCHANGED,
        reuse_arn=release.task_definition_arn,
        definition_changes=(),
        setting_changes=(),
        rules=(),
        scaling=None,
        before={},
        after={},
    )
    known = RolloutResult(
        changed=True,
        action=WITHDRAW,
        version=release.version,
        image=release.image,
        definition=release.definition,
        plan=plan,
        task_definition_arn=release.task_definition_arn,
        release=release,
    )
    return predicted(known)


def _given_up(result: RolloutResult, ending: Result) -> RolloutResult:
    return replace(result, changed=True, action=WITHDRAW, result=ending)
