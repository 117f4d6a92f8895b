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
from sandbox.services.iam.model.stack_actions import action_of

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
