# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether there is a release to judge, where a run only judges: it never begins one. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._common.commands import ROLL_BACK_TO
from .._errors import RefusedError
from .._release.record import ROLLBACK
from .plan.differences import Action
from .service.comparison import starts_deployment
from .strategies.table import strategy_named

if TYPE_CHECKING:
    from .._release.record import Release
    from .plan.read import Facts
    from .recover import Recovery
    from .session import Session


def insist_on_release(session: Session, recovery: Recovery, facts: Facts) -> None:
    """Raise RefusedError when only a release under way is to be judged, and none is as it is wanted: that is said."""
    _insist_on_kind(session, recovery, facts.target.release.digest)
    goes_on = recovery.adopted and facts.plan.action is not Action.DEPLOY
    if not session.request.judge_only or goes_on or recovery.fallen or facts.plan.action is Action.UNCHANGED:
        return
    target = facts.target.release
    subject = f"Judging {target.version} of {session.request.service} was refused"
    if otherwise := _under_way(recovery, target.digest):
        after = "which rolls it back first" if recovery.withdrawn else "which replaces it"
        raise RefusedError(f"{subject}: {_otherwise(session, facts, otherwise, after)}")
    ended = next((release for release in recovery.records if release.version == target.version), None)
    how = f"it has ended: {ended.reason}" if ended else "no release of it is under way"
    raise RefusedError(f"{subject}: {how}. Nothing was changed. Deploy it anew if it is still wanted.")


def _insist_on_kind(session: Session, recovery: Recovery, digest: str) -> None:
    """Raise RefusedError when what is to be judged as a deploy is a rollback, whose gates are others."""
    request, back = session.request, _under_way(recovery, digest)
    if not request.judge_only or request.kind == ROLLBACK or back is None or back.kind != ROLLBACK:
        return
    raise RefusedError(
        f"Judging {back.version} of {request.service} was refused: it is a rollback that is under way, and is asked "
        "for with state present. As a deploy it would be asked all gates again, and persons for their yes. Nothing was "
        f"changed. Go on with it as a rollback (state rolled_back): {ROLL_BACK_TO.format(version=back.version)}"
    )


def _under_way(recovery: Recovery, digest: str) -> Release | None:
    """The release of the image *digest* that ECS is at work on, or left for nobody to judge."""
    withdrawn = (recovery.withdrawn.release,) if recovery.withdrawn else ()
    adopted = (recovery.adopted,) if recovery.adopted else ()
    orphans = recovery.records if recovery.orphan_arn else ()
    replaced = (release for release in orphans if release.deployment_id in ("", recovery.orphan_arn))
    return next((release for release in (*adopted, *withdrawn, *replaced) if release.digest == digest), None)


def _otherwise(session: Session, facts: Facts, release: Release, after: str) -> str:
    """In what *release* differs from what is wanted, and what to do; *after* says what deploying does to it."""
    wanted, back = session.request.settings.deployment.strategy, release.kind == ROLLBACK
    again = f"run {ROLL_BACK_TO.format(version=release.version)}" if back else "deploy it"
    if strategy_named(release.strategy).shifts_weights and not strategy_named(wanted).shifts_weights:
        return (
            f"it is under way by {release.strategy}, and deployment.strategy is {wanted} now, which knows nothing of "
            "its test listener and its second target group. Nothing was changed. Judge it with the strategy that it "
            f"began with; to release it by the other one, {again}, {after}."
        )
    others = [name.replace("_", " ") for name in facts.plan.setting_changes if starts_deployment((name,))]
    if release.task_definition_arn != facts.plan.reuse_arn:
        others.insert(0, "task definition")
    if others:
        return (
            f"it began with another {' and another '.join(others)} than the inventory asks for now. Nothing was "
            f"changed. Judge it with the inventory that it began with; to release it as it is wanted now, {again}, "
            f"{after}."
        )
    return (
        f"ECS does not say of its deployment {release.deployment_id} whether it is under way or over. Nothing was "
        "changed. Look at it (aws ecs describe-service-deployments), and judge it again once ECS has gone on."
    )
