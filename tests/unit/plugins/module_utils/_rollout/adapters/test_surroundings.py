# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task definition refers to, against recorded answers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters.surroundings import (
    Alarms,
    AwsSurroundings,
    IamRoles,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.definition.trust import TASKS

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.stub import Stubber


def test_alarms_are_asked_for_a_hundred_at_a_time_and_read_to_the_end(
    stubbed: Callable[[str], tuple[Any, Stubber]],
) -> None:
    client, stub = stubbed("cloudwatch")
    names = [f"alarm {number:03}" for number in range(101)]

    def asked(batch: list[str], **token: str) -> dict[str, Any]:
        return {"AlarmNames": batch, "AlarmTypes": ["MetricAlarm", "CompositeAlarm"], "MaxRecords": 100, **token}

    def state(name: str, value: str) -> dict[str, str]:
        return {"AlarmName": name, "StateValue": value}

    first = names[:100]
    stub.add_response("describe_alarms", {"MetricAlarms": [state(first[0], "OK")], "NextToken": "a"}, asked(first))
    stub.add_response("describe_alarms", {"MetricAlarms": [], "NextToken": "b"}, asked(first, NextToken="a"))
    stub.add_response("describe_alarms", {"CompositeAlarms": [state(first[9], "ALARM")]}, asked(first, NextToken="b"))
    stub.add_response("describe_alarms", {"MetricAlarms": [state(names[100], "OK")]}, asked(names[100:]))
    states = Alarms(lambda: client).alarm_states(frozenset(names))
    assert states == {"alarm 000": "OK", "alarm 009": "ALARM", "alarm 100": "OK"}


@pytest.mark.parametrize(
    ("service", "problem"),
    [
        ("ecs-tasks.amazonaws.com", ""),
        ("lambda.amazonaws.com", "cannot be assumed by tasks: its trust policy does not let ecs-tasks.amazonaws.com"),
    ],
)
def test_a_role_that_no_task_can_assume_is_told(
    stubbed: Callable[[str], tuple[Any, Stubber]], service: str, problem: str
) -> None:
    client, stub = stubbed("iam")
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    role = {
        "Path": "/a/",
        "RoleName": "task",
        "RoleId": "AROA" + "A" * 17,
        "CreateDate": "2026-01-01",
        "Arn": "arn:aws:iam::111111111111:role/a/task",
        "AssumeRolePolicyDocument": json.dumps({"Statement": [statement]}),
    }
    stub.add_response("get_role", {"Role": role}, {"RoleName": "task"})
    told = IamRoles(lambda: client).role_problem(role["Arn"], TASKS)
    assert told.startswith(problem)
    assert bool(told) is bool(problem)


def test_a_role_that_does_not_exist_is_told(stubbed: Callable[[str], tuple[Any, Stubber]]) -> None:
    client, stub = stubbed("iam")
    stub.add_client_error("get_role", "NoSuchEntity", http_status_code=404)
    assert IamRoles(lambda: client).role_problem("arn:aws:iam::111111111111:role/task", TASKS) == "does not exist"


VERSION = "v" * 32
ARN = "arn:aws:secretsmanager:us-east-1:111111111111:secret:rds-AbCdEf"


@pytest.mark.parametrize(
    ("value_from", "asked", "held", "keys"),
    [
        (f"{ARN}:password::", {}, '{"password": "x", "user": "y"}', {"password", "user"}),
        (f"{ARN}:password:AWSPREVIOUS:", {"VersionStage": "AWSPREVIOUS"}, "{}", set()),
        (f"{ARN}:password::{VERSION}", {"VersionId": VERSION}, '["a"]', None),
        (f"{ARN}:password", {}, "plain", None),
    ],
)
def test_json_keys_of_a_secret_are_told_without_its_values(
    stubbed: Callable[[str], tuple[Any, Stubber]], value_from: str, asked: dict[str, str], held: str, keys: Any
) -> None:
    client, stub = stubbed("secretsmanager")
    stub.add_response("get_secret_value", {"SecretString": held}, {"SecretId": ARN, **asked})
    assert AwsSurroundings(lambda _service: client).secret_keys(value_from) == keys


@pytest.mark.parametrize(
    ("suffix", "answer", "said"),
    [
        ("", {"VersionIdsToStages": {VERSION: ["AWSCURRENT"]}}, ""),
        (":password::", {"VersionIdsToStages": {VERSION: ["AWSCURRENT"]}}, ""),
        (":password:AWSPREVIOUS:", {"VersionIdsToStages": {VERSION: ["AWSPREVIOUS"]}}, ""),
        (f":password::{VERSION}", {"VersionIdsToStages": {}}, ""),
        (
            "::AWSPREVIUOS:",
            {"VersionIdsToStages": {VERSION: ["AWSCURRENT"]}},
            "has no version at stage AWSPREVIUOS (it has: AWSCURRENT)",
        ),
        ("", {}, "has no version at stage AWSCURRENT (it was never given a value)"),
        ("", {"DeletedDate": 1}, "does not exist, or lies in another account or region"),
    ],
)
def test_a_secret_is_looked_for_at_the_stage_that_is_named(
    stubbed: Callable[[str], tuple[Any, Stubber]], suffix: str, answer: dict[str, Any], said: str
) -> None:
    client, stub = stubbed("secretsmanager")
    stub.add_response("describe_secret", answer, {"SecretId": ARN})
    assert AwsSurroundings(lambda _service: client).secret_problem(ARN + suffix) == said


