# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is asked of CloudFormation, and what its answers become."""

import json
from datetime import UTC, datetime
from types import SimpleNamespace

import boto3
import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    CredentialsError,
    OperationError,
    UnavailableError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.adapters.cloudformation import CloudFormation
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.types import (
    ChangeSet,
    DriftDetection,
    NothingToUpdateError,
    ResourceDrift,
    Reversal,
    StackBusyError,
    StackEvent,
    StackGoneError,
    StackRequest,
    StackResource,
    StackSnapshot,
)
from botocore.config import Config
from botocore.stub import Stubber

ARN = "arn:aws:cloudformation:us-east-1:111111111111:stack/s/1"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def api():
    client = boto3.client(
        "cloudformation",
        region_name="us-east-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",
        config=Config(retries={"total_max_attempts": 1}),
    )
    with Stubber(client) as stub:
        yield CloudFormation(lambda: client), stub
        stub.assert_no_pending_responses()


def described(**fields):
    return {"StackName": "s", "StackId": ARN, "CreationTime": NOW, "StackStatus": "CREATE_COMPLETE", **fields}


def test_a_stack_is_described(api):
    stacks, stub = api
    stub.add_response(
        "describe_stacks",
        {
            "Stacks": [
                described(
                    Parameters=[{"ParameterKey": "P", "ParameterValue": "v"}],
                    Outputs=[{"OutputKey": "O", "OutputValue": "w"}],
                    Tags=[{"Key": "a", "Value": "b"}, {"Key": "aws:cloudformation:x", "Value": "y"}],
                    EnableTerminationProtection=True,
                )
            ]
        },
        {"StackName": "s"},
    )
    snapshot = stacks.describe_stack("s")
    assert (snapshot.parameters, snapshot.outputs, snapshot.tags) == ({"P": "v"}, {"O": "w"}, {"a": "b"})
    assert snapshot.termination_protection
    assert stacks.region == "us-east-1"


def test_no_such_stack_is_an_answer(api):
    stacks, stub = api
    stub.add_client_error("describe_stacks", "ValidationError", "Stack with id s does not exist")
    assert stacks.describe_stack("s") is None


@pytest.mark.parametrize(
    ("code", "text", "error"),
    [
        ("ValidationError", "No updates are to be performed.", NothingToUpdateError),
        ("ValidationError", "Stack:arn is in UPDATE_IN_PROGRESS state and can not be updated.", StackBusyError),
        ("OperationInProgressException", "Another operation is in progress", StackBusyError),
        ("ValidationError", "Parameters: [X] must have values", OperationError),
        ("AccessDenied", "User may not", OperationError),
        ("ExpiredToken", "expired", CredentialsError),
        ("Throttling", "Rate exceeded", UnavailableError),
    ],
)
def test_what_a_refused_update_means(api, code, text, error):
    stacks, stub = api
    stub.add_client_error("update_stack", code, text)
    with pytest.raises(error) as raised:
        stacks.update_stack(StackRequest(name="s", template_text="{}"), {}, "token")
    assert raised.type is error or error is OperationError
    assert "update stack s" in raised.value.message


def test_creating_what_exists_is_busy(api):
    stacks, stub = api
    stub.add_client_error("create_stack", "AlreadyExistsException", "Stack [s] already exists")
    with pytest.raises(StackBusyError):
        stacks.create_stack(StackRequest(name="s", template_text="{}"), {}, "token")


def test_a_creation_sends_everything_and_keeps_nothing_of_a_failed_one(api):
    stacks, stub = api
    policy = {"Statement": []}
    stub.add_response(
        "create_stack",
        {"StackId": ARN},
        {
            "StackName": "s",
            "TemplateBody": "{}",
            "Parameters": [{"ParameterKey": "P", "ParameterValue": "v"}],
            "Capabilities": ["CAPABILITY_IAM"],
            "ClientRequestToken": "token",
            "Tags": [{"Key": "a", "Value": "b"}],
            "RetainExceptOnCreate": True,
            "OnFailure": "ROLLBACK",
            "EnableTerminationProtection": True,
            "StackPolicyBody": json.dumps(policy),
        },
    )
    request = StackRequest(
        name="s",
        template_text="{}",
        tags={"a": "b"},
        capabilities=("CAPABILITY_IAM",),
        termination_protection=True,
        stack_policy=policy,
    )
    stacks.create_stack(request, {"P": "v"}, "token")


