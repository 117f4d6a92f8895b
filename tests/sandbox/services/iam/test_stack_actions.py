# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The rights that CloudFormation needs for a type are among those that the type's own schema lists."""

import json
from pathlib import Path
from typing import Any

import cfnlint
import pytest
import yaml

from sandbox.services.iam.model.call import Call
from sandbox.services.iam.model.passing import passed_by_call
from sandbox.services.iam.model.stack_actions import Change, action_of, resource_of

ROOT = Path(__file__).resolve().parents[4]
SCHEMAS = Path(cfnlint.__file__).parent / "data" / "schemas" / "resources"
# The schema names what CloudFormation calls today; an older call of the same right is checked here.
OTHERWISE = {"AWS::EC2::SecurityGroup", "AWS::EC2::EIP", "AWS::EC2::FlowLog", "AWS::EC2::NatGateway"}


class Loader(yaml.SafeLoader):
    """Reads templates."""


Loader.add_multi_constructor("!", lambda *_: None)


def kinds() -> list[str]:
    found = set()
    for template in ROOT.glob("roles/*/files/*.yaml"):
        body = yaml.load(template.read_text(), Loader)  # noqa: S506 - a safe loader
        found |= {resource["Type"] for resource in body["Resources"].values()}
    return sorted(found)


@pytest.fixture(scope="module")
def handlers() -> dict[str, Any]:
    wanted = set(kinds())
    listed: dict[str, Any] = {}
    for path in SCHEMAS.glob("*.json"):
        schema = json.loads(path.read_text())
        if schema.get("typeName") in wanted:
            listed.setdefault(schema["typeName"], schema.get("handlers") or {})
    assert wanted <= set(listed)
    return listed


@pytest.mark.parametrize("kind", kinds())
@pytest.mark.parametrize("operation", ["create", "delete"])
def test_the_action_is_one_that_the_schema_lists(kind: str, operation: str, handlers: dict[str, Any]) -> None:
    permitted = handlers.get(kind, {}).get(operation, {}).get("permissions")
    if not permitted or kind in OTHERWISE:
        return
    assert action_of(kind, operation).lower() in {action.lower() for action in permitted}


TOPIC = "arn:aws:sns:us-east-1:1:fastbreak-dev-critical"


@pytest.mark.parametrize(
    ("kind", "operation", "properties", "physical_id", "resource"),
    [
        ("SNS::Topic", "create", {"TopicName": "told"}, "", "arn:aws:sns:us-east-1:1:told"),
        ("SNS::Topic", "delete", {}, TOPIC, TOPIC),
        ("SNS::TopicPolicy", "create", {"Topics": [TOPIC]}, "", TOPIC),
        ("SNS::TopicPolicy", "delete", {"Topics": [TOPIC]}, "s-Policy-1", TOPIC),
        ("SNS::Subscription", "create", {"TopicArn": TOPIC}, "", TOPIC),
        ("SNS::Subscription", "delete", {"TopicArn": TOPIC}, f"{TOPIC}:1", "*"),
        ("SQS::Queue", "create", {}, "", "arn:aws:sqs:us-east-1:1:s-R-XXXXXXXXXXXX"),
        ("SQS::Queue", "delete", {}, "http://localhost:4566/1/work", "arn:aws:sqs:us-east-1:1:work"),
        ("SQS::QueuePolicy", "create", {"Queues": ["http://h:1/1/work"]}, "", "arn:aws:sqs:us-east-1:1:work"),
        ("CloudWatch::Alarm", "create", {"AlarmName": "a"}, "", "arn:aws:cloudwatch:us-east-1:1:alarm:a"),
        ("CloudWatch::CompositeAlarm", "create", {"AlarmName": "a"}, "", "*"),
        ("CloudWatch::CompositeAlarm", "delete", {}, "a", "arn:aws:cloudwatch:us-east-1:1:alarm:a"),
        ("CloudWatch::Dashboard", "update", {"DashboardName": "d"}, "d", "arn:aws:cloudwatch::1:dashboard/d"),
        ("CloudTrail::Trail", "delete", {"TrailName": "t"}, "t", "arn:aws:cloudtrail:us-east-1:1:trail/t"),
        ("RDS::EventSubscription", "create", {}, "", "arn:aws:rds:us-east-1:1:es:s-R-XXXXXXXXXXXX"),
        ("Logs::MetricFilter", "delete", {"LogGroupName": "/l"}, "F-1", "arn:aws:logs:us-east-1:1:log-group:/l"),
        ("Backup::BackupPlan", "create", {"BackupPlanName": "p"}, "", "arn:aws:backup:us-east-1:1:*"),
    ],
)
def test_resources(kind: str, operation: str, properties: dict[str, Any], physical_id: str, resource: str) -> None:
    change = Change(
        kind=f"AWS::{kind}",
        operation=operation,
        properties=properties,
        stack_name="s",
        logical_id="R",
        physical_id=physical_id,
    )
    assert resource_of(change, "us-east-1", "1") == resource


@pytest.mark.parametrize(
    ("action", "fields", "passed"),
    [
        ("RegisterTaskDefinition", {"taskRoleArn": "a"}, [("a", "ecs-tasks.amazonaws.com")]),
        ("RunTask", {"overrides": {"executionRoleArn": "b"}}, [("b", "ecs-tasks.amazonaws.com")]),
        (
            "CreateService",
            {"loadBalancers": [{"advancedConfiguration": {"roleArn": "c"}}, {}]},
            [("c", "ecs.amazonaws.com")],
        ),
        (
            "UpdateService",
            {"deploymentConfiguration": {"lifecycleHooks": [{"roleArn": "d"}]}},
            [("d", "ecs.amazonaws.com")],
        ),
        ("UpdateService", {"loadBalancers": "garbage", "role": None}, []),
        ("ListTasks", {"taskRoleArn": "a"}, []),
    ],
)
def test_passed_roles(action: str, fields: dict[str, Any], passed: list[tuple[str, str]]) -> None:
    assert passed_by_call(Call("ecs", action, fields)) == passed