ROLE = "arn:aws:iam::111111111111:role/execution"


def decision(action: str, said: str, **other: Any) -> dict[str, Any]:
    return {"EvalActionName": action, "EvalDecision": said, **other}


def test_only_a_certain_denial_counts(stubbed: Callable[[str], tuple[Any, Stubber]]) -> None:
    client, stub = stubbed("iam")
    asked = {"PolicySourceArn": ROLE, "ActionNames": ["a:A", "a:B", "a:C", "a:D"], "ResourceArns": ["*"]}
    results = [
        decision("a:A", "allowed"),
        decision("a:B", "implicitDeny"),
        decision("a:C", "explicitDeny"),
        # With the tags of the resource it may be allowed.
        decision("a:D", "implicitDeny", MissingContextValues=["aws:ResourceTag/x"]),
    ]
    stub.add_response("simulate_principal_policy", {"EvaluationResults": results, "IsTruncated": False}, asked)
    assert IamRoles(lambda: client).denied_actions(ROLE, ("a:A", "a:B", "a:C", "a:D"), "*") == ("a:B", "a:C")


@pytest.mark.parametrize(
    ("value_from", "action", "arn"),
    [
        (f"{ARN}:password::", "secretsmanager:GetSecretValue", ARN),
        ("/fastbreak/a", "ssm:GetParameters", "arn:aws:ssm:us-east-1:111111111111:parameter/fastbreak/a"),
        ("arn:aws:ssm:eu-west-1:1:parameter/a", "ssm:GetParameters", "arn:aws:ssm:eu-west-1:1:parameter/a"),
    ],
)
@pytest.mark.parametrize("own", ["allowed", "implicitDeny"])
def test_secret_that_the_execution_role_may_not_read_is_told(
    stubbed: Callable[[str], tuple[Any, Stubber]], value_from: str, action: str, arn: str, own: str
) -> None:
    clients = {name: stubbed(name) for name in ("iam", "secretsmanager", "ssm")}
    asked = {"PolicySourceArn": ROLE, "ActionNames": [action], "ResourceArns": [arn]}
    answer = {"EvaluationResults": [decision(action, own)], "IsTruncated": False}
    clients["iam"][1].add_response("simulate_principal_policy", answer, asked)
    if own != "allowed" and action.startswith("secretsmanager"):
        clients["secretsmanager"][1].add_response("get_resource_policy", {}, {"SecretId": ARN})
    told = AwsSurroundings(lambda service: clients[service][0]).secret_denial(ROLE, value_from)
    assert told.startswith("cannot be read by execution role" if own != "allowed" else "")
    assert bool(told) is (own != "allowed")


@pytest.mark.parametrize("own", ["allowed", "implicitDeny", None])
def test_secret_by_its_name_that_a_role_may_not_read_is_told(
    stubbed: Callable[[str], tuple[Any, Stubber]], own: str | None
) -> None:
    iam, asked_iam = stubbed("iam")
    secrets, asked = stubbed("secretsmanager")
    if own is None:
        asked.add_client_error("describe_secret", "ResourceNotFoundException", expected_params={"SecretId": "probe"})
    else:
        asked.add_response("describe_secret", {"ARN": ARN}, {"SecretId": "probe"})
        action = "secretsmanager:GetSecretValue"
        answer = {"EvaluationResults": [decision(action, own)], "IsTruncated": False}
        named = {"PolicySourceArn": ROLE, "ActionNames": [action], "ResourceArns": [ARN]}
        asked_iam.add_response("simulate_principal_policy", answer, named)
    if own == "implicitDeny":
        asked.add_response("get_resource_policy", {}, {"SecretId": ARN})
    clients = {"iam": iam, "secretsmanager": secrets}
    told = AwsSurroundings(lambda service: clients[service]).named_secret_denial(ROLE, "probe")
    assert bool(told) is (own == "implicitDeny")
    assert "execution role" not in told


@pytest.mark.parametrize("answer", [{"ResourcePolicy": "{}"}, None])
def test_policy_of_the_secret_itself_may_let_the_role_in(
    stubbed: Callable[[str], tuple[Any, Stubber]], answer: dict[str, Any] | None
) -> None:
    iam, asked_iam = stubbed("iam")
    secrets, asked = stubbed("secretsmanager")
    denied = {"EvaluationResults": [decision("secretsmanager:GetSecretValue", "implicitDeny")], "IsTruncated": False}
    asked_iam.add_response("simulate_principal_policy", denied)
    if answer:
        asked.add_response("get_resource_policy", answer, {"SecretId": ARN})
    else:
        # Who may not look at it knows of none.
        asked.add_client_error("get_resource_policy", "AccessDeniedException")
    clients = {"iam": iam, "secretsmanager": secrets}
    told = AwsSurroundings(lambda service: clients[service]).secret_denial(ROLE, ARN)
    assert bool(told) is (answer is None)