@pytest.mark.parametrize("operation", ["create_stack", "update_stack"])
def test_a_service_role_is_passed_when_there_is_one(operation):
    sent = {}
    client = SimpleNamespace(**{operation: lambda **arguments: sent.update(arguments)})
    stacks = CloudFormation(lambda: client)
    role = "arn:aws:iam::111111111111:role/r"
    getattr(stacks, operation)(StackRequest(name="s", template_text="{}", role_arn=role), {}, "token")
    assert sent["RoleARN"] == role


def test_an_update_without_tags_leaves_them(api):
    stacks, stub = api
    stub.add_response(
        "update_stack",
        {"StackId": ARN},
        {
            "StackName": "s",
            "TemplateBody": "{}",
            "Parameters": [],
            "Capabilities": [],
            "ClientRequestToken": "token",
            # A bucket of a failed update would hold its name.
            "RetainExceptOnCreate": True,
        },
    )
    stacks.update_stack(StackRequest(name="s", template_text="{}"), {}, "token")


def test_a_template_comes_back_parsed(api):
    stacks, stub = api
    stub.add_response(
        "get_template",
        {"TemplateBody": "Resources: {V: {Type: T, Properties: {A: !Ref B}}}"},
        {"StackName": "s", "TemplateStage": "Original"},
    )
    assert stacks.get_template("s")["Resources"]["V"]["Properties"] == {"A": {"Ref": "B"}}


@pytest.mark.parametrize(
    "sent",
    [
        "Transform: M\nResources: {}",
        "Resources: {Fn::ForEach::S: [], A: {Type: T, P: [!Transform {Name: M}]}}",
    ],
)
def test_a_transformed_template_comes_back_as_cloudformation_read_it(api, sent):
    stacks, stub = api
    stub.add_response("get_template", {"TemplateBody": sent}, {"StackName": "s", "TemplateStage": "Original"})
    read = {"TemplateBody": "Resources: {V: {Type: T}}"}
    stub.add_response("get_template", read, {"StackName": "s", "TemplateStage": "Processed"})
    assert stacks.get_template("s") == {"Resources": {"V": {"Type": "T"}}}


def test_values_of_parameter_store_are_told_beside_their_names(api):
    stacks, stub = api
    parameters = [
        {"ParameterKey": "A", "ParameterValue": "/a", "ResolvedValue": "v"},
        {"ParameterKey": "B", "ParameterValue": "b"},
    ]
    stub.add_response("describe_stacks", {"Stacks": [described(Parameters=parameters)]}, {"StackName": "s"})
    found = stacks.describe_stack("s")
    assert (found.parameters, found.resolved) == ({"A": "/a", "B": "b"}, {"A": "v"})


def test_a_stack_policy_or_none(api):
    stacks, stub = api
    stub.add_response("get_stack_policy", {"StackPolicyBody": '{"Statement": []}'}, {"StackName": "s"})
    stub.add_response("get_stack_policy", {}, {"StackName": "s"})
    assert stacks.get_stack_policy("s") == {"Statement": []}
    assert stacks.get_stack_policy("s") is None


def event(name, at, **fields):
    return {
        "StackId": ARN,
        "EventId": name,
        "StackName": "s",
        "LogicalResourceId": name,
        "Timestamp": datetime.fromtimestamp(at, UTC),
        **fields,
    }


def test_events_are_read_page_by_page_as_far_as_the_caller_reads(api):
    stacks, stub = api
    page = {"StackEvents": [event("C", 30, ClientRequestToken="t", ResourceStatus="CREATE_FAILED"), event("B", 20)]}
    stub.add_response("describe_stack_events", {**page, "NextToken": "n"}, {"StackName": ARN})
    stub.add_response(
        "describe_stack_events",
        {"StackEvents": [event("A", 10)], "NextToken": "more"},
        {"StackName": ARN, "NextToken": "n"},
    )
    history = stacks.describe_stack_events(ARN)
    assert [next(history) for _ in range(3)] == [
        StackEvent("C", "", "CREATE_FAILED", at=30.0, token="t"),
        StackEvent("B", "", "", at=20.0),
        StackEvent("A", "", "", at=10.0),
    ]


