# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the module returns."""

from datetime import UTC, datetime

import boto3
import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.entry import Context
from ansible_collections.fastbreak.aws.plugins.modules.cloudformation_revert_drift import perform
from botocore.stub import Stubber

from tests.unit.plugins.module_utils._common.fakes import FakeClock, Lines

NOW = datetime(2026, 1, 2, tzinfo=UTC)
STACK = {"StackName": "s", "StackId": "arn:s", "CreationTime": NOW, "StackStatus": "CREATE_COMPLETE"}
DETECTION = {
    "StackId": "arn:s",
    "StackDriftDetectionId": "d",
    "Timestamp": NOW,
    "DetectionStatus": "DETECTION_COMPLETE",
    "StackDriftStatus": "DRIFTED",
}
DRIFT = {"StackId": "arn:s", "ResourceType": "AWS::EC2::SecurityGroupEgress", "Timestamp": NOW}
DIFFERENCE = {"PropertyPath": "/Description", "ExpectedValue": "1", "ActualValue": "2", "DifferenceType": "NOT_EQUAL"}


@pytest.mark.parametrize("drifts", [[], ["Changed", "Lost"]])
def test_a_check_tells_each_resource_in_words_and_as_a_diff(drifts):
    client = boto3.client("cloudformation", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    found = [
        {**DRIFT, "LogicalResourceId": "Changed", "StackResourceDriftStatus": "MODIFIED"}
        | {"PropertyDifferences": [DIFFERENCE]},
        {**DRIFT, "LogicalResourceId": "Lost", "StackResourceDriftStatus": "DELETED"},
    ]
    with Stubber(client) as stub:
        stub.add_response("describe_stacks", {"Stacks": [STACK]}, {"StackName": "s"})
        stub.add_response("detect_stack_drift", {"StackDriftDetectionId": "d"}, {"StackName": "s"})
        stub.add_response("describe_stack_drift_detection_status", DETECTION)
        answer = {"StackResourceDrifts": [item for item in found if item["LogicalResourceId"] in drifts]}
        stub.add_response("describe_stack_resource_drifts", answer)
        if drifts:
            stub.add_response("get_stack_policy", {}, {"StackName": "s"})
        context = Context(lambda service: client, FakeClock(), Lines(), check_mode=True)
        result = perform({"name": "s", "consent": [], "timeout_seconds": 60}, context)
        stub.assert_no_pending_responses()
    assert result["changed"] is bool(drifts)
    assert [(item["logical_id"], item["action"], item["words"]) for item in result["resources"]] == [
        ("Changed", "modify", "Changed (AWS::EC2::SecurityGroupEgress) was changed: Description is 2, and should be 1"),
        ("Lost", "add", "Lost (AWS::EC2::SecurityGroupEgress) was deleted"),
    ][: len(drifts)]
    before, after = result["diff"]["before"], result["diff"]["after"]
    assert before == {"Changed": {"/Description": "2"}, "Lost": "deleted"} if drifts else before == {}
    assert after == {"Changed": {"/Description": "1"}, "Lost": "recreated"} if drifts else after == {}
