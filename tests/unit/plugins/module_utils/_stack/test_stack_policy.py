# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a stack policy denies, held against the sandbox's own reading of the same document."""

import json

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.stack_policy import denies
from hypothesis import given
from hypothesis import strategies as st

from sandbox.services.cloudformation.model.stack_policy import refusal

ALLOW = {"Effect": "Allow", "Principal": "*", "Action": "Update:*", "Resource": "*"}


def deny(**fields):
    return {"Effect": "Deny", "Principal": "*", "Action": "Update:*", "Resource": "*", **fields}


def without(member, **fields):
    return {key: value for key, value in deny(**fields).items() if key != member}


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([], True),
        ([ALLOW], False),
        (ALLOW, False),
        ([ALLOW, deny(Action="Update:Replace")], True),
        ([ALLOW, deny(Action=["Update:Modify", "Update:Delete"])], False),
        ([ALLOW, deny(Resource="LogicalResourceId/Data*")], True),
        ([ALLOW, deny(Resource=["LogicalResourceId/Other"])], False),
        ([ALLOW, without("Resource", NotResource="LogicalResourceId/Other")], True),
        ([ALLOW, without("Action", NotAction="Update:Modify")], True),
        ([ALLOW, without("Action", NotAction="Update:*")], False),
        ([ALLOW, deny(Condition={"StringEquals": {"ResourceType": ["AWS::RDS::DBInstance"]}})], True),
        ([ALLOW, deny(Condition={"StringLike": {"ResourceType": "AWS::EC2::*"}})], False),
        ([{**ALLOW, "Resource": "LogicalResourceId/Other"}], True),
    ],
)
def test_what_is_denied(statements, expected):
    assert denies({"Statement": statements}, "Update:Replace", "Database", "AWS::RDS::DBInstance") is expected


def test_no_policy_denies_nothing():
    assert not denies(None, "Update:Delete", "Database", "T")


STATEMENT = st.fixed_dictionaries(
    {
        "Effect": st.sampled_from(["Allow", "Deny"]),
        "Action": st.sampled_from(["Update:*", "Update:Modify", ["Update:Replace", "Update:Delete"], "*"]),
        "Resource": st.sampled_from(["*", "LogicalResourceId/A", ["LogicalResourceId/B*"]]),
    }
)


@given(
    st.lists(STATEMENT, max_size=4),
    st.sampled_from(["Update:Modify", "Update:Replace", "Update:Delete"]),
    st.sampled_from(["A", "B1"]),
)
def test_two_readings_agree(statements, action, name):
    policy = {"Statement": statements}
    assert denies(policy, action, name, "T") == bool(refusal(json.dumps(policy), action, name, "T"))
