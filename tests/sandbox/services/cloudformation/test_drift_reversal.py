# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Change sets with `DeploymentMode=REVERT_DRIFT`."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.stacks import Stack

LOGS = {
    "Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/reversal", "RetentionInDays": 30}},
    "Lost": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/reversal/lost"}},
    "Kept": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/reversal/kept"}},
}


def change_set(stack: Stack, **options: Any) -> Any:
    """The change set that reverts the stack's drift, described."""
    stack.api.create_change_set(
        StackName=stack.name,
        ChangeSetName="revert",
        UsePreviousTemplate=True,
        DeploymentMode="REVERT_DRIFT",
        **options,
    )
    return stack.api.describe_change_set(StackName=stack.name, ChangeSetName="revert")


def test_what_drifted_is_changed_back_and_what_is_gone_is_made_anew(stack: Stack, sandbox: Any) -> None:
    assert stack.create(LOGS) == "CREATE_COMPLETE"
    logs = sandbox.client("logs")
    logs.put_retention_policy(logGroupName="/reversal", retentionInDays=1)
    logs.delete_log_group(logGroupName="/reversal/lost")
    described = change_set(stack)
    found = {
        item["ResourceChange"]["LogicalResourceId"]: (
            item["ResourceChange"]["Action"],
            item["ResourceChange"]["ResourceDriftStatus"],
        )
        for item in described["Changes"]
    }
    assert found == {"Logs": ("Modify", "MODIFIED"), "Lost": ("Add", "DELETED")}
    assert (described["ExecutionStatus"], described["DeploymentMode"]) == ("AVAILABLE", "REVERT_DRIFT")
    assert set(stack.drift().values()) == {"MODIFIED", "DELETED", "IN_SYNC"}, "a change set changes nothing by itself"
    stack.api.execute_change_set(StackName=stack.name, ChangeSetName="revert")
    assert stack.settle() == "UPDATE_COMPLETE"
    assert set(stack.drift().values()) == {"IN_SYNC"}
    [group] = logs.describe_log_groups(logGroupNamePrefix="/reversal/lost")["logGroups"]
    assert group["logGroupName"] == "/reversal/lost"


def test_a_stack_without_drift_has_nothing_to_change_and_another_mode_is_refused(stack: Stack) -> None:
    assert stack.create(LOGS) == "CREATE_COMPLETE"
    described = change_set(stack)
    assert (described["Status"], described["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
    assert "didn't contain changes" in described["StatusReason"]
    with pytest.raises(ClientError, match="deploymentMode"):
        stack.api.create_change_set(
            StackName=stack.name, ChangeSetName="other", UsePreviousTemplate=True, DeploymentMode="OTHER"
        )


def test_tags_of_the_stack_that_a_resource_lost_are_set_again(stack: Stack, sandbox: Any) -> None:
    tags = [{"Key": "owner", "Value": "us"}, {"Key": "part", "Value": "logs"}]
    parameter = {"Name": "/reversal/tagged", "Type": "String", "Value": "x"}
    resources = {
        **LOGS,
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "reversal"}},
        "Parameter": {"Type": "AWS::SSM::Parameter", "Properties": parameter},
    }
    assert stack.create(resources, Tags=tags) == "CREATE_COMPLETE"
    queues, store, url = sandbox.client("sqs"), sandbox.client("ssm"), stack.physical_id("Queue")
    queues.untag_queue(QueueUrl=url, TagKeys=["owner"])
    store.remove_tags_from_resource(ResourceType="Parameter", ResourceId=parameter["Name"], TagKeys=["owner", "part"])
    lost = {name for name, status in stack.drift().items() if status == "MODIFIED"}
    assert lost == {"Queue", "Parameter"}
    change_set(stack, Tags=tags)
    stack.api.execute_change_set(StackName=stack.name, ChangeSetName="revert")
    assert stack.settle() == "UPDATE_COMPLETE"
    assert set(stack.drift().values()) == {"IN_SYNC"}
    assert queues.list_queue_tags(QueueUrl=url)["Tags"]["owner"] == "us"
