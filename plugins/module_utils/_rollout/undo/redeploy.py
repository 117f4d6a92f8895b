# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Going back after the deployment has completed: a new deployment of the revision before."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..._common.commands import ROLL_BACK_TO
from ..._release.record import Outcome
from ..service.comparison import changed_settings, joint_bindings, starts_deployment
from ..service.deployment import DeploymentState
from ..service.rules import ours_or_there, routed_groups
from ..service.writes import ServiceChange
from ..strategies.service_events import said_by_ecs
from ..strategies.table import find_strategy
from .arrival import await_arrival, home_groups
from .destination import Undone
from .ending import await_end
from .meanwhile import Meanwhile
from .restore import Restoration

if TYPE_CHECKING:
    from ..plan.snapshot import Snapshot
    from ..session import Session
    from ..strategies.model import Strategy
    from ..values import ServiceSettings
    from .destination import WayBack


def redeploy(session: Session, failed: Strategy, back: WayBack, restoration: Restoration) -> Undone:
    """Deploy what *back* names, with the settings that were found, and wait until it is healthy.

    Their strategy does it; where that is none of ours, the one of the release that *failed*.
    While users are still sent to a target group that was not there before, the tasks are registered with it as well.
    Once they answer in their own, the listener rules go back, and the other group is left. No alarm guards it on the
    way, and ECS neither bakes nor waits for a verdict, so that it arrives even when nobody watches any more; the
    settings of before are put back with all else that *restoration* does.
    """
    session.be_patient()
    session.say(f"deploying {back.version} again")
    snapshot = restoration.snapshot
    change = _change(session, back, snapshot)
    strategy = find_strategy(change.settings.deployment.strategy) or failed
    undone = _deploy(session, strategy, back, restoration, change)
    home = snapshot.settings.target_bindings if snapshot.settings else change.settings.target_bindings
    if any(binding.shift for binding in change.settings.target_bindings):
        return undone
    if undone.outcome is not Outcome.ROLLED_BACK or change.settings.target_bindings == home:
        return undone
    Restoration(session, snapshot).rules_that_answer()
    settings = replace(change.settings, target_bindings=home)
    return _deploy(session, strategy, back, restoration, ServiceChange(settings, ("target_bindings",)))


def _deploy(
    session: Session, strategy: Strategy, back: WayBack, restoration: Restoration, change: ServiceChange
) -> Undone:
    groups = home_groups(session, restoration.snapshot)
    meanwhile = Meanwhile(session, restoration, groups)
    again = strategy.update(session, change, back.task_definition_arn)
    began = session.monotonic()
    ending = await_end(session, again, back, meanwhile, forward=True)
    if ending.lost:
        return Undone(
            Outcome.FAILED, f"A new deployment was bringing the service back to {back.version}, but {ending.lost}."
        )
    if ending.state is not DeploymentState.SUCCESSFUL:
        reason = f" ({ending.reason})" if ending.reason else ""
        return Undone(
            Outcome.FAILED,
            f"Going back to {back.version} failed as well: service deployment {again.arn} is {ending.state.value}"
            f"{reason}. The service may be running a mixture; go back to a version that is known to be good: "
            f"{ROLL_BACK_TO.format(version='<version>')}.{said_by_ecs(session)}",
        )
    left = session.request.timeout_seconds - (session.monotonic() - began)
    arrival = await_arrival(session, back, left, groups, meanwhile)
    if arrival.lost:
        return Undone(
            Outcome.FAILED, f"A new deployment brought the service back to {back.version}, but {arrival.lost}."
        )
    if not arrival.healthy:
        return Undone(
            Outcome.FAILED,
            f"While going back to {back.version}, another change set the service to {arrival.task_definition_arn}.",
        )
    return Undone(
        Outcome.ROLLED_BACK,
        f"A new deployment put the service back on {back.version} ({back.revision}), {arrival}.",
    )


def _on_the_way(settings: ServiceSettings) -> ServiceSettings:
    """*settings* while ECS goes back: to what was judged fit before, and that is not judged again."""
    strategy, unguarded = find_strategy(settings.deployment.strategy), settings.unguarded
    return replace(unguarded, deployment=strategy.unattended(unguarded.deployment)) if strategy else unguarded


def _change(session: Session, back: WayBack, snapshot: Snapshot) -> ServiceChange:
    request, before = session.request, snapshot.settings or session.request.settings
    service = session.ports.ecs.describe_service(request.cluster, request.service)
    if service is None:
        return ServiceChange(before, (), back.task_definition_arn)
    current, home = service.settings.target_bindings, before.target_bindings
    if any(binding.shift for binding in current):
        # Users are where ECS moved them: the same way leads back, whatever the strategy was before.
        before = replace(before, target_bindings=current, deployment=service.settings.deployment)
        home = current
    before = _on_the_way(before)
    listeners = frozenset(rule.listener_arn for rule in request.rules)
    groups = frozenset(binding.target_group_arn for binding in current | home)
    standing = ours_or_there(session.ports.balancing.list_rules(listeners, groups), request.rules, request.owned_by)
    settings = replace(before, target_bindings=joint_bindings(current, home, routed_groups(standing)))
    changed = changed_settings(service.settings, settings)
    arn = back.task_definition_arn if service.task_definition_arn != back.task_definition_arn else ""
    return ServiceChange(settings, changed, arn, force=not arn and not starts_deployment(changed))
