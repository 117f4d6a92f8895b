# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What CloudFormation promises whatever the type: no-op updates, rollback, protection, policies, bodies."""

import json
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.services.cloudformation.model import stack_policy
from tests.sandbox.stacks import Stack, body, ref

GROUP = {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 7}}
ADDRESS = {"Type": "AWS::EC2::EIP", "Properties": {"Domain": "vpc"}}
IMPOSSIBLE = {
    "Type": "AWS::EC2::NatGateway",
    "Properties": {"SubnetId": "subnet-0000000000000000f", "AllocationId": {"Fn::GetAtt": ["Address", "AllocationId"]}},
}
PROTECTED_TABLE = {
    "Type": "AWS::DynamoDB::Table",
    "Properties": {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "DeletionProtectionEnabled": True,
    },
}


@pytest.fixture
def ec2(sandbox: Any) -> Any:
    return sandbox.client("ec2")


def test_an_update_without_a_change_is_refused(stack: Stack) -> None:
    stack.create({"Group": GROUP})
    with pytest.raises(ClientError, match=r"No updates are to be performed\.") as refused:
        stack.update({"Group": GROUP})
    assert refused.value.response["Error"]["Code"] == "ValidationError"


def test_the_template_comes_back_as_it_was_given(stack: Stack) -> None:
    text = "# a comment that JSON does not have\nResources:\n  Group:\n    Type: AWS::Logs::LogGroup\n"
    stack.api.create_stack(StackName=stack.name, TemplateBody=text)
    stack.settle()
    assert stack.api.get_template(StackName=stack.name, TemplateStage="Original")["TemplateBody"] == text


@pytest.fixture
def iam(sandbox: Any) -> Any:
    return sandbox.client("iam")


def role(iam: Any, name: str, service: str = "cloudformation.amazonaws.com") -> str:
    """A role that the service may act as; its ARN."""
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))
    return str(made["Role"]["Arn"])


def test_the_role_that_a_stack_is_operated_with_stays_its_own(stack: Stack, iam: Any) -> None:
    first, second = (role(iam, name) for name in ("first", "second"))
    stack.create({"Group": GROUP})
    assert "RoleARN" not in stack.describe()
    stack.update({"Group": GROUP, "Address": ADDRESS}, RoleARN=first)
    assert stack.describe()["RoleARN"] == first
    stack.update({"Group": GROUP})
    assert stack.describe()["RoleARN"] == first
    with pytest.raises(ClientError):
        stack.update({"Group": GROUP}, RoleARN=second)
    change_set = {"ChangeSetName": "other", "TemplateBody": body({"Group": GROUP, "Address": ADDRESS})}
    stack.api.create_change_set(StackName=stack.name, RoleARN=second, **change_set)
    assert stack.describe()["RoleARN"] == second
    stack.delete()
    stack.create({"Group": GROUP})
    assert "RoleARN" not in stack.describe()


def test_a_role_that_is_not_there_or_trusts_another_service_is_refused(stack: Stack, iam: Any) -> None:
    gone, foreign = "arn:aws:iam::111111111111:role/gone", role(iam, "of-tasks", "ecs-tasks.amazonaws.com")
    for unusable in (gone, foreign):
        with pytest.raises(ClientError, match=f"Role {unusable} is invalid or cannot be assumed") as refused:
            stack.create({"Group": GROUP}, RoleARN=unusable)
        assert refused.value.response["Error"]["Code"] == "ValidationError"
    stack.create({"Group": GROUP}, RoleARN=role(iam, "kept"))
    iam.delete_role(RoleName="kept")
    with pytest.raises(ClientError, match="is invalid or cannot be assumed"):
        stack.update({"Group": GROUP, "Address": ADDRESS})
    with pytest.raises(ClientError, match="is invalid or cannot be assumed"):
        stack.delete()
    # Another role takes the stack over.
    stack.api.delete_stack(StackName=stack.name, RoleARN=role(iam, "another"))


CONDITIONS = {
    "Join": ({"Fn::Join": ["", {"Ref": "Names"}]}, ""),
    "JoinSome": ({"Fn::Join": ["-", {"Ref": "Some"}]}, "a-b"),
    "Select": ({"Fn::Select": [1, {"Fn::Split": ["/", {"Ref": "Path"}]}]}, "right"),
    "Sub": ({"Fn::Sub": "${Path}@${AWS::AccountId}"}, "left/right@111111111111"),
    "FindInMap": ({"Fn::FindInMap": ["Sizes", {"Ref": "AWS::Region"}, "size"]}, "large"),
    "Pseudo": ({"Ref": "AWS::Region"}, "us-east-1"),
    "Ref": ({"Ref": "Path"}, "left/right"),
}


