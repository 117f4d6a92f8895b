# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""CloudFormation's role may make the calls that AWS's schemas list for the types of our templates."""

import re
from functools import cache

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from sandbox.services.iam.model.stack_actions import Change, action_of, resource_of
from tests.unit.roles.policies import ACCOUNTS, REGION, ROOT, granted, matches, may, template, without_resource

COMPONENTS = sorted(path.parents[1].name for path in ROOT.glob("roles/*/files/stack.yaml"))
TYPES = sorted(
    {
        body["Type"]
        for component in COMPONENTS
        if component != "bootstrap"
        for body in template(component)["Resources"].values()
    }
)
# What types can do that our templates do not ask them for; patterns of actions.
UNUSED = {
    "acm-pca:*": "certificates of a private authority",
    **dict.fromkeys(
        ["amplify:*", "apigateway:*", "apprunner:*", "bedrock-agentcore:*", "ec2:*VerifiedAccess*"],
        "firewalls of other services",
    ),
    "autoscaling:DescribeTags": "flow logs of Auto Scaling groups",
    "cognito-idp:*": "listeners that sign users in",
    "ec2:*VpnGateway": "VPN gateways",
    "ecs:PutAccountSetting*": "named by the schema; a cluster's settings are its own",
    **dict.fromkeys(["elasticfilesystem:*", "s3files:*"], "file systems of functions"),
    "firehose:*": "log groups of deliveries",
    "iam:*AccessKey": "people give users their keys",
    "iam:*LoginProfile": "users of pipelines have no console",
    "iam:*UserPolicy": "the user of pipelines has none",
    "iam:AddUserToGroup": "forbidden: no boundary limits what a group gives to the users in it",
    "iam:Delete*PermissionsBoundary": "forbidden: roles and users stay under the boundary",
    "iam:ListRoles": "domain joins of a database",
    "iam:RemoveUserFromGroup": "the user of pipelines is in none",
    "iam:UpdateUser": "names and paths stay",
    "kinesis:*": "streams of tables",
    "kms:*able*": "keys stay enabled, with their rotation",
    "kms:Encrypt": "keys of table replicas",
    "kms:RevokeGrant": "keys of table replicas",
    "lambda:AssociateRuntimeAlias": "a function's runtime is what its name says",
    "lambda:PassCapacityProvider": "functions run on Lambda's own machines",
    "logs:*IndexPolicy": "field indexes",
    "logs:*ResourcePolicy": "resource policies of log groups",
    "organizations:*": "trails of an organization",
    "payments:*": "paid bot control",
    "s3tables:*": "metadata tables of buckets",
    "secretsmanager:*Region*": "replicas of secrets",
    "secretsmanager:GetSecretValue": "forbidden: it reads no secret; generated ones are written only",
    "sts:AssumeRole": "CloudFront's own",
    "vpc-lattice:*": "endpoints of service networks",
    "vpce:*": "endpoints of other regions",
}
# Allowed on everything or not at all, by IAM's reference (no resource type) or by the API's own page.
RESOURCELESS = {
    "backup-storage:MountCapsule",
    "cloudtrail:DescribeTrails",
    "cloudwatch:DescribeAlarms",
    "cloudwatch:PutCompositeAlarm",
    "rds:DescribeDBEngineVersions",
    "rds:DescribeEngineDefaultParameters",
    "rds:DescribeEvents",
    "sns:GetSubscriptionAttributes",
    "sns:SetSubscriptionAttributes",
    "sns:Unsubscribe",
}


# Types whose schemas say nothing; the calls of their API.
UNLISTED = {
    "AWS::CodeBuild::Project": {
        "codebuild:BatchGetProjects",
        "codebuild:CreateProject",
        "codebuild:DeleteProject",
        "codebuild:UpdateProject",
        "iam:PassRole",
    },
    "AWS::CodePipeline::Pipeline": {
        "codepipeline:CreatePipeline",
        "codepipeline:DeletePipeline",
        "codepipeline:GetPipeline",
        "codepipeline:TagResource",
        "codepipeline:UntagResource",
        "codepipeline:UpdatePipeline",
        "iam:PassRole",
    },
}


@cache
def calls_of(name):
    """What AWS says that the type's handlers call."""
    if name in UNLISTED:
        return frozenset(UNLISTED[name])
    handlers = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", name).schema["handlers"]
    used = (handlers.get(handler, {}) for handler in ("create", "read", "update", "delete"))
    return frozenset(_action(action) for handler in used for action in handler.get("permissions", []))


def _action(action):
    service, _, name = action.partition(":")
    return f"{service.lower()}:{name}"


def is_in(action, patterns):
    return any(matches(action, pattern) for pattern in patterns)


@pytest.mark.parametrize("name", TYPES)
def test_a_type_may_call_what_its_schema_says(name):
    assert {action for action in calls_of(name) if not is_in(action, {*granted("cloudformation"), *UNUSED})} == set()


def test_what_has_no_resource_is_granted_on_everything():
    assert {action for action in RESOURCELESS if not is_in(action, without_resource("cloudformation"))} == set()


def test_what_is_unused_is_called_by_a_type():
    called = frozenset().union(*(calls_of(name) for name in TYPES))
    assert {pattern for pattern in UNUSED if not any(matches(action, pattern) for action in called)} == set()


def test_nothing_is_granted_that_no_type_calls():
    called = RESOURCELESS.union(*(calls_of(name) for name in TYPES))
    unneeded = {
        pattern for pattern in granted("cloudformation") if not any(matches(action, pattern) for action in called)
    }
    assert unneeded == set()


GIVEN = {
    "Environment": "dev",
    "RepositoryName": "fastbreak/inference",
    "ServiceName": "inference",
    "AWS::Region": REGION,
}


def written(value, component):
    """A name as a stack of dev makes it. CloudFormation makes up one that begins with the stack's."""
    if isinstance(value, list):
        return [written(item, component) for item in value]
    if not isinstance(value, dict):
        return value
    if "Fn::Sub" in value and isinstance(value["Fn::Sub"], str):
        return re.sub(r"\$\{([^}]+)\}", lambda found: written({"Ref": found[1]}, component), value["Fn::Sub"])
    name = str(value.get("Ref"))
    properties = template(component)["Resources"].get(name, {}).get("Properties", {})
    own = next((properties[key] for key in ("LogGroupName", "TopicName", "BucketName") if key in properties), None)
    return GIVEN.get(name) or (written(own, component) if own else f"fastbreak-dev-{component}-{name}")


@pytest.mark.parametrize("operation", ["create", "delete"])
@pytest.mark.parametrize("component", [name for name in COMPONENTS if name != "bootstrap"])
def test_a_stack_may_make_and_remove_each_resource_by_its_name(component, operation):
    boundary = f"arn:aws:iam::{ACCOUNTS['dev']}:policy/fastbreak-dev-boundary"
    refused = []
    for logical_id, body in template(component)["Resources"].items():
        properties = {key: written(value, component) for key, value in body.get("Properties", {}).items()}
        change = Change(
            kind=body["Type"],
            operation=operation,
            properties=properties,
            stack_name=f"fastbreak-dev-{component}",
            logical_id=logical_id,
        )
        action, resource = action_of(change.kind, operation), resource_of(change, REGION, ACCOUNTS["dev"])
        if not may("cloudformation", action, resource, **{"iam:PermissionsBoundary": boundary}):
            refused.append((action, resource))
    assert refused == []
