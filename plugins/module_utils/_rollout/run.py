# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roll a release out: read, plan, pre-flight, and an attempt at it when there is something to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._errors import FastbreakError, OperationError, RefusedError
from .._release.record import DEPLOY
from .act.migration_need import foretold, migration_need
from .attempt import Attempt
from .change_settings import change_settings
from .fallen import close_fallen
from .insist import insist_on_release
from .judge.running import verify_running
from .part import Unchanged
from .plan.differences import Action
from .plan.read import read
from .preflight.checks import check, check_way_back
from .preflight.served import warn_of_unused_consents
from .recover import recover
from .report import build_result
from .results import Result
from .session import Session
from .supersede import shifting_of_others, take_back
from .undo.take_snapshot import begin_snapshot, snapshot_before
from .withdraw import predicted, withdraw

if TYPE_CHECKING:
    from .part import Part
    from .plan.read import Facts
    from .plan.target import Target
    from .ports import Ports
    from .recover import Recovery, Withdrawn
    from .report import RolloutResult
    from .request.model import RolloutRequest


def roll_out(request: RolloutRequest, ports: Ports, *, check_mode: bool) -> RolloutResult:
    """Roll *request* out, or in check mode say what that would do.

    Raises RequestError and RefusedError before anything is changed; RolledBackError, SupersededError or OperationError
    for a release that did not get in, with the result's data in ``details``.
    """
    session = Session(request, ports)
    with session.shown_errors():
        try:
            return _roll_out_or_predict(session, check_mode=check_mode)
        except FastbreakError as failure:
            if not (check_mode or session.has_told):
                session.tell_unbegun(failure.message)
            raise


def _roll_out_or_predict(session: Session, *, check_mode: bool) -> RolloutResult:
    kept = session.ports.workers.begin(lambda: session.ports.releases.kept_snapshot(session.request.service))
    facts = read(session)
    if facts.plan.action is Action.UNCHANGED and (check_mode or not kept()):
        _verify(session, facts)
        return build_result(session, facts)
    # Pre-flight asks many; until then the time is spent waiting for others.
    session.ports.workers.begin(session.ports.surroundings.prepare)
    if check_mode:
        return _predict(session, facts)
    with session.locked():
        return bring(session).accept()


def predict(session: Session) -> RolloutResult:
    """What a run would do, with everything that stands against it. Nothing is written.

    Raises RequestError and RefusedError.
    """
    return _roll_out_or_predict(session, check_mode=True)


def _predict(session: Session, facts: Facts) -> RolloutResult:
    """What a run would do, which looks at what other runs left in the same way."""
    if session.await_free():
        facts = read(session)
    if facts.interrupted:
        session.warn(f"an interrupted release of {facts.interrupted[0].name} would be looked into first")
    facts, recovery = _recovered(session, facts)
    insist_on_release(session, recovery, facts)
    if recovery.fallen:
        return predicted(build_result(session, facts))
    if recovery.withdrawn and not recovery.withdrawn.first:
        check_way_back(session, facts)
        return predicted(build_result(session, facts))
    if recovery.halfway and facts.plan.judges and not recovery.adopted:
        session.warn(
            f"deployment {recovery.halfway.arn}, which an interrupted run left and nobody judged, shifts users; it "
            "would be rolled back first"
        )
    if facts.plan.action is Action.UNCHANGED:
        _verify(session, facts)
    else:
        check(session, facts, orphan_arn=recovery.replaceable_arn)
    facts = foretold(facts, migration_need(session, facts))
    return build_result(session, facts, Result.PLANNED if facts.plan.changed else Result.UNCHANGED)


def make_way(session: Session) -> Target | None:
    """Take back what others shift and the request replaces, under the lock; what is wanted, where that was done.

    Raises OperationError when users do not come back by that. Nothing is begun yet.
    """
    if not session.request.supersede or session.request.judge_only:
        return None
    facts, recovery = _recovered(session, read(session))
    others = shifting_of_others(session, facts, recovery.replaceable_arn)
    if others is None:
        return None
    check(session, facts, orphan_arn=recovery.replaceable_arn)
    take_back(session, others)
    return facts.target


