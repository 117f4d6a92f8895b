# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles, users and policies that resources name and that IAM has to have already.

IAM refuses a role whose boundary or whose trusted principal does not exist, in the middle of an update, and
CloudFormation refuses a role that it cannot assume. What other accounts have, nobody can look up.

AWS: IAM User Guide, "AWS JSON policy elements: Principal"; IAM API reference, `CreateRole`; CloudFormation User Guide,
"AWS CloudFormation service role".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .ports import Catalogue

_Problems = Iterator[tuple[str, str]]

_ARN = re.compile(r"arn:aws[a-z-]*:(?:iam|sts)::(\d{12}):([a-z-]+)(?:/(.+))?")
_LOOKED_UP = ("role", "user")
_KINDS = ("root", *_LOOKED_UP, "assumed-role", "federated-user")
_BOOTSTRAP = "ansible-playbook -i <inventory> playbooks/bootstrap.yml"
_MADE_BY = f"an administrator makes it with {_BOOTSTRAP}, or give another one, or an empty text for none"
_CLOUDFORMATION = "cloudformation.amazonaws.com"


def boundaries(properties: Mapping[str, Any]) -> Iterator[Any]:
    """The permissions boundary of a role or a user."""
    yield properties.get("PermissionsBoundary")


def trusted(properties: Mapping[str, Any]) -> Iterator[Any]:
    """The ARNs that the trust policy of a role names."""
    document = properties.get("AssumeRolePolicyDocument")
    statements = document.get("Statement") if isinstance(document, dict) else None
    for statement in statements if isinstance(statements, list) else [statements]:
        principal = statement.get("Principal") if isinstance(statement, dict) else None
        named = principal.get("AWS") if isinstance(principal, dict) else None
        for name in named if isinstance(named, list) else [named]:
            # An account may be named by its number alone, and everybody by a star.
            if isinstance(name, str) and name.startswith("arn:"):
                yield name


def missing_boundaries(names: list[str], catalogue: Catalogue) -> _Problems:
    """Boundaries that are not there."""
    for name in names:
        if not catalogue.has_policy(name):
            yield name, f"is not there: IAM has no such policy, which limits the roles of the stacks; {_MADE_BY}"


def missing_principals(names: list[str], catalogue: Catalogue) -> _Problems:
    """What is no principal, and what this account does not have."""
    account = catalogue.account() if names else ""
    for name in names:
        found = _ARN.fullmatch(name)
        owner, kind, path = found.groups() if found else ("", "", "")
        if kind not in _KINDS or (kind == "root") is bool(path):
            yield name, "is nobody who could assume a role; give the ARN of a role, of a user, or of an account's root"
        elif kind in _LOOKED_UP and owner == account and not _is_there(name, kind, path, catalogue):
            yield name, f"is not there: IAM has no such {kind} in account {account}; make it first, or take it away"


def stack_role_problem(arn: str, catalogue: Catalogue) -> str:
    """Why CloudFormation could not assume its service role, as what follows the ARN; empty when it can."""
    role = catalogue.role(arn.rpartition("/")[2])
    if role is None or role.arn != arn:
        return f"is not there: IAM has no such role, which CloudFormation works with; {_MADE_BY}"
    if _CLOUDFORMATION not in role.services:
        return f"cannot be assumed by CloudFormation: its trust policy has to allow sts:AssumeRole to {_CLOUDFORMATION}"
    return ""


def _is_there(arn: str, kind: str, path: str, catalogue: Catalogue) -> bool:
    # IAM knows both by their names, whatever path an ARN has before them.
    name = path.rpartition("/")[2]
    if kind == "user":
        return catalogue.user_arn(name) == arn
    role = catalogue.role(name)
    return role is not None and role.arn == arn
