# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Removing a service with what a rollout made around it: the way of a teardown. The release record stays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .._common.amount import amount
from .._release.record import Outcome, finished
from .act.gone import await_gone
from .notices import Moment
from .recover import Ended, Recovery
from .results import Result
from .scaling.model import view_scaling
from .service.comparison import view_rule, view_settings
from .service.rules import ours_or_there
from .session import Session

if TYPE_CHECKING:
    from .disclosure.fingerprint import Disclosure
    from .ports import Ports
    from .request.model import RolloutRequest
    from .scaling.model import Scaling
    from .service.rules import StandingRule
    from .values import Service


@dataclass(frozen=True, slots=True)
class Removal:
    """What there was to remove, and so was or in check mode would be removed."""

    service: Service | None
    rules: tuple[StandingRule, ...]
    scaling: Scaling | None
    task_definitions: tuple[str, ...]

    @property
    def changed(self) -> bool:
        """Whether there was anything."""
        return bool(self.service or self.rules or self.scaling or self.task_definitions)


def remove(request: RolloutRequest, ports: Ports, *, check_mode: bool) -> Removal:
    """Remove the service, its scaling, its own rules and its own revisions. Raises RefusedError while it is locked."""
    session = Session(request, ports)
    with session.shown_errors():
        return _remove_or_predict(session, check_mode=check_mode)


def _remove_or_predict(session: Session, *, check_mode: bool) -> Removal:
    found = _find(session)
    if not found.changed:
        return found
    table = not session.ports.releases.table_problem()
    if check_mode:
        if table:
            session.await_free()
        return found
    if not table:
        # Without its table no rollout can be under way.
        _remove(session, found)
        return found
    with session.locked():
        _remove(session, found)
        _forget(session)
    return found


def _forget(session: Session) -> None:
    """End what interrupted runs left: there is nothing more that anything could go back to."""
    releases, moment = session.ports.releases, session.clock.now()
    reason = "the run was interrupted; the service was removed since"
    ended = (
        Ended(finished(release, Outcome.SUPERSEDED, moment=moment, reason=reason), Moment.SUPERSEDED)
        for release in releases.history(session.request.service)
        if release.in_progress
    )
    kept = releases.kept_snapshot(session.request.service) is not None
    Recovery(ended=tuple(ended), kept=kept).complete(session)


def _find(session: Session) -> Removal:
    request, ports = session.request, session.ports
    if ports.ecs.cluster_status(request.cluster) != "ACTIVE":
        service = None
    else:
        service = ports.ecs.describe_service(request.cluster, request.service)
    running = ports.ecs.describe_task_definition(service.task_definition_arn) if service else None
    if running:
        session.redaction.learn(running.document)
    family = str(request.document.get("family") or (running.family if running else ""))
    bindings = request.settings.target_bindings | (service.settings.target_bindings if service else frozenset())
    standing = ports.balancing.list_rules(
        frozenset(rule.listener_arn for rule in request.rules),
        frozenset(binding.target_group_arn for binding in bindings),
    )
    _say_what_is_left(session, ours_or_there(standing, request.rules, request.owned_by))
    active = tuple(ports.ecs.list_task_definitions(family)) if family else ()
    own = tuple(arn for arn in active if request.owned_by.owns(ports.ecs.task_definition_tags(arn)))
    if left := len(active) - len(own):
        session.say(f"left {amount(left, 'revision')} of {family} without the tags of {request.owned_by}")
    return Removal(
        service=service,
        rules=tuple(rule for rule in standing if request.owned_by.owns(rule.tags)),
        scaling=ports.scaling.describe_scaling(request.cluster, request.service),
        task_definitions=own,
    )


def _say_what_is_left(session: Session, rules: tuple[StandingRule, ...]) -> None:
    owner = session.request.owned_by
    for rule in rules:
        if not owner.owns(rule.tags):
            session.say(f"{rule.name} does not bear the tags of {owner} and is left")


def _remove(session: Session, found: Removal) -> None:
    request, ports = session.request, session.ports
    for rule in found.rules:
        ports.balancing.delete_rule(rule.arn)
        session.say(f"deleted listener rule {rule.priority}")
    if found.scaling:
        ports.scaling.remove_scaling(request.cluster, request.service)
    if found.service:
        if found.service.status == "ACTIVE":
            ports.ecs.delete_service(request.cluster, request.service)
            session.say("deleted the service")
        await_gone(session)
    for arn in found.task_definitions:
        ports.ecs.deregister_task_definition(arn)
    if found.task_definitions:
        session.say(f"deregistered {amount(len(found.task_definitions), 'revision')}")


def removal_data(removal: Removal, disclosure: Disclosure, *, check_mode: bool = False) -> dict[str, Any]:
    """*removal* as a module returns it; values are shown as *disclosure* says."""
    before: dict[str, Any] = {}
    ending = Result.PLANNED if check_mode else Result.REMOVED
    if removal.service:
        before["service"] = view_settings(removal.service.settings)
    if removal.rules:
        before["listener_rules"] = {
            f"{rule.listener_arn} priority {rule.priority}": view_rule(rule.summary(), disclosure.of)
            for rule in removal.rules
        }
    if removal.scaling:
        before["scaling"] = view_scaling(removal.scaling)
    if removal.task_definitions:
        before["task_definitions"] = list(removal.task_definitions)
    return {
        "changed": removal.changed,
        "action": "remove",
        "result": (ending if removal.changed else Result.UNCHANGED).value,
        "diff": {"before": before, "after": {}} if removal.changed else {},
    }