def test_resources_are_listed_over_pages(api):
    stacks, stub = api
    resource = {"LogicalResourceId": "R", "ResourceType": "T", "LastUpdatedTimestamp": NOW}
    stub.add_response(
        "list_stack_resources",
        {"StackResourceSummaries": [{**resource, "ResourceStatus": "DELETE_SKIPPED"}], "NextToken": "n"},
        {"StackName": ARN},
    )
    stub.add_response(
        "list_stack_resources",
        {"StackResourceSummaries": [{**resource, "ResourceStatus": "X", "PhysicalResourceId": "p"}]},
        {"StackName": ARN, "NextToken": "n"},
    )
    assert stacks.list_stack_resources(ARN) == [
        StackResource("R", "T", "DELETE_SKIPPED"),
        StackResource("R", "T", "X", "p"),
    ]


def test_deleted_stacks_of_a_name_are_listed_the_latest_first(api):
    stacks, stub = api

    def summary(name, at):
        arn = f"{ARN}{at}"
        moment = {"DeletionTime": datetime(2026, 1, at, tzinfo=UTC)} if at else {}
        return {"StackName": name, "StackId": arn, "CreationTime": NOW, "StackStatus": "DELETE_COMPLETE", **moment}

    asked = {"StackStatusFilter": ["DELETE_COMPLETE"]}
    first = {"StackSummaries": [summary("s", 1), summary("s2", 2)], "NextToken": "n"}
    stub.add_response("list_stacks", first, asked)
    stub.add_response("list_stacks", {"StackSummaries": [summary("s", 3), summary("s", 0)]}, asked | {"NextToken": "n"})
    assert stacks.list_deleted_stacks("s") == [f"{ARN}3", f"{ARN}1", f"{ARN}0"]
    # The plan's answer serves the run that carries it out, unless that deletes another.
    assert stacks.list_deleted_stacks("s") == [f"{ARN}3", f"{ARN}1", f"{ARN}0"]
    stub.add_response("delete_stack", {}, {"StackName": "s", "ClientRequestToken": "t"})
    stub.add_response("list_stacks", {"StackSummaries": [summary("s", 4)]}, asked)
    stacks.delete_stack("s", "t")
    assert stacks.list_deleted_stacks("s") == [f"{ARN}4"]


def test_whoever_may_not_look_for_deleted_stacks_is_told_and_forgotten_ones_are_gone(api):
    stacks, stub = api
    stub.add_client_error("list_stacks", "AccessDenied", "not authorized")
    with pytest.raises(OperationError, match="not authorized"):
        stacks.list_deleted_stacks("s")
    stub.add_client_error("describe_stack_events", "AccessDenied", "not authorized")
    with pytest.raises(OperationError, match="not authorized"):
        list(stacks.describe_stack_events(ARN))
    stub.add_client_error("describe_stack_events", "ValidationError", f"Stack [{ARN}] does not exist")
    with pytest.raises(StackGoneError):
        list(stacks.describe_stack_events(ARN))


def test_an_unreachable_endpoint_is_unavailable():
    client = boto3.client(
        "cloudformation",
        region_name="us-east-1",
        endpoint_url="http://127.0.0.1:9",
        aws_access_key_id="x",
        aws_secret_access_key="x",
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=1),
    )
    with pytest.raises(UnavailableError, match="AWS_ENDPOINT_URL"):
        CloudFormation(lambda: client).describe_stack("s")


def test_drift_is_detected(api):
    stacks, stub = api
    stub.add_response("detect_stack_drift", {"StackDriftDetectionId": "d"}, {"StackName": "s"})
    stub.add_response(
        "describe_stack_drift_detection_status",
        {
            "StackId": ARN,
            "StackDriftDetectionId": "d",
            "DetectionStatus": "DETECTION_COMPLETE",
            "StackDriftStatus": "DRIFTED",
            "Timestamp": NOW,
        },
        {"StackDriftDetectionId": "d"},
    )
    assert stacks.detect_stack_drift("s") == "d"
    assert stacks.describe_stack_drift_detection("d") == DriftDetection("DETECTION_COMPLETE", "DRIFTED")


