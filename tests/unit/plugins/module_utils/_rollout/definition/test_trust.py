# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a trust policy lets tasks of ECS assume a role."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.definition.trust import (
    INFRASTRUCTURE,
    TASKS,
    trusts,
)
from hypothesis import given
from hypothesis import strategies as st

ELSE = "lambda.amazonaws.com"


def allow(principal: Any, action: Any = "sts:AssumeRole", **other: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": principal, "Action": action, **other}


TABLE = [
    ([allow({"Service": TASKS})], True),
    (allow({"Service": TASKS}), True),
    ([allow({"Service": [ELSE, TASKS]})], True),
    ([allow({"Service": ELSE}), allow({"Service": TASKS})], True),
    ([allow({"Service": TASKS}, ["sts:TagSession", "sts:AssumeRole"])], True),
    ([allow({"Service": TASKS}, "sts:*")], True),
    ([allow({"Service": TASKS}, "*")], True),
    ([allow({"Service": TASKS}, "STS:assumerole")], True),
    ([allow({"Service": TASKS}, Condition={"StringEquals": {"aws:SourceAccount": "222222222222"}})], True),
    ([allow("*")], True),
    ([allow({"AWS": "*"})], True),
    ([{"Effect": "Allow", "NotPrincipal": {"Service": ELSE}, "Action": "sts:AssumeRole"}], True),
    ([{"Effect": "Allow", "Principal": {"Service": TASKS}, "NotAction": "sts:GetCallerIdentity"}], True),
    ([], False),
    ([allow({"Service": ELSE})], False),
    ([allow({"Service": "ecs.amazonaws.com"})], False),
    ([allow({"AWS": "arn:aws:iam::111111111111:root"})], False),
    ([allow({"Federated": "cognito-identity.amazonaws.com"}, "sts:AssumeRoleWithWebIdentity")], False),
    ([allow({"Service": TASKS}, "sts:TagSession")], False),
    ([{**allow({"Service": TASKS}), "Effect": "Deny"}], False),
]


@pytest.mark.parametrize(("statements", "expected"), TABLE)
def test_only_a_policy_that_lets_no_task_in_is_told(statements: Any, expected: bool) -> None:
    policy = {"Version": "2012-10-17", "Statement": statements}
    text = json.dumps(policy)
    assert trusts(policy, TASKS) is trusts(text, TASKS) is trusts(quote(text), TASKS) is expected


def test_the_infrastructure_role_is_not_for_tasks() -> None:
    policy = {"Statement": [allow({"Service": INFRASTRUCTURE})]}
    assert (trusts(policy, INFRASTRUCTURE), trusts(policy, TASKS)) == (True, False)


@pytest.mark.parametrize(
    "policy", [None, "", "{", "[]", 7, [], {}, {"Statement": None}, {"Statement": ["x"]}, "[" * 10**5]
)
def test_what_cannot_be_read_refuses_nothing(policy: Any) -> None:
    assert trusts(policy, TASKS)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from(["Allow", "*", TASKS]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["Statement", "Effect", "Principal", "Action", "Service", "AWS"]), inner)
    ),
    max_leaves=20,
)


@given(VALUES)
def test_no_policy_ends_a_run(policy: Any) -> None:
    assert trusts(policy, TASKS) in (True, False)
    assert trusts({"Statement": policy}, TASKS) in (True, False)
