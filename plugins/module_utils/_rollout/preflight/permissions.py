# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the roles of a release may do what it needs of them: read its secrets and its gates', and move its traffic.

Their policies are asked, as IAM would decide: a task that may not read its secret never starts, and ECS that may not
write a listener rule ends in the middle of a deployment.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ..definition.references import references
from ..disclosure.definition import is_reference
from ..plan.differences import Action
from ..request.orientation import place
from ..request.probing import secrets_of_tasks
from ..service.rules import at
from ..strategies.table import strategy_named
from .allowed import allowed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..plan.read import Facts
    from ..session import Look, Session

_READS = ("elasticloadbalancing:DescribeRules", "elasticloadbalancing:DescribeTargetHealth")
_TARGETS = ("elasticloadbalancing:RegisterTargets", "elasticloadbalancing:DeregisterTargets")
_WEIGHTS = ("elasticloadbalancing:ModifyRule",)


def permission_looks(session: Session, facts: Facts) -> list[Look]:
    """What looks for whatever the roles may not do. What cannot be asked is said, and refuses nothing."""
    if facts.plan.action in (Action.UNCHANGED, Action.SETTINGS):
        return []
    secrets = [*_secret_looks(facts), *_probe_looks(session)]
    if not strategy_named(session.request.settings.deployment.strategy).shifts_weights:
        return secrets
    return [*secrets, *_shifting_looks(session, facts)]


def _secret_looks(facts: Facts) -> list[Look]:
    document = facts.target.document
    role = str(document.get("executionRoleArn") or "")
    return [partial(_secret_problems, role, secret) for secret in references(document).secrets if role]


def _secret_problems(role: str, secret: str, session: Session) -> Iterator[str]:
    name = f"Secret {secret if is_reference(secret) else session.request.disclosure.of(secret)}"
    denial = allowed(
        session,
        f"whether the execution role may read {name}",
        lambda: session.ports.surroundings.secret_denial(role, secret),
    )
    if denial:
        yield f"{name} {denial}; tasks could not start. Provision component 'service', or correct its policies."


def _probe_looks(session: Session) -> list[Look]:
    return [partial(_probe_problems, secret) for secret in secrets_of_tasks(session.request)]


def _probe_problems(secret: str, session: Session) -> Iterator[str]:
    role = session.request.probing.task_role_arn
    denial = allowed(
        session,
        f"whether role {role} of probe_task_role_arn may read secret {secret}",
        lambda: session.ports.surroundings.named_secret_denial(role, secret),
    )
    if denial:
        yield (
            f"Secret {secret}, which gates send in a header from a task, {denial}; no such request could be sent. Name "
            "the secret that the role may read in the gates' headers (ecs_rollout_probe_headers of the role), or "
            "correct the role's policies."
        )


def _shifting_looks(session: Session, facts: Facts) -> list[Look]:
    request = session.request
    standing = (at(facts.found.rules, place(rule)) for rule in request.rules)
    asked = [
        (_READS, "*"),
        *((_TARGETS, group) for group in request.target_group_arns),
        *((_WEIGHTS, rule.arn) for rule in standing if rule and rule.arn),
    ]
    return [partial(_shifting_problems, actions, resource) for actions, resource in asked]


def _shifting_problems(actions: tuple[str, ...], resource: str, session: Session) -> Iterator[str]:
    request = session.request
    role, strategy = request.infrastructure_role_arn, request.settings.deployment.strategy
    denied = allowed(
        session,
        f"what role {role} of load_balancer.infrastructure_role_arn may do",
        lambda: session.ports.surroundings.denied_actions(role, actions, resource),
    )
    if denied:
        yield (
            f"Role {role} of load_balancer.infrastructure_role_arn may not {', '.join(denied)} on {resource}, "
            f"which {strategy} needs: provision component 'ecs', or correct its policies."
        )
