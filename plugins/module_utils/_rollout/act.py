# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Acting: the revision, the listener rules, the service, its scaling. Each writes only what the plan says differs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .gone import await_gone
from .plan import Action, RolloutPlan
from .writes import ServiceChange

if TYPE_CHECKING:
    from .read import Facts
    from .session import Session
    from .strategies.model import Started, Strategy


def register(session: Session, facts: Facts) -> str:
    """The ARN of the revision to deploy: the one that is there already, or a new one."""
    if facts.plan.reuse_arn:
        return facts.plan.reuse_arn
    tags = {**session.request.tags, "fastbreak:version": facts.target.release.version[:256]}
    definition = session.ports.ecs.register_task_definition(facts.target.document, tags)
    session.say(f"registered {definition.family}:{definition.revision}")
    return definition.arn


def act(session: Session, facts: Facts, strategy: Strategy, task_definition_arn: str) -> Started:
    """Carry the plan out and name the deployment that came of it."""
    _put_rules(session, facts.plan)
    if facts.plan.action is Action.CREATE:
        await_gone(session)
        known = frozenset(deployment.arn for deployment in facts.deployments)
        started = strategy.create(session, task_definition_arn, known)
    else:
        started = _update(session, facts, strategy, task_definition_arn)
    _put_scaling(session, facts.plan)
    return started


def apply_settings(session: Session, facts: Facts) -> None:
    """Carry out what replaces no task: settings, tags, rules, scaling."""
    request, changed = session.request, facts.plan.setting_changes
    _put_rules(session, facts.plan)
    if facts.found.service and set(changed) - {"tags"}:
        session.ports.ecs.update_service(request.cluster, request.service, ServiceChange(request.settings, changed))
    _put_tags(session, facts)
    _put_scaling(session, facts.plan)


def _update(session: Session, facts: Facts, strategy: Strategy, task_definition_arn: str) -> Started:
    change = ServiceChange(
        session.request.settings,
        facts.plan.setting_changes,
        task_definition_arn if task_definition_arn != facts.running_arn else "",
    )
    started = strategy.update(session, change, task_definition_arn)
    _put_tags(session, facts)
    return started


def _put_tags(session: Session, facts: Facts) -> None:
    if facts.found.service and "tags" in facts.plan.setting_changes:
        session.ports.ecs.tag_service(facts.found.service.arn, dict(session.request.settings.tags))


def _put_rules(session: Session, plan: RolloutPlan) -> None:
    for rule in plan.rules:
        there = session.ports.balancing.find_rule(rule.listener_arn, rule.priority)
        tags = {**session.request.tags, "fastbreak:service": session.request.service}
        session.ports.balancing.put_rule(replace(rule, arn=there.arn if there else ""), tags)
        listener = rule.listener_arn.rpartition("/")[2]
        group = rule.target_group_arn.rpartition("targetgroup/")[2]
        session.say(f"rule {rule.priority} of listener {listener} forwards to {group}")


def _put_scaling(session: Session, plan: RolloutPlan) -> None:
    if plan.scaling:
        session.ports.scaling.put_scaling(session.request.cluster, session.request.service, plan.scaling)
        session.say(f"scaling between {plan.scaling.minimum} and {plan.scaling.maximum} tasks")
