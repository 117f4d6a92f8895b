# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A role's trust policy as the policy of a resource: whom it names in its account needs no policy of their own."""

import json
from collections.abc import Callable
from typing import Any

from sandbox.ministack import iam, iam_evaluator, responses

Found = tuple[Any, ...] | None


def install() -> None:
    """Have MiniStack find trust policies beside those of queues, buckets and keys."""
    iam_evaluator._resource_policy = _knowing_roles(iam_evaluator._resource_policy)


def _knowing_roles(find: Callable[[str, str], Found]) -> Callable[[str, str], Found]:
    def _resource_policy(service: str, resource_arn: str) -> Found:
        return _trust(resource_arn) if service == "sts" else find(service, resource_arn)

    return _resource_policy


def _trust(role_arn: str) -> Found:
    """The policy with the account; None for a role of another account, of which STS asks both sides itself."""
    account, name = role_arn.split(":")[4] if role_arn.count(":") > 4 else "", role_arn.rpartition("/")[2]
    role = iam._roles.get(name) if account == responses.get_account_id() else None
    if role is None:
        return None
    document = json.loads(role["AssumeRolePolicyDocument"])
    stated = document["Statement"]
    statements = stated if isinstance(stated, list) else [stated]
    # The resource is the role, which a trust policy does not write.
    return {**document, "Statement": [{**statement, "Resource": "*"} for statement in statements]}, account