def bring(session: Session, target: Target | None = None, *, digest: str = "") -> Part:
    """Bring the service to what is wanted, under its lock, and have that judged; it is not accepted yet.

    The *target* is looked for unless it is given: what it is depends on what runs, which this run changes. *digest* is
    that of the image it was planned to be of, if that is known.

    Raises as `roll_out` does, for what did not get in.
    """
    facts, recovery = _recovered(session, read(session, target))
    _insist_on_image(session, facts, digest)
    insist_on_release(session, recovery, facts)
    if recovery.fallen:
        raise close_fallen(session, facts, recovery, recovery.fallen)
    if recovery.withdrawn:
        return _withdraw(session, facts, recovery, recovery.withdrawn)
    if facts.plan.action is Action.UNCHANGED:
        _verify(session, facts)
        recovery.complete(session)
        session.end_telling()
        return Unchanged(build_result(session, facts))
    # What users get is asked while pre-flight asks AWS.
    snapshot = begin_snapshot(session, facts, recovery.snapshot)
    check(session, facts, orphan_arn=recovery.replaceable_arn)
    if others := shifting_of_others(session, facts, recovery.replaceable_arn):
        take_back(session, others)
        return bring(session, facts.target)
    if recovery.halfway and facts.plan.judges and not recovery.adopted:
        take_back(session, recovery.halfway, "which an interrupted run left and nobody judged")
        return bring(session, facts.target)
    if facts.plan.action is Action.SETTINGS:
        return change_settings(session, facts, recovery, snapshot())
    return Attempt(session, facts, recovery, snapshot()).go()


def take_up(session: Session) -> Part:
    """The service's release that is under way, under its lock, to be refused: it is not judged any further.

    Raises as `roll_out` does, for one that has ended unfit by itself, and OperationError where it is not found.
    """
    facts, recovery = _recovered(session, read(session))
    if recovery.fallen:
        raise close_fallen(session, facts, recovery, recovery.fallen, wanted=False)
    # The inventory may ask for it otherwise by now, and for no more than its end.
    found = recovery.unjudged if recovery.unjudged and recovery.unjudged.digest == facts.target.release.digest else None
    under_way = recovery.adopted or (recovery.withdrawn.release if recovery.withdrawn else found)
    if under_way is None:
        raise OperationError(
            f"The record of the release of {facts.target.release.version} is open, and {session.request.service} "
            "does not run it. It was left as it is; look what it runs, and deploy what is wanted."
        )
    left, snapshot = recovery.without(under_way), snapshot_before(session, facts, recovery.snapshot)
    return Attempt(session, facts, left, snapshot, under_way).as_it_stands(under_way)


def _withdraw(session: Session, facts: Facts, recovery: Recovery, withdrawn: Withdrawn) -> Part:
    """Give the release up that is under way, and release what is wanted after it, if that is another one."""
    if not withdrawn.first:
        check_way_back(session, facts)
        return withdraw(session, facts, recovery, withdrawn)
    check(session, facts, orphan_arn=recovery.replaceable_arn)
    try:
        withdraw(session, facts, recovery, withdrawn)
    finally:
        # Of what is wanted nobody has heard yet.
        session.has_told = False
    return bring(session, facts.target)


def _recovered(session: Session, facts: Facts) -> tuple[Facts, Recovery]:
    """What other runs left, and *facts* as they are with the end of that. Writes nothing."""
    recovery = recover(session, facts)
    goes_on = recovery.goes_on(facts)
    # On its way a rollback has other settings than it leaves.
    deploys = recovery.adopted and recovery.adopted.kind == session.request.kind == DEPLOY
    if goes_on and deploys and "deployment" in facts.plan.setting_changes:
        session.warn_once(
            "the options of deployment are others than when the release began; it goes on by those that it began with, "
            "and the service is set to these once it is accepted"
        )
    if recovery.ended or goes_on:
        # What is wanted was chosen while the interrupted release was still known as one.
        facts = read(session, facts.target, recovery.records, goes_on=goes_on)
    return facts, recovery


def _verify(session: Session, facts: Facts) -> None:
    warn_of_unused_consents(session, facts)
    verify_running(session, facts)


def _insist_on_image(session: Session, facts: Facts, digest: str) -> None:
    """Raise RefusedError when another image is wanted than was planned, which every service of the release is for."""
    release = facts.target.release
    if digest in ("", release.digest):
        return
    raise RefusedError(
        f"Rolling out {session.request.service} was refused: it was planned with image {digest}, and what is asked for "
        f"is {release.digest} ({release.version}) now: its releases, its images or what it runs were changed "
        "meanwhile. Nothing of it was changed. Run the same command again."
    )