def test_conditions_compare_what_functions_come_to(stack: Stack) -> None:
    texts = {"Names": "", "Some": "a, b", "Path": "left/right"}
    equal = {name: {"Fn::Equals": [left, right]} for name, (left, right) in CONDITIONS.items()}
    unequal = {f"{name}Not": {"Fn::Not": [{"Condition": name}]} for name in CONDITIONS}
    template = {
        "Parameters": {
            name: {"Type": "String" if name == "Path" else "CommaDelimitedList", "Default": text}
            for name, text in texts.items()
        },
        "Mappings": {"Sizes": {"us-east-1": {"size": "large"}}},
        "Conditions": {**equal, **unequal},
        "Resources": {"Group": GROUP},
        "Outputs": {name: {"Condition": name, "Value": "true"} for name in (*equal, *unequal)},
    }
    stack.api.create_stack(StackName=stack.name, TemplateBody=json.dumps(template))
    assert stack.settle() == "CREATE_COMPLETE"
    assert set(stack.outputs()) == set(CONDITIONS)


def test_a_failed_update_puts_everything_back_and_says_why(stack: Stack, ec2: Any) -> None:
    stack.create({"Address": ADDRESS, "Group": GROUP})
    address, before = stack.physical_id("Address"), len(ec2.describe_addresses()["Addresses"])
    other = {**ADDRESS, "Properties": {"Domain": "vpc", "Tags": [{"Key": "a", "Value": "b"}]}}
    more = {"Address": other, "Group": GROUP, "Spare": {**ADDRESS, "DependsOn": "Address"}, "Nat": IMPOSSIBLE}
    assert stack.update(more) == "UPDATE_ROLLBACK_COMPLETE"
    assert "subnet-0000000000000000f" in stack.reasons()
    assert stack.physical_id("Address") == address
    assert len(ec2.describe_addresses()["Addresses"]) == before
    tags = next(item for item in ec2.describe_addresses()["Addresses"] if item["PublicIp"] == address).get("Tags", [])
    assert "a" not in [tag["Key"] for tag in tags]
    assert json.loads(json.dumps(stack.api.get_template(StackName=stack.name)["TemplateBody"]))["Resources"].keys() == {
        "Address",
        "Group",
    }


def test_termination_protection_keeps_the_stack(stack: Stack) -> None:
    stack.create({"Group": GROUP}, EnableTerminationProtection=True)
    with pytest.raises(ClientError, match="TerminationProtection is enabled"):
        stack.api.delete_stack(StackName=stack.name)
    assert stack.describe()["EnableTerminationProtection"] is True


def test_retained_resources_outlive_their_stack(stack: Stack, ec2: Any) -> None:
    stack.create({"Kept": {**ADDRESS, "DeletionPolicy": "Retain"}, "Gone": ADDRESS})
    kept, gone = stack.physical_id("Kept"), stack.physical_id("Gone")
    assert stack.delete() == "DELETE_COMPLETE"
    left = [address["PublicIp"] for address in ec2.describe_addresses()["Addresses"]]
    assert (kept in left, gone in left) == (True, False)


@pytest.mark.parametrize("policy", ["Retain", "RetainExceptOnCreate"])
@pytest.mark.parametrize("option", [{"RetainExceptOnCreate": True}, {}])
def test_what_a_failed_operation_made_stays_by_retain_alone(
    stack: Stack, sandbox: Any, policy: str, option: dict[str, bool]
) -> None:
    logs, prefix = sandbox.client("logs"), f"/{uuid.uuid4()}/"
    stays = policy == "Retain" and not option

    def kept(name: str) -> dict[str, Any]:
        return {**GROUP, "DeletionPolicy": policy, "Properties": {"LogGroupName": prefix + name}}

    def there() -> set[str]:
        groups = logs.describe_log_groups(logGroupNamePrefix=prefix)["logGroups"]
        return {str(group["logGroupName"]).removeprefix(prefix) for group in groups}

    fails = {"Address": ADDRESS, "Impossible": {**IMPOSSIBLE, "DependsOn": "New"}}
    assert stack.create({"New": kept("created"), **fails}, **option) == "ROLLBACK_COMPLETE"
    assert there() == ({"created"} if stays else set())
    assert stack.delete() == "DELETE_COMPLETE"
    before = {"Old": kept("before")}
    assert stack.create(before) == "CREATE_COMPLETE"
    assert stack.update({**before, "New": kept("added"), **fails}, **option) == "UPDATE_ROLLBACK_COMPLETE"
    assert there() == ({"created", "before", "added"} if stays else {"before"})


