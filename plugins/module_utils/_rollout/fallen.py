# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Closing a release that ECS ended while nobody judged it, as a run that had watched would have closed it.

It was handed over, held or orphaned, and its time ran out. Its tasks are back; what was changed beside them is put back
here, its record is completed, and the others of its release are undone by whoever gets the error.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

from .._common.verdict import Verdict
from .._errors import OperationError
from .attempt import Attempt
from .judge.decision import Decision, Step
from .recording import Recording
from .results import Result, of_error
from .service.deployment import DeploymentState
from .undo.take_snapshot import snapshot_before

if TYPE_CHECKING:
    from .._errors import FastbreakError
    from .plan.read import Facts
    from .recover import Fallen, Recovery
    from .session import Session
    from .strategies.model import Standing


class NeverBegunError(OperationError):
    """ECS never began the release. Unless its result says otherwise, all that was changed beside it is back."""


def close_fallen(
    session: Session, facts: Facts, recovery: Recovery, fallen: Fallen, *, wanted: bool = True
) -> FastbreakError:
    """Undo the *fallen* release whole, complete its record, tell of it; the error that says how it ended.

    *wanted*: it is not refused for another service of it.
    """
    record = Recording(session, fallen.release)
    session.release = fallen.release
    attempt = Attempt(session, facts, recovery, snapshot_before(session, facts, recovery.snapshot), fallen.release)
    if fallen.started is None or fallen.standing is None:
        raise _never_begun(attempt, record, wanted=wanted)
    with attempt.ended_well(record):
        attempt.following = True
        decision = replace(_decision(fallen.standing), measurements=fallen.release.gates)
        return attempt.fail(record, fallen.started, decision)


def _never_begun(attempt: Attempt, record: Recording, *, wanted: bool) -> FastbreakError:
    """Put back what a run changed beside a deployment that it did not come to begin; the error that says so."""
    attempt.acted = True
    attempt.session.before_undo()
    try:
        _end_unbegun(attempt, record, wanted=wanted)
    except OperationError as error:
        if of_error(error) is Result.FAILED:
            attempt.recovery.complete(attempt.session)
            attempt.session.end_telling()
        return error


def _end_unbegun(attempt: Attempt, record: Recording, *, wanted: bool) -> NoReturn:
    so = "there is nothing to judge. Deploy it anew if it is still wanted." if wanted else "there is nothing to undo."
    with attempt.ended_well(record):
        raise NeverBegunError(
            f"Release {record.release.version} of {attempt.session.request.service} was interrupted before ECS began a "
            f"deployment of it, so {so}"
        )


def _decision(standing: Standing) -> Decision:
    """The decision that a watch would have come to, without its gates."""
    reason = standing.reason or standing.state.value
    if standing.superseded:
        return Decision(Step.SUPERSEDED, gate="deployment", seen=reason, expected="a release that nobody replaces")
    by_ecs = standing.state is not DeploymentState.STOPPED
    return Decision(
        Step.AWAIT_ROLLBACK if by_ecs else Step.ROLL_BACK,
        Verdict.UNHEALTHY,
        gate="deployment",
        seen=f"ECS ended the deployment while nobody judged it: {reason}",
        expected="a verdict before ECS's patience ends",
    )
