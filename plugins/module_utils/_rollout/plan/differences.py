# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rollout would do: the plan, from what is there and what is wanted. Pure, so check mode and the run agree."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, Any

from ..definition.comparison import Document, is_same
from ..disclosure.definition import changes, views
from ..scaling.change import change_to
from ..scaling.model import label_missing, view_scaling
from ..scaling.rest import may_rest
from ..service.comparison import (
    changed_settings,
    comparable,
    same_rule,
    starts_deployment,
    view_rule,
    view_settings,
    why_not_updatable,
)
from ..service.ownership import Owner, owner_of
from ..service.rules import StandingRule, at, collision
from .revisions import spare_revisions

if TYPE_CHECKING:
    from ..disclosure.fingerprint import Disclosure
    from ..scaling.change import ScalingChange
    from ..scaling.model import Scaling
    from ..values import ListenerRule, Service, ServiceSettings, TaskDefinition


class Action(Enum):
    """What happens to the service.

    CREATE: there is none. DEPLOY: its tasks are replaced and judged. ADOPT: what is wanted runs already but was never
    judged, so it is judged now. SETTINGS: something changes that replaces no task. UNCHANGED: nothing does.
    """

    CREATE = "create"
    DEPLOY = "deploy"
    ADOPT = "adopt"
    SETTINGS = "settings"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a service should be. ``task_definition_arn``: a recorded revision to go back to, used as it is.

    ``force_new_deployment``: its tasks are replaced even when nothing differs. ``keep_revisions`` 0: all are kept.
    """

    name: str
    document: Document
    settings: ServiceSettings
    rules: tuple[ListenerRule, ...] = ()
    scaling: Scaling | None = None
    desired_count: int = 1
    task_definition_arn: str = ""
    owner: Owner = field(default_factory=lambda: Owner("", ""))
    force_new_deployment: bool = False
    keep_revisions: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """What there is. ``rules`` are all of the load balancer's; ``judged`` says whether what runs was accepted.

    ``own_revisions`` are the ARNs of those that our tags name, ``needed_revisions`` of those that must stay; both are
    read only where not all are kept. ``scaling_problems`` say what keeps the wanted scaling from being put now.
    ``kept_awake``: an earlier release has raised the bounds and suspended the schedule, and nobody put that back.
    """

    service: Service | None = None
    running: TaskDefinition | None = None
    latest: TaskDefinition | None = None
    rules: tuple[StandingRule, ...] = ()
    scaling: Scaling | None = None
    judged: bool = False
    own_revisions: tuple[str, ...] = ()
    needed_revisions: frozenset[str] = frozenset()
    scaling_problems: tuple[str, ...] = ()
    kept_awake: bool = False


@dataclass(frozen=True, slots=True)
class RolloutPlan:
    """What will be done. ``reuse_arn`` empty: a revision is registered. ``refusal``: why nothing may be done.

    ``rules`` are put in place, ``unmarked`` ones get our tags, ``dropped`` ones are ours and no longer wanted.
    ``spare`` are the ARNs of revisions that are deregistered once the release is accepted, the oldest first.
    ``rests``: the service takes no requests, and had or gets scaling that may leave it without a task. The scaling that
    is wanted is then put once the release has ended.
    """

    action: Action
    reuse_arn: str
    definition_changes: tuple[str, ...]
    setting_changes: tuple[str, ...]
    rules: tuple[ListenerRule, ...]
    scaling: ScalingChange | None
    before: dict[str, Any]
    after: dict[str, Any]
    refusal: str = ""
    unmarked: tuple[StandingRule, ...] = ()
    dropped: tuple[StandingRule, ...] = ()
    spare: tuple[str, ...] = ()
    wanted_scaling: Scaling | None = None
    rests: bool = False

    @property
    def routes(self) -> bool:
        """Whether any listener rule is written."""
        return bool(self.rules or self.unmarked or self.dropped)

    @property
    def changed(self) -> bool:
        """Whether carrying it out would write anything."""
        return self.action is not Action.UNCHANGED

    @property
    def judges(self) -> bool:
        """Whether carrying it out ends in gates and a release record."""
        return self.action in (Action.CREATE, Action.DEPLOY, Action.ADOPT)


def plan(wanted: Wanted, found: Found, disclosure: Disclosure) -> RolloutPlan:
    """What has to be done to get from *found* to *wanted*; its views show values as *disclosure* says."""
    wanted = _resumed(wanted, found)
    service, running = found.service, found.running
    reuse_arn = _reusable(wanted, found)
    replaces = running is None or reuse_arn != running.arn
    changed = changed_settings(service.settings, wanted.settings) if service else ()
    rules, unmarked, dropped = _rules(wanted, found)
    scaling = change_to(found.scaling, wanted.scaling) if wanted.scaling else None
    action = _action(found, replaces=replaces, changed=changed, beside=bool(rules or unmarked or dropped or scaling))
    before, after = _views(wanted, found, disclosure)
    if wanted.force_new_deployment and action in (Action.SETTINGS, Action.UNCHANGED):
        action = Action.DEPLOY
        before["force_new_deployment"], after["force_new_deployment"] = False, True
    if action in (Action.DEPLOY, Action.ADOPT):
        _add_release(before, after, found, action, reuse_arn)
    spare = _spare(wanted, found, action, reuse_arn)
    if spare:
        before["own_revisions"] = [_short(arn) for arn in found.own_revisions]
        after["own_revisions"] = [_short(arn) for arn in found.own_revisions if arn not in spare]
    return RolloutPlan(
        action=action,
        reuse_arn=reuse_arn,
        definition_changes=changes(running.document if running else None, wanted.document) if replaces else (),
        setting_changes=changed,
        rules=rules,
        scaling=scaling,
        before=before,
        after=after,
        refusal=". ".join(filter(None, _refusals(wanted, found))),
        unmarked=unmarked,
        dropped=dropped,
        spare=spare,
        wanted_scaling=wanted.scaling,
        rests=_rests(wanted, found),
    )


def _rests(wanted: Wanted, found: Found) -> bool:
    idle = wanted.scaling is not None and not wanted.settings.target_bindings
    return idle and (may_rest(wanted.scaling) or may_rest(found.scaling) or found.kept_awake)


def _resumed(wanted: Wanted, found: Found) -> Wanted:
    """*wanted* with a schedule that goes on, where releases suspend it."""
    scaling = wanted.scaling
    if scaling is None or scaling.suspended is not None or not _rests(wanted, found):
        return wanted
    return replace(wanted, scaling=replace(scaling, suspended=False))


def _refusals(wanted: Wanted, found: Found) -> tuple[str, ...]:
    return (
        _refusal(found.service, wanted, rests=_rests(wanted, found)),
        _unlabelled(wanted),
        *found.scaling_problems,
        *_collisions(wanted, found),
    )


def _rules(
    wanted: Wanted, found: Found
) -> tuple[tuple[ListenerRule, ...], tuple[StandingRule, ...], tuple[StandingRule, ...]]:
    pairs = [(rule, at(found.rules, (rule.listener_arn, rule.priority))) for rule in wanted.rules]
    places = {(rule.listener_arn, rule.priority) for rule in wanted.rules}
    ours = (rule for rule in found.rules if wanted.owner.owns(rule.tags))
    return (
        tuple(rule for rule, there in pairs if not same_rule(there.summary() if there else None, rule)),
        tuple(there for _rule, there in pairs if there and not wanted.owner.owns(there.tags)),
        tuple(rule for rule in ours if rule.place not in places),
    )


def _spare(wanted: Wanted, found: Found, action: Action, reuse_arn: str) -> tuple[str, ...]:
    if action in (Action.SETTINGS, Action.UNCHANGED):
        return ()
    needed = found.needed_revisions | {reuse_arn}
    return spare_revisions(found.own_revisions, wanted.keep_revisions, needed, registers=not reuse_arn)


def _short(arn: str) -> str:
    return arn.rpartition("/")[2]


def _collisions(wanted: Wanted, found: Found) -> list[str]:
    pairs = ((rule, at(found.rules, (rule.listener_arn, rule.priority))) for rule in wanted.rules)
    return [collision(there, rule, wanted.owner) for rule, there in pairs]


def _reusable(wanted: Wanted, found: Found) -> str:
    if wanted.task_definition_arn:
        return wanted.task_definition_arn
    for revision in (found.running, found.latest):
        if revision is not None and revision.active and is_same(revision.document, wanted.document):
            return revision.arn
    return ""


def _action(found: Found, *, replaces: bool, changed: tuple[str, ...], beside: bool) -> Action:
    if found.service is None:
        return Action.CREATE
    if replaces or starts_deployment(changed):
        return Action.DEPLOY
    if not found.judged:
        return Action.ADOPT
    return Action.SETTINGS if changed or beside else Action.UNCHANGED


def _refusal(service: Service | None, wanted: Wanted, *, rests: bool) -> str:
    if service is None:
        return ""
    if service.desired_count == 0 and not rests:
        return (
            f"service {service.name} has a desired count of 0, so a release to it could not be judged. Scale it up "
            "first; a rollout changes the desired count of no service that its scaling does not let rest"
        )
    reason = why_not_updatable(service, wanted.settings)
    if not reason:
        return ""
    return (
        f"service {service.name} cannot be updated to what is wanted: {reason}. ECS would have to delete and create "
        "it, which stops every task. Remove it with state=absent in a maintenance window, then deploy"
    )


def _unlabelled(wanted: Wanted) -> str:
    if not label_missing(wanted.scaling):
        return ""
    return (
        "scaling.requests_per_target counts what an Application Load Balancer sends to a target group, and none is "
        "attached to load_balancer.target_group_arn. Name a rule in listener_rules, let a listener forward to the "
        "group, or leave requests_per_target out"
    )


def _views(wanted: Wanted, found: Found, disclosure: Disclosure) -> tuple[dict[str, Any], dict[str, Any]]:
    before: dict[str, Any] = {}
    definition_before, definition_after = views(
        found.running.document if found.running else None, wanted.document, disclosure
    )
    after: dict[str, Any] = {"task_definition": definition_after, "service": view_settings(wanted.settings)}
    if found.service:
        compared = comparable(found.service.settings, wanted.settings)
        before = {"task_definition": definition_before, "service": view_settings(compared)}
    else:
        after["service"]["desired_count"] = wanted.desired_count
    for standing in found.rules:
        place = f"{standing.listener_arn} priority {standing.priority}"
        wanted_here = any((rule.listener_arn, rule.priority) == standing.place for rule in wanted.rules)
        if wanted_here or wanted.owner.owns(standing.tags):
            before.setdefault("listener_rules", {})[place] = {
                **view_rule(standing.summary(), disclosure.of),
                **_view_owner(standing, wanted.owner),
            }
    for rule in wanted.rules:
        place = f"{rule.listener_arn} priority {rule.priority}"
        after.setdefault("listener_rules", {})[place] = {**view_rule(rule, disclosure.of), "owner": str(wanted.owner)}
    if wanted.scaling:
        change = change_to(found.scaling, wanted.scaling)
        after["scaling"] = view_scaling(change.after if change else found.scaling or wanted.scaling)
        if found.scaling:
            before["scaling"] = view_scaling(found.scaling)
    return before, after


def _add_release(before: dict[str, Any], after: dict[str, Any], found: Found, action: Action, reuse_arn: str) -> None:
    """Show what makes a release of what may look the same: another revision, or that it was never judged."""
    running = found.running
    if action is Action.ADOPT:
        before["judged"], after["judged"] = False, True
    elif running is None or running.arn != reuse_arn:
        before["revision"] = f"{running.family}:{running.revision}" if running else ""
        after["revision"] = reuse_arn.rpartition("/")[2] or "(to be registered)"


def _view_owner(rule: StandingRule, owner: Owner) -> dict[str, str]:
    return {"owner": str(owner if owner.owns(rule.tags) else owner_of(rule.tags) or "nobody")}