def test_update_replace_policy_keeps_what_was_replaced(stack: Stack, sandbox: Any) -> None:
    logs = sandbox.client("logs")
    named = {"Type": "AWS::Logs::LogGroup", "UpdateReplacePolicy": "Retain", "Properties": {"LogGroupName": "/old"}}
    stack.create({"Group": named})
    assert stack.update({"Group": {**named, "Properties": {"LogGroupName": "/new"}}}) == "UPDATE_COMPLETE"
    names = [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
    assert {"/old", "/new"} <= set(names)


def test_a_protected_table_fails_the_deletion_and_stays(stack: Stack, sandbox: Any) -> None:
    stack.create({"Table": PROTECTED_TABLE})
    table = stack.physical_id("Table")
    assert stack.delete() == "DELETE_FAILED"
    assert "protected against deletion" in stack.reasons()
    dynamodb = sandbox.client("dynamodb")
    assert dynamodb.describe_table(TableName=table)["Table"]["TableStatus"] == "ACTIVE"
    dynamodb.update_table(TableName=table, DeletionProtectionEnabled=False)
    assert stack.delete() == "DELETE_COMPLETE"


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Statement": [{"Principal": "*", **statement} for statement in statements]})


ALLOW_ALL = {"Effect": "Allow", "Action": "Update:*", "Resource": "*"}


@pytest.mark.parametrize(
    ("action", "after"),
    [
        ("Update:Modify", {"Group": {**GROUP, "Properties": {"RetentionInDays": 14}}, "Spare": GROUP}),
        ("Update:Replace", {"Group": {**GROUP, "Properties": {"LogGroupName": "/replaced"}}, "Spare": GROUP}),
        ("Update:Delete", {"Spare": GROUP}),
    ],
)
def test_a_stack_policy_denies_an_update(stack: Stack, action: str, after: dict[str, Any]) -> None:
    stack.create({"Group": GROUP, "Spare": GROUP})
    kept = stack.physical_id("Group")
    denial = {"Effect": "Deny", "Action": action, "Resource": "LogicalResourceId/Group"}
    stack.api.set_stack_policy(StackName=stack.name, StackPolicyBody=policy(ALLOW_ALL, denial))
    assert stack.update(after) == "UPDATE_ROLLBACK_COMPLETE"
    assert f"Action denied by stack policy: Statement [#2] does not allow [{action}]" in stack.reasons()
    assert stack.physical_id("Group") == kept
    assert stack.update(after, StackPolicyDuringUpdateBody=policy(ALLOW_ALL)) == "UPDATE_COMPLETE"


def test_a_stack_policy_leaves_other_resources_alone(stack: Stack) -> None:
    stack.create({"Group": GROUP, "Spare": GROUP})
    denial = {"Effect": "Deny", "Action": "Update:*", "Resource": "LogicalResourceId/Spare"}
    stack.api.set_stack_policy(StackName=stack.name, StackPolicyBody=policy(ALLOW_ALL, denial))
    after = {"Group": {**GROUP, "Properties": {"RetentionInDays": 14}}, "Spare": GROUP}
    assert stack.update(after) == "UPDATE_COMPLETE"


@pytest.mark.parametrize(
    ("statements", "allowed"),
    [
        ([], False),
        ([ALLOW_ALL], True),
        ([{"Effect": "Allow", "Action": "Update:Modify", "Resource": "*"}], True),
        ([{"Effect": "Allow", "Action": "Update:Replace", "Resource": "*"}], False),
        ([{"Effect": "Allow", "NotAction": "Update:Replace", "Resource": "*"}], True),
        ([ALLOW_ALL, {"Effect": "Deny", "Action": "Update:*", "NotResource": "LogicalResourceId/Db"}], True),
        (
            [
                ALLOW_ALL,
                {
                    "Effect": "Deny",
                    "Action": ["Update:Modify", "Update:Delete"],
                    "Resource": "*",
                    "Condition": {"StringLike": {"ResourceType": ["AWS::RDS::*"]}},
                },
            ],
            False,
        ),
        (
            [
                ALLOW_ALL,
                {
                    "Effect": "Deny",
                    "Action": "Update:*",
                    "Resource": "*",
                    "Condition": {"StringEquals": {"ResourceType": ["AWS::EC2::VPC"]}},
                },
            ],
            True,
        ),
    ],
)
def test_policy_statements(statements: list[dict[str, Any]], allowed: bool) -> None:
    reason = stack_policy.refusal(policy(*statements), "Update:Modify", "Db", "AWS::RDS::DBInstance")
    assert (reason is None) == allowed


def test_types_that_nobody_knows_are_refused_before_anything_happens(stack: Stack) -> None:
    with pytest.raises(ClientError, match="Unrecognized resource types"):
        stack.api.create_stack(StackName=stack.name, TemplateBody=body({"X": {"Type": "AWS::EC2::Nonsense"}}))


def test_other_accounts_do_not_see_the_stack(stack: Stack, sandbox: Any) -> None:
    stack.create({"Group": GROUP}, {"Name": ref("Group")})
    names = [
        summary["StackName"] for summary in sandbox.client("cloudformation", "prod").list_stacks()["StackSummaries"]
    ]
    assert stack.name not in names
