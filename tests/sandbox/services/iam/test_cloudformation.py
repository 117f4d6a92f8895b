# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""CloudFormation's types of IAM."""

from typing import Any

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
    iam.delete_role_policy(RoleName=role, PolicyName="write")
    assert stack.drift()["Role"] == "MODIFIED"
