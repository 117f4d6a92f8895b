# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the inputs that all components share have to be, in the words of the inventory."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .tags import tag_problems

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Variables that name what IAM has, and the kind of thing. CloudFormation and IAM take those of their own account only.
_ARNS = {"fastbreak_stack_role_arn": "role", "fastbreak_permissions_boundary_arn": "policy"}
_ARN = re.compile(r"arn:aws[a-z-]*:iam::([0-9]{12}):(role|policy)/[\w+=,.@/-]+", re.ASCII)


def shared(component: str, inputs: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the tags, the stacks' role and the permissions boundary."""
    tags = inputs.get("fastbreak_tags")
    if isinstance(tags, Mapping):
        # Each stack has a tag that says which component it is.
        texts = {str(key): str(value) for key, value in tags.items()} | {"Component": component}
        yield from (f"fastbreak_tags: {problem}" for problem in tag_problems(texts))
    for name, kind in _ARNS.items():
        yield from _arn(inputs, name, kind)


def _arn(inputs: Mapping[str, Any], name: str, kind: str) -> Iterator[str]:
    arn, account = inputs.get(name), str(inputs.get("fastbreak_account_id") or "")
    if not arn or not isinstance(arn, str):
        return  # Empty for none; other types are told as such.
    found = _ARN.fullmatch(arn)
    if not found or found.group(2) != kind:
        example = f"arn:aws:iam::{account or '111111111111'}:{kind}/a-name"
        yield f'{name} is {arn!r}, which is no {kind} of IAM; write its ARN, like {example}, or "" for none'
    elif account and found.group(1) != account:
        yield (
            f"{name} is of account {found.group(1)}, and only a {kind} of the environment's own account can be used, "
            f"{account} (fastbreak_account_id)"
        )
