# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""CloudFormation's types of IAM."""

import json
from typing import Any

import pytest

from tests.sandbox.stacks import Stack, att, ref, with_properties


def test_openid_connect_provider(stack: Stack, sandbox: Any) -> None:
    resources = {
        "Provider": {
            "Type": "AWS::IAM::OIDCProvider",
            "Properties": {"Url": "https://token.example.com", "ClientIdList": ["sts.amazonaws.com"]},
        }
    }
    assert stack.create(resources, {"Arn": att("Provider", "Arn")}) == "CREATE_COMPLETE"
    iam, arn = sandbox.client("iam"), stack.outputs()["Arn"]
    assert arn == "arn:aws:iam::111111111111:oidc-provider/token.example.com"
    assert iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)["ClientIDList"] == ["sts.amazonaws.com"]
    assert stack.drift()["Provider"] == "IN_SYNC"
    assert stack.update(with_properties(resources, "Provider", ClientIdList=["other"])) == "UPDATE_COMPLETE"
    assert iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)["ClientIDList"] == ["other"]
    assert stack.delete() == "DELETE_COMPLETE"
    assert not iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]


def test_group_user_and_boundary(stack: Stack, sandbox: Any) -> None:
    def policy(action: str) -> dict[str, Any]:
        return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}

    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": "111111111111"}, "Action": "sts:AssumeRole"}],
    }
    document = [{"PolicyName": "p", "PolicyDocument": policy("sts:AssumeRole")}]
    boundary = "arn:aws:iam::111111111111:policy/limit"
    resources = {
        "Group": {"Type": "AWS::IAM::Group", "Properties": {"GroupName": "group-of-a-stack", "Policies": document}},
        "User": {"Type": "AWS::IAM::User", "Properties": {"UserName": "user-of-a-stack", "Groups": [ref("Group")]}},
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {"AssumeRolePolicyDocument": trust, "PermissionsBoundary": boundary},
        },
    }
    assert stack.create(resources) == "CREATE_COMPLETE", stack.reasons()
    iam = sandbox.client("iam")
    assert [user["UserName"] for user in iam.get_group(GroupName="group-of-a-stack")["Users"]] == ["user-of-a-stack"]
    role = iam.get_role(RoleName=stack.physical_id("Role"))["Role"]
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == boundary
    assert stack.drift()["Group"] == "IN_SYNC"
    other = [{"PolicyName": "q", "PolicyDocument": policy("s3:GetObject")}]
    assert stack.update(with_properties(resources, "Group", Policies=other)) == "UPDATE_COMPLETE"
    assert iam.list_group_policies(GroupName="group-of-a-stack")["PolicyNames"] == ["q"]
    assert stack.delete() == "DELETE_COMPLETE", stack.reasons()


def test_role_and_secret(stack: Stack, sandbox: Any) -> None:
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
    inline = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": "*"}],
    }
    managed = "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
    resources = {
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": trust,
                "Policies": [{"PolicyName": "write", "PolicyDocument": inline}],
                "ManagedPolicyArns": [managed],
            },
        },
        "Secret": {
            "Type": "AWS::SecretsManager::Secret",
            "Properties": {"GenerateSecretString": {"PasswordLength": 24, "ExcludePunctuation": True}},
        },
    }
    assert stack.create(resources) == "CREATE_COMPLETE"
    iam, role = sandbox.client("iam"), stack.physical_id("Role")
    assert iam.get_role_policy(RoleName=role, PolicyName="write")["PolicyDocument"] == inline
    assert iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"] == trust
    attached = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    assert [item["PolicyArn"] for item in attached] == [managed]
    secret = sandbox.client("secretsmanager").get_secret_value(SecretId=stack.physical_id("Secret"))["SecretString"]
    assert len(secret) == 24
    assert set(stack.drift().values()) == {"IN_SYNC"}


def statement(action: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": [action], "Resource": ["*"]}


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


PRINCIPALS = {
    "Limit": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document(statement("s3:*"))}},
    **{
        kind: {
            "Type": f"AWS::IAM::{kind}",
            "Properties": {
                "Policies": [{"PolicyName": "write", "PolicyDocument": document(statement("s3:PutObject"))}],
                "ManagedPolicyArns": ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
                "PermissionsBoundary": ref("Limit"),
            },
        }
        for kind in ("Role", "User")
    },
}
PRINCIPALS["Role"]["Properties"]["AssumeRolePolicyDocument"] = document(
    {"Effect": "Allow", "Principal": {"AWS": "111111111111"}, "Action": "sts:AssumeRole"}
)
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
WIDENED = {
    "another action": document(statement("s3:*")),
    "another statement": document(statement("s3:PutObject"), statement("iam:*")),
    "a condition": document({**statement("s3:PutObject"), "Condition": {"Bool": {"aws:SecureTransport": "true"}}}),
    "an exception": document({"Effect": "Allow", "NotAction": "s3:PutObject", "Resource": "*"}),
}


@pytest.mark.parametrize("kind", ["role", "user"])
def test_what_changed_of_a_principals_rights_is_drift(stack: Stack, sandbox: Any, kind: str) -> None:
    assert stack.create(PRINCIPALS) == "CREATE_COMPLETE", stack.reasons()
    assert set(stack.drift().values()) == {"IN_SYNC"}
    iam, logical_id = sandbox.client("iam"), kind.title()
    of = {f"{logical_id}Name": stack.physical_id(logical_id)}
    (written,) = PRINCIPALS[logical_id]["Properties"]["Policies"]

    def change(what: str, **arguments: Any) -> None:
        getattr(iam, what.replace("_of_", f"_{kind}_"))(**of, **arguments)

    for words, policy in WIDENED.items():
        change("put_of_policy", PolicyName="write", PolicyDocument=json.dumps(policy))
        assert stack.drift()[logical_id] == "MODIFIED", words
    change("delete_of_policy", PolicyName="write")
    assert stack.drift()[logical_id] == "MODIFIED"
    change("put_of_policy", PolicyName="write", PolicyDocument=json.dumps(written["PolicyDocument"]))
    assert stack.drift()[logical_id] == "IN_SYNC"
    change("put_of_permissions_boundary", PermissionsBoundary=ADMINISTRATOR)
    assert stack.drift()[logical_id] == "MODIFIED"
    assert stack.drifted_properties(logical_id) == ["/PermissionsBoundary"]
    change("delete_of_permissions_boundary")
    assert stack.drifted_properties(logical_id) == ["/PermissionsBoundary"]


def test_another_version_of_a_policy_is_drift(stack: Stack, sandbox: Any) -> None:
    assert stack.create({"Limit": PRINCIPALS["Limit"]}) == "CREATE_COMPLETE", stack.reasons()
    iam, arn = sandbox.client("iam"), stack.physical_id("Limit")
    for action, status in (("*", "MODIFIED"), ("s3:*", "IN_SYNC")):
        text = json.dumps(document(statement(action)))
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=text, SetAsDefault=True)
        assert stack.drift()["Limit"] == status
    for version in ("v1", "v2"):
        iam.delete_policy_version(PolicyArn=arn, VersionId=version)
