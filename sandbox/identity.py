# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What a principal may do, for what reaches a service otherwise than by a request of MiniStack's: the registry, ECS's
own calls, CloudFormation's, and those of services that act in a role.

AWS: IAM user guide, policy evaluation logic.
"""

import json
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.ministack import app, iam, iam_evaluator, responses

_MOST = 50_000
Principal = Any


@dataclass(frozen=True)
class Checked:
    """One check: who asked for what on which resource, and whether it was allowed."""

    principal: str
    action: str
    resource: str
    allowed: bool


CHECKED: deque[Checked] = deque(maxlen=_MOST)
PROVIDER_KEYS: dict[str, Sequence[Mapping[str, Any]]] = {}
"""Host and path of an OpenID Connect provider to the keys (JWK) that it publishes."""


class NotAllowed(Exception):  # noqa: N818 - it is an answer, not a fault
    """The service may not assume the role, or the role may not do this."""


def is_enforced() -> bool:
    """Whether the sandbox was started with `AUTH=true`."""
    return bool(app.AUTH)


def principal_of(arn: str) -> Principal:
    """The policies and limits of a role, its session, a user or an account's root; session policies are left out."""
    account, kind, name = arn.split(":")[4], *_named(arn)
    policies: Any = None
    limits: list[Any] = []
    if kind == "role":
        policies = iam_evaluator._gather_role_policies(name, account)
        limits = iam_evaluator._permissions_boundary(iam._roles, name, account)
    elif kind == "user":
        policies = iam_evaluator._gather_user_policies(name, account)
        limits = iam_evaluator._permissions_boundary(iam._users, name, account)
    type_ = {"role": "AssumedRole", "user": "User"}.get(kind, "Root")
    return iam_evaluator.PrincipalInfo(arn=arn, type=type_, account=account, policies=policies, limits=limits)


def may(
    principal: Principal, action: str, resource: str, keys: Mapping[str, Any] | None = None, policy: str | None = None
) -> bool:
    """Whether the principal may do it to a resource of the current account that has this policy; it is recorded."""
    asked = iam_evaluator.EvalContext(
        principal_arn=principal.arn,
        principal_type=principal.type,
        principal_account=principal.account,
        action=action,
        resource_arn=resource,
        region=responses.get_region(),
        # The sandbox's endpoint stands for AWS's, which are asked over TLS.
        secure_transport=True,
        service_context={key.lower(): value for key, value in (keys or {}).items()},
    )
    if principal.policies is None:
        found = iam_evaluator.EvalResult("Allow")
    else:
        found = iam_evaluator.evaluate(asked, principal.policies, *principal.limits)
    if policy is not None:
        owner = responses.get_account_id()
        found = iam_evaluator.combine_resource_policy(found, asked, policy, owner, limits=principal.limits)
    allowed = bool(found.decision == "Allow")
    CHECKED.append(Checked(principal.arn, action, resource, allowed))
    return allowed


def require(role: str, service: str, action: str, resource: str, keys: Mapping[str, Any] | None = None) -> None:
    """NotAllowed unless `service` (such as `codebuild.amazonaws.com`) may act as the role, and the role may do this.

    Services act with the roles that they are given whatever `AUTH` says, so this is asked always.
    """
    account, name = role.split(":")[4], role.rsplit("/", 1)[-1]
    if not trusts(role, service):
        raise NotAllowed(f"{service} is not authorized to perform AssumeRole on role {role}")
    principal = principal_of(f"arn:aws:sts::{account}:assumed-role/{name}/{service.partition('.')[0]}")
    if not may(principal, action, resource, keys):
        raise NotAllowed(
            f"User: {principal.arn} is not authorized to perform: {action} on resource: {resource} because no "
            f"identity-based policy allows the {action} action"
        )


def trusts(role: str, service: str) -> bool:
    """Whether the role is in the current account and lets the service act as it. Conditions are not asked."""
    record = iam._roles.get(role.rsplit("/", 1)[-1])
    if record is None or record["Arn"] != role:
        return False
    return service in _trusted_services(record["AssumeRolePolicyDocument"])


def _trusted_services(policy: Any) -> set[str]:
    document = json.loads(policy) if isinstance(policy, str) else policy
    statements = document.get("Statement", [])
    found: set[str] = set()
    for statement in statements if isinstance(statements, list) else [statements]:
        named = (statement.get("Principal") or {}).get("Service", []) if statement.get("Effect") == "Allow" else []
        found |= {named} if isinstance(named, str) else set(named)
    return found


def _named(arn: str) -> tuple[str, str]:
    """role, user or root, and the name."""
    kind, _, path = arn.split(":", 5)[5].partition("/")
    if kind == "assumed-role":
        return "role", path.partition("/")[0]
    return kind, path.rpartition("/")[2]
