# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What a repository policy says of a caller and an action. No I/O.

AWS: ECR User Guide, "Private repository policies"; IAM User Guide, "Policy evaluation logic" and "Principal". A policy
element that is not known here never opens a door: such a statement does not allow, and it does deny.
"""

import fnmatch
import json
import re
from dataclasses import dataclass
from enum import Enum
from typing import Any

Statement = dict[str, Any]
_ACCOUNT = re.compile(r"\d{12}")
_ROOT = re.compile(r"arn:[a-z-]+:iam::(\d{12}):root")
_ROLE = re.compile(r"arn:[a-z-]+:iam::(\d{12}):role/(?:.+/)?([^/]+)")
_SESSION = re.compile(r"arn:[a-z-]+:sts::(\d{12}):assumed-role/([^/]+)/.+")
_PRINCIPAL = re.compile(r"\*|\d{12}|arn:[a-z-]+:(?:iam|sts)::\d{12}:.+")
_ELEMENTS = frozenset({"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Condition"})
_LIMIT = 10240
_CONDITIONS = {"StringEquals": False, "StringLike": True, "ArnEquals": True, "ArnLike": True}


class InvalidPolicyError(ValueError):
    """The text is no repository policy."""

    def __init__(self) -> None:
        super().__init__(
            "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid repository policy provided'"
        )


class Decision(Enum):
    """What a policy says; NONE is not to mention it."""

    ALLOW = "allow"
    DENY = "deny"
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who asks: an account's root, a user, a role's session."""

    arn: str

    @property
    def account(self) -> str:
        """The account the caller belongs to."""
        return self.arn.split(":")[4]


def check(text: str) -> None:
    """InvalidPolicyError unless `text` is a repository policy."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise InvalidPolicyError from error
    if len(text) > _LIMIT or not isinstance(document, dict):
        raise InvalidPolicyError
    if document.get("Version", "2008-10-17") not in {"2008-10-17", "2012-10-17"}:
        raise InvalidPolicyError
    statements = _list(document.get("Statement"))
    if not statements or not all(_is_statement(statement) for statement in statements):
        raise InvalidPolicyError


def problem(text: str) -> str | None:
    """Why `text` is no repository policy; None when there is nothing wrong with it."""
    try:
        check(text)
    except InvalidPolicyError as error:
        return str(error)
    return None


def decide(text: str, caller: Caller, action: str) -> Decision:
    """What the policy says of `caller` doing `action` (such as ``ecr:PutImage``). A Deny wins."""
    effects = {
        statement["Effect"]
        for statement in _list(json.loads(text)["Statement"])
        if _applies(statement, caller, action, statement["Effect"])
    }
    if "Deny" in effects:
        return Decision.DENY
    return Decision.ALLOW if effects else Decision.NONE


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _is_statement(statement: Any) -> bool:
    if not isinstance(statement, dict) or set(statement) - _ELEMENTS:
        return False
    if statement.get("Effect") not in {"Allow", "Deny"}:
        return False
    if ("Action" in statement) == ("NotAction" in statement):
        return False
    if ("Principal" in statement) == ("NotPrincipal" in statement):
        return False
    actions = _list(statement.get("Action", statement.get("NotAction")))
    return bool(actions) and all(_is_action(named) for named in actions) and _is_principal(statement)


def _is_action(action: Any) -> bool:
    return isinstance(action, str) and (action == "*" or re.fullmatch(r"(?i:ecr):[A-Za-z*?]+", action) is not None)


def _is_principal(statement: Statement) -> bool:
    principal = statement.get("Principal", statement.get("NotPrincipal"))
    if principal == "*":
        return True
    if not isinstance(principal, dict) or not principal or set(principal) - {"AWS", "Service", "Federated"}:
        return False
    named = _list(principal.get("AWS"))
    return all(isinstance(arn, str) and _PRINCIPAL.fullmatch(arn) for arn in named)


def _applies(statement: Statement, caller: Caller, action: str, effect: str) -> bool:
    return (
        _names_action(statement, action)
        and _names_caller(statement, caller, effect)
        and _conditions_hold(statement.get("Condition") or {}, caller, effect)
    )


def _names_action(statement: Statement, action: str) -> bool:
    wanted = _list(statement.get("Action", statement.get("NotAction")))
    named = any(fnmatch.fnmatchcase(action.lower(), pattern.lower()) for pattern in wanted)
    return named if "Action" in statement else not named


def _names_caller(statement: Statement, caller: Caller, effect: str) -> bool:
    if "NotPrincipal" in statement:
        return effect == "Deny"
    principal = statement["Principal"]
    if principal == "*":
        return True
    return any(_is_caller(named, caller) for named in _list(principal.get("AWS")))


def _is_caller(principal: str, caller: Caller) -> bool:
    if principal in {"*", caller.arn}:
        return True
    if _ACCOUNT.fullmatch(principal):
        return principal == caller.account
    if root := _ROOT.fullmatch(principal):
        return root[1] == caller.account
    role, session = _ROLE.fullmatch(principal), _SESSION.fullmatch(caller.arn)
    return bool(role and session and role.groups() == session.groups())


def _conditions_hold(conditions: Statement, caller: Caller, effect: str) -> bool:
    known = {"aws:principalarn": caller.arn, "aws:principalaccount": caller.account}
    for operator, keys in conditions.items():
        for key, values in keys.items():
            seen = known.get(key.lower())
            if operator not in _CONDITIONS or seen is None:
                if effect == "Allow":
                    return False
            elif not _meets(seen, _list(values), wild=_CONDITIONS[operator]):
                return False
    return True


def _meets(seen: str, values: list[Any], *, wild: bool) -> bool:
    return any(fnmatch.fnmatchcase(seen, str(value)) if wild else seen == str(value) for value in values)
