# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stacks as they are read, with their drift where that is asked for."""

import json
from datetime import UTC, datetime

import boto3
import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.entry import Context
from ansible_collections.fastbreak.aws.plugins.modules.cloudformation_stack_info import perform
from botocore.stub import Stubber

from tests.unit.plugins.module_utils._common.fakes import FakeClock, Lines

NOW = datetime(2026, 1, 2, tzinfo=UTC)
STACK = {"StackName": "a", "StackId": "arn:a", "CreationTime": NOW, "StackStatus": "CREATE_COMPLETE"}
DETECTION = {"StackId": "arn:a", "StackDriftDetectionId": "d", "Timestamp": NOW}
DRIFT = {
    "StackId": "arn:a",
    "LogicalResourceId": "R",
    "ResourceType": "T",
    "Timestamp": NOW,
    "StackResourceDriftStatus": "MODIFIED",
    "PropertyDifferences": [
        {"PropertyPath": "/A", "ExpectedValue": "1", "ActualValue": "2", "DifferenceType": "NOT_EQUAL"}
    ],
}


@pytest.fixture
def cloudformation():
    client = boto3.client("cloudformation", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(client) as stub:
        yield client, stub
        stub.assert_no_pending_responses()


def read(client, clock=None, **options):
    context = Context(lambda service: client, clock or FakeClock(), Lines(), check_mode=False)
    return perform(
        {"names": ["a", "b"], "detect_drift": False, "find_additions": False, "timeout_seconds": 60, **options}, context
    )


def answer_stacks(stub):
    outputs = [{"OutputKey": "O", "OutputValue": "w"}]
    stub.add_response("describe_stacks", {"Stacks": [{**STACK, "Outputs": outputs}]}, {"StackName": "a"})
    stub.add_client_error("describe_stacks", "ValidationError", "Stack with id b does not exist")


def test_a_stack_that_does_not_exist_is_left_out(cloudformation):
    client, stub = cloudformation
    answer_stacks(stub)
    assert read(client) == {
        "changed": False,
        "stacks": {"a": {"status": "CREATE_COMPLETE", "outputs": {"O": "w"}, "parameters": {}, "tags": {}}},
    }


def test_drift_is_waited_for_and_told_with_its_values(cloudformation):
    client, stub = cloudformation
    clock = FakeClock()
    answer_stacks(stub)
    stub.add_response("detect_stack_drift", {"StackDriftDetectionId": "d"}, {"StackName": "a"})
    for status in ("DETECTION_IN_PROGRESS", "DETECTION_COMPLETE"):
        answer = {**DETECTION, "DetectionStatus": status, "StackDriftStatus": "DRIFTED"}
        stub.add_response("describe_stack_drift_detection_status", answer, {"StackDriftDetectionId": "d"})
    stub.add_response("describe_stack_resource_drifts", {"StackResourceDrifts": [DRIFT]})
    assert read(client, clock, detect_drift=True)["stacks"]["a"]["drift"] == {
        "status": "DRIFTED",
        "resources": [
            {
                "logical_id": "R",
                "resource_type": "T",
                "status": "MODIFIED",
                "words": "R (T) was changed: A is 2, and should be 1",
                "differences": [{"path": "/A", "expected": "1", "actual": "2"}],
            }
        ],
    }
    assert clock.sleeps == [1.0]


def test_what_was_added_is_told_of_stacks_that_exist():
    clients = {
        name: boto3.client(name, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
        for name in ("cloudformation", "iam")
    }
    stack_id = "arn:aws:cloudformation:us-east-1:111111111111:stack/a/1"
    summary = {"LogicalResourceId": "Role", "ResourceType": "AWS::IAM::Role", "PhysicalResourceId": "a-role"}
    listed = {**summary, "ResourceStatus": "CREATE_COMPLETE", "LastUpdatedTimestamp": NOW}
    template = json.dumps({"Resources": {"Role": {"Type": "AWS::IAM::Role"}}})
    attached = {"PolicyName": "p", "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}
    with Stubber(clients["cloudformation"]) as stacks, Stubber(clients["iam"]) as iam:
        stacks.add_response("describe_stacks", {"Stacks": [{**STACK, "StackId": stack_id}]}, {"StackName": "a"})
        stacks.add_client_error("describe_stacks", "ValidationError", "Stack with id b does not exist")
        stacks.add_response("list_stack_resources", {"StackResourceSummaries": [listed]}, {"StackName": stack_id})
        stacks.add_response("get_template", {"TemplateBody": template})
        iam.add_response("list_attached_role_policies", {"AttachedPolicies": [attached]})
        iam.add_response("list_role_policies", {"PolicyNames": []})
        context = Context(clients.get, FakeClock(), Lines(), check_mode=False)
        options = {"names": ["a", "b"], "detect_drift": False, "find_additions": True, "timeout_seconds": 60}
        [addition] = perform(options, context)["stacks"]["a"]["additions"]
        stacks.assert_no_pending_responses()
        iam.assert_no_pending_responses()
    command = f"aws iam detach-role-policy --role-name a-role --policy-arn {attached['PolicyArn']}"
    assert (addition["logical_id"], addition["command"]) == ("Role", command)
