# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""How listener rules are read, and written again elsewhere with all they hold."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.adapters.listener_rules import ListenerRulesClient
from botocore.stub import Stubber

LISTENER = "arn:aws:elasticloadbalancing:us-east-1:111111111111:listener/app/b/1/2"
GROUPS = [{"TargetGroupArn": "arn:blue", "Weight": 90}, {"TargetGroupArn": "arn:green", "Weight": 10}]
FORWARD = {
    "Type": "forward",
    "Order": 1,
    "ForwardConfig": {
        "TargetGroups": GROUPS,
        "TargetGroupStickinessConfig": {"Enabled": True, "DurationSeconds": 60},
    },
}
CONDITIONS = [
    {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/*"]}},
    {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-A", "Values": ["b"]}},
    {"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "a", "Value": "b"}]}},
    {"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8"]}},
]
TRANSFORMS = [{"Type": "url-rewrite", "UrlRewriteConfig": {"Rewrites": [{"Regex": "^/a", "Replace": "/b"}]}}]
TAGS = [{"Key": "a", "Value": "b"}, {"Key": "aws:x", "Value": "y"}]


def described(number: int) -> dict[str, Any]:
    """A rule as AWS describes it: plain values are repeated beside their structure."""
    conditions = [{**CONDITIONS[0], "Values": ["/*"]}, *CONDITIONS[1:]]
    return {
        "RuleArn": f"arn:rule/{number}",
        "Priority": str(number),
        "Conditions": conditions,
        "Actions": [FORWARD],
        "Transforms": TRANSFORMS,
        "IsDefault": False,
    }


@pytest.fixture
def stub():
    client = boto3.client("elbv2", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(client) as stubber:
        stubber.rules = ListenerRulesClient(lambda: client)
        yield stubber
        stubber.assert_no_pending_responses()


def tags_of(numbers: range) -> tuple[dict[str, Any], dict[str, Any]]:
    arns = [f"arn:rule/{number}" for number in numbers]
    return {"TagDescriptions": [{"ResourceArn": arn, "Tags": TAGS} for arn in arns]}, {"ResourceArns": arns}


def test_a_rule_is_read_and_written_elsewhere_whole(stub) -> None:
    stub.add_response("describe_rules", {"Rules": [described(7)]}, {"ListenerArn": LISTENER})
    stub.add_response("describe_tags", *tags_of(range(7, 8)))
    (rule,) = stub.rules.list_rules(LISTENER)
    body = {"Conditions": CONDITIONS, "Actions": [FORWARD], "Transforms": TRANSFORMS}
    expected = {"ListenerArn": "arn:other", "Priority": 7, "Tags": TAGS[:1], **body}
    stub.add_response("create_rule", {"Rules": []}, expected)
    stub.rules.create_rule("arn:other", rule)
    stub.add_response("modify_rule", {"Rules": []}, {"RuleArn": "arn:rule/7", **body})
    stub.rules.change_rule(rule, rule)


def test_pages_are_read_to_the_end_and_tags_in_batches(stub) -> None:
    first = {"Rules": [described(number) for number in range(1, 16)], "NextMarker": "m"}
    default = {"RuleArn": "arn:rule/d", "Priority": "default", "Conditions": [], "Actions": [FORWARD]}
    second = {"Rules": [*(described(number) for number in range(16, 31)), default]}
    stub.add_response("describe_rules", first, {"ListenerArn": LISTENER})
    stub.add_response("describe_rules", second, {"ListenerArn": LISTENER, "Marker": "m"})
    stub.add_response("describe_tags", *tags_of(range(1, 21)))
    stub.add_response("describe_tags", *tags_of(range(21, 31)))
    rules = stub.rules.list_rules(LISTENER)
    assert [rule.priority for rule in rules] == list(range(1, 31))
    assert all(rule.carries({"a": "b"}) for rule in rules)


def test_what_is_gone_has_no_rules_and_needs_no_deletion(stub) -> None:
    stub.add_client_error("describe_rules", "ListenerNotFound")
    assert stub.rules.list_rules(LISTENER) == ()
    stub.add_response("describe_rules", {"Rules": [described(1)]})
    stub.add_response("describe_tags", *tags_of(range(1, 2)))
    (rule,) = stub.rules.list_rules(LISTENER)
    stub.add_client_error("delete_rule", "RuleNotFound")
    stub.rules.delete_rule(rule)


def test_a_refusal_names_the_rule(stub) -> None:
    stub.add_response("describe_rules", {"Rules": [described(1)]})
    stub.add_response("describe_tags", *tags_of(range(1, 2)))
    (rule,) = stub.rules.list_rules(LISTENER)
    stub.add_client_error("create_rule", "TooManyRules", "no more")
    with pytest.raises(OperationError, match=r"create rule 1 on listener arn:other.*TooManyRules"):
        stub.rules.create_rule("arn:other", rule)
