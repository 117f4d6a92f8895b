# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Who may do what to a repository: its account's own callers, and those of other accounts that its policy admits.

AWS: ECR User Guide, "Private repository policies". Under `AUTH=true` the identity's own policies are asked too: by
MiniStack for a request to the API, here for one to the registry.
"""

import contextvars

from sandbox.identity import is_enforced, may, principal_of
from sandbox.ministack import ecr, iam_evaluator, responses, router
from sandbox.services.ecr.model.policies import Caller, Decision, decide

_caller: contextvars.ContextVar[Caller | None] = contextvars.ContextVar("ecr_caller", default=None)


def pin_caller(headers: dict[str, str], query: dict[str, list[str]]) -> Caller:
    """Remember who makes the request being served."""
    identity = iam_evaluator.resolve_caller_identity(router.extract_access_key_id(headers, query)) or {}
    caller = Caller(arn=identity.get("userArn") or root_of(responses.get_account_id()).arn)
    _caller.set(caller)
    return caller


def current_caller() -> Caller:
    """Who makes the request being served; outside a request, the account's root."""
    return _caller.get() or root_of(responses.get_account_id())


def root_of(account: str) -> Caller:
    """An account itself."""
    return Caller(arn=f"arn:aws:iam::{account}:root")


def denial(caller: Caller, repository: str, *actions: str) -> str | None:
    """Why `caller` may do none of `actions` to a repository of the current account; None when any is allowed."""
    account, policy = responses.get_account_id(), ecr._repo_policies.get(repository)
    reasons = []
    for action in actions:
        decision = decide(policy, caller, action) if policy else Decision.NONE
        if decision is Decision.ALLOW or (decision is Decision.NONE and caller.account == account):
            return None
        reasons.append(_denied(caller, repository, action, decision))
    return reasons[0]


def identity_denial(caller: Caller, repository: str, *actions: str) -> str | None:
    """The same by the caller's own policies and the repository's together. None where nothing is enforced."""
    if not is_enforced():
        return None
    principal, policy = principal_of(caller.arn), ecr._repo_policies.get(repository)
    for action in actions:
        if may(principal, action, _arn(repository), policy=policy or ""):
            return None
    return f"{_subject(caller, repository, actions[0])} because no identity-based policy allows the {actions[0]} action"


def _denied(caller: Caller, repository: str, action: str, decision: Decision) -> str:
    why = (
        "with an explicit deny in a resource-based policy"
        if decision is Decision.DENY
        else f"because no resource-based policy allows the {action} action"
    )
    return f"{_subject(caller, repository, action)} {why}"


def _subject(caller: Caller, repository: str, action: str) -> str:
    return f"User: {caller.arn} is not authorized to perform: {action} on resource: {_arn(repository)}"


def _arn(repository: str) -> str:
    return f"arn:aws:ecr:{responses.get_region()}:{responses.get_account_id()}:repository/{repository}"