def test_drifted_resources_are_read_over_pages(api):
    stacks, stub = api
    wanted = {"StackName": "s", "StackResourceDriftStatusFilters": ["MODIFIED", "DELETED"]}
    drift = {"StackId": ARN, "LogicalResourceId": "R", "ResourceType": "T", "Timestamp": NOW}
    difference = {"PropertyPath": "/A", "ExpectedValue": "1", "ActualValue": "2", "DifferenceType": "NOT_EQUAL"}
    modified = {**drift, "StackResourceDriftStatus": "MODIFIED", "PropertyDifferences": [difference]}
    deleted = {**drift, "LogicalResourceId": "Q", "StackResourceDriftStatus": "DELETED"}
    pages = [{"StackResourceDrifts": [modified], "NextToken": "n"}, {"StackResourceDrifts": [deleted]}]
    stub.add_response("describe_stack_resource_drifts", pages[0], wanted)
    stub.add_response("describe_stack_resource_drifts", pages[1], {**wanted, "NextToken": "n"})
    assert stacks.describe_stack_resource_drifts("s") == [
        ResourceDrift("R", "T", "MODIFIED", (("/A", "1", "2"),)),
        ResourceDrift("Q", "T", "DELETED"),
    ]


def test_a_change_set_that_reverts_drift_uses_what_was_deployed(api):
    stacks, stub = api
    named = {"StackName": "s", "ChangeSetName": "c"}
    previous = {"UsePreviousTemplate": True, "Parameters": [{"ParameterKey": "P", "UsePreviousValue": True}]}
    stub.add_response(
        "create_change_set",
        {"Id": "i"},
        {**named, **previous, "DeploymentMode": "REVERT_DRIFT", "Capabilities": ["CAPABILITY_IAM"]},
    )
    stub.add_response("execute_change_set", {}, {**named, "ClientRequestToken": "t"})
    stub.add_response("delete_change_set", {}, named)
    snapshot = StackSnapshot("s", "arn:s", "CREATE_COMPLETE", parameters={"P": "1"}, capabilities=("CAPABILITY_IAM",))
    stacks.create_drift_change_set(snapshot, "c")
    stacks.execute_change_set("s", "c", "t")
    stacks.delete_change_set("s", "c")


def test_every_page_of_a_change_set_is_read(api):
    stacks, stub = api
    named = {"StackName": "s", "ChangeSetName": "c"}

    def page(*changes, **more):
        listed = [{"Type": "Resource", "ResourceChange": change} for change in changes]
        return {"Status": "CREATE_COMPLETE", "StatusReason": "why", "Changes": listed, **more}

    base = {"LogicalResourceId": "R", "ResourceType": "T"}
    first = page({**base, "Action": "Modify", "Replacement": "Conditional"}, {**base, "Action": "Add"}, NextToken="n")
    second = page({**base, "Action": "Modify"}, {**base, "Action": "Modify", "Replacement": "True"})
    stub.add_response("describe_change_set", first, named)
    stub.add_response("describe_change_set", second, {**named, "NextToken": "n"})
    kinds = [("modify", "maybe"), ("add", "no"), ("modify", "unknown"), ("modify", "yes")]
    expected = tuple(Reversal("R", "T", action, replacement) for action, replacement in kinds)
    assert stacks.describe_change_set("s", "c") == ChangeSet("CREATE_COMPLETE", "why", expected)


def test_ways_out_are_sent_only_when_they_are_named(api):
    stacks, stub = api
    base = {"StackName": "s", "ClientRequestToken": "t"}
    stub.add_response("delete_stack", {}, base)
    stub.add_response("delete_stack", {}, {**base, "RetainResources": ["R"]})
    stub.add_response("continue_update_rollback", {}, base)
    stub.add_response("continue_update_rollback", {}, {**base, "ResourcesToSkip": ["R"]})
    stub.add_response("rollback_stack", {}, {**base, "RetainExceptOnCreate": True})
    stacks.delete_stack("s", "t")
    stacks.delete_stack("s", "t", ("R",))
    stacks.continue_update_rollback("s", "t")
    stacks.continue_update_rollback("s", "t", ("R",))
    stacks.rollback_stack("s", "t")


def test_who_imports_is_listed_and_nobody_is_an_answer(api):
    stacks, stub = api
    stub.add_response("list_imports", {"Imports": ["a"], "NextToken": "n"}, {"ExportName": "e"})
    stub.add_response("list_imports", {"Imports": ["b"]}, {"ExportName": "e", "NextToken": "n"})
    stub.add_client_error("list_imports", "ValidationError", "Export 'e' is not imported by any stack.")
    stub.add_client_error("list_imports", "AccessDenied", "no")
    assert stacks.list_imports("e") == ["a", "b"]
    assert stacks.list_imports("e") == []
    with pytest.raises(OperationError):
        stacks.list_imports("e")
