# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Least privilege: what each principal may not do, and that nothing is granted or missing for what the verbs do.

`recorded_calls.json` holds the calls of each verb and task as the sandbox checked them while each had its own role.
"""

import json
import re
from dataclasses import astuple

import pytest

from tests import recorded_calls
from tests.recorded_calls import RECORDING, Call, committed, of_checks, written
from tests.unit.roles import policies
from tests.unit.roles.policies import ACCOUNTS, REGION, ROOT, granted, longest, matches, may, template, without_resource
from tests.unit.roles.unrecorded import UNRECORDED

# AWS allows it to everybody.
ALWAYS = {"sts:GetCallerIdentity"}
PASSED_TO = {"deployer": "ecs-tasks.amazonaws.com", "provisioner": "cloudformation.amazonaws.com"}
DEV, PROD = ACCOUNTS["dev"], ACCOUNTS["prod"]
CALLS = committed()
PRINCIPALS = ["provisioner", "deployer", "planner", "promoter", "ci", "task", "worker", "migration", "execution"]


def context_of(call):
    if call.action == "iam:PassRole":
        # ECS writes by its infrastructure role what the listener rules weigh.
        to_ecs = "-ecs-InfrastructureRole-" in call.resource
        return {"iam:PassedToService": "ecs.amazonaws.com" if to_ecs else PASSED_TO.get(call.principal, "")}
    if call.action.startswith("iam:"):
        policies = f"arn:aws:iam::{ACCOUNTS[call.environment]}:policy"
        return {"iam:PermissionsBoundary": f"{policies}/fastbreak-{call.environment}-boundary"}
    if call.action == "events:PutEvents":
        return {"events:source": "fastbreak.ecs_rollout"}
    if call.action == "ecs:RunTask":
        return {"ecs:cluster": service("ecs", f"cluster/fastbreak-{call.environment}", call.environment)}
    if call.action.startswith("cloudfront:"):
        return of_stack(f"fastbreak-{call.environment}-cloudfront")
    return {"application-autoscaling:service-namespace": "ecs"} if call.action.startswith("application-auto") else {}


def of_stack(name):
    return {"aws:ResourceTag/aws:cloudformation:stack-name": name}


def as_filled(call):
    """The resource with the names that `policies` fills in for those that AWS makes up."""
    name = f"DatabaseSecret-{call.environment}"
    secret = re.sub(rf"secret:fastbreak-{call.environment}-service-DatabaseSecret-.*", f"secret:{name}", call.resource)
    own = f"OfWorkers-{call.environment}"
    secret = re.sub(rf"secret:fastbreak-{call.environment}-service-WorkerDatabaseSecret-.*", f"secret:{own}", secret)
    named = re.sub(r"secret:rds!db-.*", f"secret:rds!db-{call.environment}", secret)
    # By the name that CloudFormation makes up, and by the one of ecs.
    return re.sub(r"-service-(footagebucket-[^/]+|[0-9a-f]{8}-[0-9]{12})/", "-service-footage/", named)


def refused():
    """The recorded calls that the policies do not allow."""
    return [
        call
        for call in CALLS
        if call.action not in ALWAYS
        and not may(call.principal, call.action, as_filled(call), call.environment, **context_of(call))
    ]


def test_every_verb_and_task_may_do_what_it_does():
    assert {call.principal for call in CALLS} == {*PRINCIPALS, "cloudformation"}
    assert refused() == []


@pytest.mark.parametrize("who", [*PRINCIPALS, "probe"])
def test_nothing_is_granted_that_no_verb_needs(who):
    called = {call.action for call in CALLS if call.principal == who}
    reasons = UNRECORDED.get(who, {})
    unneeded = {pattern for pattern in granted(who) if not any(matches(action, pattern) for action in called)}
    assert unneeded - set(reasons) == set(), f"{who} is granted what nothing calls"
    assert set(reasons) - unneeded == set(), f"{who}: recorded, or not granted any more"


# IAM's quota of a role's inline policies, in characters without white space.
@pytest.mark.parametrize("who", policies.PRINCIPALS)
def test_the_longest_names_leave_a_role_within_what_its_policies_may_hold(who):
    assert len(longest(who)) <= 10_240


def test_a_recording_names_verbs_and_leaves_out_what_aws_makes_up():
    session = "arn:aws:sts::999999999999:assumed-role/fastbreak-dev-{}"
    task = session.format("service-TaskRole-1A2B3C4D5E6F7/0123456789abcdef0123456789abcdef")
    secret = "arn:aws:secretsmanager:us-east-1:999999999999:secret:rds!db-3f2504e0-4f89-11d3-9a0c-0305e82c3301-AbCdEf"
    checks = [
        {"principal": session.format("deployer/rollback"), "action": "ecs:StopTask", "resource": "*", "allowed": True},
        {"principal": session.format("deployer/rollback"), "action": "ecs:StopTask", "resource": "*", "allowed": False},
        {"principal": session.format("deployer/forbidden"), "action": "ecs:RunTask", "resource": "*", "allowed": False},
        {"principal": task, "action": "secretsmanager:GetSecretValue", "resource": secret, "allowed": True},
        {"principal": "arn:aws:iam::999999999999:root", "action": "ecs:RunTask", "resource": "*", "allowed": True},
    ]
    named = f"arn:aws:secretsmanager:us-east-1:{DEV}:secret:rds!db-0-AbCdEf"
    assert of_checks(checks, {recorded_calls.FORBIDDEN}) == {
        Call("dev", "deployer", "rollback", "ecs:StopTask", "*"): False,
        Call("dev", "task", "tasks", "secretsmanager:GetSecretValue", named): True,
    }


def test_the_recording_is_of_each_suite_and_as_it_is_written():
    assert recorded_calls.suites().keys() == recorded_calls.SUITES.keys()
    assert written(recorded_calls.suites()) == RECORDING.read_text()


def test_a_suite_recorded_again_leaves_the_others_as_they_were(tmp_path, monkeypatch):
    monkeypatch.setattr(recorded_calls, "RECORDING", tmp_path / "calls.json")
    old, new = (Call("dev", "deployer", "deploy", f"ecs:{action}", "*") for action in ("RunTask", "StopTask"))
    recorded_calls.RECORDING.write_text(written({"e2e": [old], "rollout": [old]}))
    kept = tmp_path / "rollout.jsonl"
    kept.write_text(f"{json.dumps(astuple(new))}\n" * 2)
    recorded_calls.adopt("rollout", kept)
    assert recorded_calls.suites() == {"e2e": [old], "rollout": [new]}
    assert committed() == [old, new]


UNNAMED = {"iam": ["deployer", "planner", "promoter", "ci"], "bootstrap": ["provisioner"]}


@pytest.mark.parametrize("component", UNNAMED)
def test_what_has_no_resource_is_listed_in_the_readme(component):
    expected = "\n".join(
        f"* {who}: {', '.join(f'`{action}`' for action in sorted(without_resource(who)))}" for who in UNNAMED[component]
    )
    text = (ROOT / "roles" / component / "README.md").read_text()
    listed = text.partition("<!-- unnamed:begin -->\n")[2].partition("<!-- unnamed:end -->")[0]
    assert listed == expected + "\n"


def service(name, place, environment="dev"):
    account = ACCOUNTS[environment]
    return f"arn:aws:{name}:us-east-1:{account}:{place}"


IMAGES, PROD_IMAGES = (
    service("ecr", "repository/fastbreak/inference"),
    service("ecr", "repository/fastbreak/inference", "prod"),
)
TABLE, PROD_TABLE = (
    service("dynamodb", "table/fastbreak-dev-releases"),
    service("dynamodb", "table/fastbreak-prod-releases", "prod"),
)
OURS, PROD_SERVICE = (
    service("ecs", "service/fastbreak-dev/inference"),
    service("ecs", "service/fastbreak-prod/inference", "prod"),
)
DEFINITION = service("ecs", "task-definition/fastbreak-dev-inference:1")
SECRET, MASTER = service("secretsmanager", "secret:DatabaseSecret-dev"), service("secretsmanager", "secret:rds!db-dev")
LOGS = service("logs", "log-group:/fastbreak/dev/inference")
STACK, PROD_STACK = (
    service("cloudformation", "stack/fastbreak-dev-network/1"),
    service("cloudformation", "stack/fastbreak-prod-network/1", "prod"),
)
BOOTSTRAP = service("cloudformation", "stack/fastbreak-dev-bootstrap/1")
FOOTAGE = "arn:aws:s3:::fastbreak-dev-service-footage/footage/1.video"
ROLE, TASK_ROLE = f"arn:aws:iam::{DEV}:role/fastbreak-dev-", f"arn:aws:iam::{DEV}:role/fastbreak-dev-service-TaskRole-1"
LIMIT = f"arn:aws:iam::{DEV}:policy/fastbreak-dev-boundary"
BOUND = {"iam:PermissionsBoundary": LIMIT}
BUCKET = "arn:aws:s3:::fastbreak-dev-cloudfront-sitebucket-1a2b"
SITE = f"{BUCKET}/index.html"
DISTRIBUTION = f"arn:aws:cloudfront::{DEV}:distribution/E2QWRUHAPOMQZL"
KEY = service("kms", "key/service")
DATABASE = service("rds", "db:fastbreak-dev")

WAKE = service("cloudwatch", "alarm:fastbreak-scaling/fastbreak-dev/inference-worker/wake")
POLICY_OF_SCALING = service(
    "autoscaling", "scalingPolicy:1-2:resource/ecs/service/fastbreak-dev/inference-worker:policyName/fastbreak-wake"
)

FORBIDDEN = [
    # The CI's user can assume its role and nothing else.
    *[("user", action, "*", {}) for action in ("ecr:GetAuthorizationToken", "ecs:ListClusters", "iam:CreateAccessKey")],
    *[
        ("user", "sts:AssumeRole", f"{ROLE}{name}", {})
        for name in ("deployer", "provisioner", "cloudformation", "planner")
    ],
    ("user", "ecr:PutImage", IMAGES, {}),
    ("user", "ecs:UpdateService", OURS, {}),
    # The CI pushes and updates.
    ("ci", "ecs:RegisterTaskDefinition", DEFINITION, {}),
    ("ci", "ecs:RunTask", DEFINITION, {}),
    ("ci", "ecs:DeleteService", OURS, {}),
    ("ci", "ecs:UpdateService", service("ecs", "service/fastbreak-dev/other"), {}),
    ("ci", "ecs:UpdateService", PROD_SERVICE, {}),
    ("ci", "ecs:ExecuteCommand", service("ecs", "task/fastbreak-dev/1"), {}),
    ("ci", "iam:PassRole", TASK_ROLE, {"iam:PassedToService": "ecs-tasks.amazonaws.com"}),
    ("ci", "ecr:PutImage", service("ecr", "repository/other"), {}),
    ("ci", "ecr:BatchDeleteImage", IMAGES, {}),
    ("ci", "ecr:SetRepositoryPolicy", IMAGES, {}),
    ("ci", "ecr:PutImageTagMutability", IMAGES, {}),
    ("ci", "secretsmanager:GetSecretValue", SECRET, {}),
    ("ci", "dynamodb:PutItem", TABLE, {}),
    (
        "ci",
        "elasticloadbalancing:ModifyRule",
        service("elasticloadbalancing", "listener-rule/app/fastbreak-dev/1/2/3"),
        {},
    ),
    # The planner reads no content and changes nothing.
    ("planner", "secretsmanager:GetSecretValue", SECRET, {}),
    ("planner", "secretsmanager:GetSecretValue", MASTER, {}),
    ("planner", "ssm:GetParameters", service("ssm", "parameter/any"), {}),
    ("planner", "s3:GetObject", FOOTAGE, {}),
    ("planner", "logs:GetLogEvents", f"{LOGS}:log-stream:1", {}),
    ("planner", "logs:FilterLogEvents", LOGS, {}),
    ("planner", "dynamodb:GetItem", TABLE, {}),
    ("planner", "dynamodb:Query", TABLE, {}),
    ("planner", "dynamodb:Scan", TABLE, {}),
    ("planner", "ecr:GetDownloadUrlForLayer", IMAGES, {}),
    ("planner", "kms:Decrypt", KEY, {}),
    ("planner", "cloudformation:UpdateStack", STACK, {}),
    ("planner", "cloudformation:CreateChangeSet", STACK, {}),
    ("planner", "ecs:UpdateService", OURS, {}),
    ("planner", "ecs:RunTask", DEFINITION, {}),
    ("planner", "iam:PassRole", f"{ROLE}cloudformation", {"iam:PassedToService": "cloudformation.amazonaws.com"}),
    ("planner", "sts:AssumeRole", f"{ROLE}provisioner", {}),
    # The promoter writes images and records, here only.
    ("promoter", "ecr:PutImage", IMAGES, {}, "prod"),
    ("promoter", "ecr:BatchDeleteImage", PROD_IMAGES, {}, "prod"),
    ("promoter", "ecs:UpdateService", PROD_SERVICE, {}, "prod"),
    ("promoter", "dynamodb:DeleteItem", PROD_TABLE, {}, "prod"),
    ("promoter", "dynamodb:PutItem", TABLE, {}, "prod"),
    ("promoter", "secretsmanager:GetSecretValue", SECRET.replace(DEV, PROD), {}, "prod"),
    ("promoter", "ecr:PutRegistryScanningConfiguration", "*", {}, "prod"),
    # The deployer releases: no image, no secret, no role of another's, no stack.
    ("deployer", "ecr:PutImage", IMAGES, {}),
    ("deployer", "secretsmanager:GetSecretValue", SECRET, {}),
    ("deployer", "secretsmanager:GetSecretValue", MASTER, {}),
    ("deployer", "cloudformation:UpdateStack", STACK, {}),
    ("deployer", "iam:PassRole", f"{ROLE}cloudformation", {"iam:PassedToService": "ecs-tasks.amazonaws.com"}),
    ("deployer", "iam:PassRole", f"{ROLE}provisioner", {"iam:PassedToService": "ecs-tasks.amazonaws.com"}),
    ("deployer", "iam:PassRole", TASK_ROLE, {"iam:PassedToService": "lambda.amazonaws.com"}),
    ("deployer", "iam:PutRolePolicy", TASK_ROLE, {}),
    ("deployer", "ecs:ExecuteCommand", service("ecs", "task/fastbreak-dev/1"), {}),
    ("deployer", "ecs:RunTask", service("ecs", "task-definition/other:1"), {}),
    ("deployer", "ecs:DeleteCluster", service("ecs", "cluster/fastbreak-dev"), {}),
    (
        "deployer",
        "elasticloadbalancing:ModifyRule",
        service("elasticloadbalancing", "listener-rule/app/other/1/2/3"),
        {},
    ),
    (
        "deployer",
        "elasticloadbalancing:DeleteLoadBalancer",
        service("elasticloadbalancing", "loadbalancer/app/fastbreak-dev/1"),
        {},
    ),
    (
        "deployer",
        "application-autoscaling:RegisterScalableTarget",
        service("application-autoscaling", "scalable-target/1"),
        {"application-autoscaling:service-namespace": "dynamodb"},
    ),
    # Its alarms call the policies of the environment's services, beside which they do nothing.
    *[
        ("deployer", "cloudwatch:PutMetricAlarm", WAKE, {"cloudwatch:AlarmActions": [POLICY_OF_SCALING, other]})
        for other in (
            f"arn:aws:sns:{REGION}:{DEV}:fastbreak-dev-critical",
            f"arn:aws:automate:{REGION}:ec2:stop",
            POLICY_OF_SCALING.replace("fastbreak-dev", "fastbreak-prod"),
        )
    ],
    ("deployer", "cloudwatch:PutMetricAlarm", service("cloudwatch", "alarm:fastbreak-dev-latency"), {}),
    ("deployer", "dynamodb:DeleteTable", TABLE, {}),
    ("deployer", "rds:ModifyDBInstance", DATABASE, {}),
    ("deployer", "s3:GetObject", FOOTAGE, {}),
    # Of the site it writes files; of distributions it invalidates the site's.
    ("deployer", "s3:PutObject", FOOTAGE, {}),
    ("deployer", "s3:PutObject", SITE.replace("fastbreak-dev", "fastbreak-prod"), {}),
    ("deployer", "s3:DeleteObjectVersion", SITE, {}),
    ("deployer", "s3:PutBucketPolicy", BUCKET, {}),
    ("deployer", "cloudfront:CreateInvalidation", DISTRIBUTION, {}),
    ("deployer", "cloudfront:CreateInvalidation", DISTRIBUTION, of_stack("fastbreak-prod-cloudfront")),
    ("deployer", "cloudfront:UpdateDistribution", DISTRIBUTION, of_stack("fastbreak-dev-cloudfront")),
    *[
        (who, action, resource, of_stack("fastbreak-dev-cloudfront"))
        for who in ("ci", "planner", "provisioner", "task")
        for action, resource in (("s3:PutObject", SITE), ("cloudfront:CreateInvalidation", DISTRIBUTION))
    ],
    # Dev in prod.
    *[
        (who, action, resource, {})
        for who, action, resource in (
            ("deployer", "ecs:UpdateService", PROD_SERVICE),
            ("deployer", "dynamodb:PutItem", PROD_TABLE),
            ("deployer", "cloudformation:DescribeStacks", PROD_STACK),
            ("deployer", "ecr:BatchGetImage", PROD_IMAGES),
            ("planner", "cloudformation:GetTemplate", PROD_STACK),
            ("provisioner", "cloudformation:UpdateStack", PROD_STACK),
            ("provisioner", "sts:AssumeRole", f"arn:aws:iam::{PROD}:role/fastbreak-prod-provisioner"),
            ("task", "secretsmanager:GetSecretValue", SECRET.replace(DEV, PROD).replace("-dev", "-prod")),
        )
    ],
    # The provisioner operates stacks and cannot reach beyond them.
    ("provisioner", "cloudformation:UpdateStack", BOOTSTRAP, {}),
    ("provisioner", "cloudformation:DeleteStack", BOOTSTRAP, {}),
    ("provisioner", "cloudformation:CreateStack", service("cloudformation", "stack/other/1"), {}),
    ("provisioner", "iam:PassRole", f"{ROLE}cloudformation", {"iam:PassedToService": "ec2.amazonaws.com"}),
    ("provisioner", "iam:PassRole", f"{ROLE}provisioner", {"iam:PassedToService": "cloudformation.amazonaws.com"}),
    ("provisioner", "iam:CreateRole", f"{ROLE}new", BOUND),
    ("provisioner", "iam:CreateUser", f"arn:aws:iam::{DEV}:user/new", {}),
    ("provisioner", "secretsmanager:GetSecretValue", MASTER, {}),
    ("provisioner", "s3:GetObject", FOOTAGE, {}),
    ("provisioner", "rds:DeleteDBInstance", DATABASE, {}),
    ("provisioner", "ecs:RunTask", DEFINITION, {}),
    # CloudFormation makes roles under the boundary only, and cannot touch those that hold it.
    ("cloudformation", "iam:CreateRole", f"{ROLE}new", {}),
    ("cloudformation", "iam:CreateRole", f"{ROLE}new", {"iam:PermissionsBoundary": f"arn:aws:iam::{DEV}:policy/mine"}),
    ("cloudformation", "iam:CreateRole", f"arn:aws:iam::{DEV}:role/other", BOUND),
    ("cloudformation", "iam:PutRolePolicy", f"{ROLE}cloudformation", BOUND),
    ("cloudformation", "iam:UpdateAssumeRolePolicy", f"{ROLE}provisioner", {}),
    ("cloudformation", "iam:CreatePolicyVersion", LIMIT, {}),
    ("cloudformation", "iam:DeleteRolePermissionsBoundary", f"{ROLE}deployer", BOUND),
    # What it gave to a group, whoever is put into the group would have without a boundary.
    *[
        ("cloudformation", f"iam:{action}", f"arn:aws:iam::{DEV}:group/fastbreak-dev-mine", {})
        for action in ("AddUserToGroup", "AttachGroupPolicy", "CreateGroup", "PutGroupPolicy")
    ],
    *[
        ("cloudformation", f"iam:{action}", f"arn:aws:iam::{DEV}:policy/fastbreak-dev-mine", {})
        for action in ("CreatePolicy", "CreatePolicyVersion", "SetDefaultPolicyVersion")
    ],
    *[
        ("cloudformation", f"iam:{action}", f"arn:aws:iam::{DEV}:user/fastbreak-dev-ci", BOUND)
        for action in ("AttachUserPolicy", "CreateLoginProfile", "DeleteUserPermissionsBoundary", "PutUserPolicy")
    ],
    ("cloudformation", "logs:DeleteLogGroup", service("logs", "log-group:/aws/lambda/other"), {}),
    ("cloudformation", "lambda:InvokeFunction", service("lambda", "function:fastbreak-dev-mine"), {}),
    ("cloudformation", "cloudformation:CreateStack", STACK, {}),
    ("cloudformation", "sts:AssumeRole", f"{ROLE}deployer", {}),
    ("cloudformation", "iam:CreateAccessKey", f"arn:aws:iam::{DEV}:user/fastbreak-dev-ci", {}),
    ("cloudformation", "secretsmanager:GetSecretValue", MASTER, {}),
    ("cloudformation", "ec2:RunInstances", service("ec2", "instance/1"), {}),
    # Tasks read their own secret.
    ("task", "secretsmanager:GetSecretValue", MASTER, {}),
    ("task", "secretsmanager:PutSecretValue", SECRET, {}),
    ("task", "ecs:RunTask", DEFINITION, {}),
    ("task", "sts:AssumeRole", f"{ROLE}deployer", {}),
    ("task", "dynamodb:Query", TABLE, {}),
    # The API stores, erases, and signs links to read by; a worker reads and replaces; neither knows another bucket.
    ("task", "s3:GetObject", FOOTAGE.replace("/footage/", "/other/"), {}),
    ("task", "s3:GetObject", FOOTAGE.replace("-dev-", "-prod-"), {}),
    ("task", "s3:DeleteObjectVersion", FOOTAGE.replace("/footage/", "/other/"), {}),
    ("worker", "s3:DeleteObjectVersion", FOOTAGE.replace("/footage/", "/other/"), {}),
    ("task", "s3:PutObject", FOOTAGE.replace("/footage/", "/other/"), {}),
    ("task", "s3:PutObject", FOOTAGE.replace("-service-", "-cloudfront-"), {}),
    ("task", "kms:Decrypt", KEY, {}),
    ("worker", "s3:PutObject", FOOTAGE.replace("/footage/", "/other/"), {}),
    ("worker", "s3:DeleteObject", FOOTAGE, {}),
    ("worker", "s3:GetObject", FOOTAGE.replace("-dev-", "-prod-"), {}),
    ("worker", "secretsmanager:GetSecretValue", MASTER, {}),
    # The database user of one is not the other's.
    ("worker", "secretsmanager:GetSecretValue", SECRET, {}),
    ("task", "secretsmanager:GetSecretValue", SECRET.replace("DatabaseSecret", "OfWorkers"), {}),
    ("worker", "secretsmanager:PutSecretValue", SECRET.replace("DatabaseSecret", "OfWorkers"), {}),
    ("worker", "sts:AssumeRole", TASK_ROLE, {}),
    # Who sends requests of gates reads what stands for their token, and nothing of the service.
    *[
        ("probe", action, resource, {})
        for action, resource in (
            ("secretsmanager:GetSecretValue", SECRET),
            ("secretsmanager:GetSecretValue", service("secretsmanager", "secret:fastbreak-dev-probe-other-AbCdEf")),
            ("secretsmanager:PutSecretValue", service("secretsmanager", "secret:fastbreak-dev-probe-AbCdEf")),
            ("s3:PutObject", FOOTAGE),
        )
    ],
    ("migration", "s3:GetObject", FOOTAGE, {}),
    ("execution", "s3:GetObject", FOOTAGE, {}),
    ("migration", "secretsmanager:PutSecretValue", MASTER, {}),
    ("migration", "secretsmanager:DeleteSecret", SECRET, {}),
    ("migration", "rds:ModifyDBInstance", DATABASE, {}),
    ("execution", "secretsmanager:GetSecretValue", SECRET, {}),
    ("execution", "ecr:PutImage", IMAGES, {}),
    ("execution", "logs:GetLogEvents", f"{LOGS}:log-stream:1", {}),
]


@pytest.mark.parametrize("call", FORBIDDEN, ids=lambda call: "-".join(call[:2]))
def test_forbidden(call):
    who, action, resource, context, *environment = call
    assert not may(who, action, resource, *environment, **context)


def test_an_alarm_of_the_deployer_may_call_the_policies_of_the_environment():
    asked = "deployer", "cloudwatch:PutMetricAlarm", WAKE
    assert may(*asked, **{"cloudwatch:AlarmActions": [POLICY_OF_SCALING]})


# What is somebody else's in the account: another environment's, whose name is as near as the templates let it be.
NEIGHBOURS = [
    ("provisioner", "cloudformation:UpdateStack", "cloudformation", "stack/fastbreak-{}-network/1"),
    ("provisioner", "logs:DescribeSubscriptionFilters", "logs", "log-group:/aws/rds/instance/fastbreak-{}/postgresql"),
    ("provisioner", "rds:DescribeDBInstances", "rds", "db:fastbreak-{}"),
    ("provisioner", "rds:ModifyDBInstance", "rds", "db:fastbreak-{}"),
    ("planner", "rds:DescribeDBInstances", "rds", "db:fastbreak-{}"),
    ("deployer", "dynamodb:PutItem", "dynamodb", "table/fastbreak-{}-releases"),
    ("deployer", "secretsmanager:DescribeSecret", "secretsmanager", "secret:fastbreak-{}-service-1"),
    ("cloudformation", "cloudtrail:DeleteTrail", "cloudtrail", "trail/fastbreak-{}"),
    ("cloudformation", "cloudwatch:DeleteDashboards", "cloudwatch", "dashboard/fastbreak-{}"),
    ("cloudformation", "codebuild:DeleteProject", "codebuild", "project/fastbreak-{}-deploy"),
    ("cloudformation", "codepipeline:DeletePipeline", "codepipeline", "fastbreak-{}"),
    ("cloudformation", "ecs:DeleteCluster", "ecs", "cluster/fastbreak-{}"),
    ("cloudformation", "ecs:DeleteService", "ecs", "service/fastbreak-{}/inference"),
    ("cloudformation", "events:DeleteRule", "events", "rule/fastbreak-{}-release-pushed"),
    ("cloudformation", "logs:DeleteLogGroup", "logs", "log-group:aws-waf-logs-fastbreak-{}-api"),
    ("cloudformation", "rds:DeleteDBInstance", "rds", "db:fastbreak-{}"),
    ("cloudformation", "sns:DeleteTopic", "sns", "fastbreak-{}-critical"),
    ("cloudformation", "iam:DeleteRole", "iam", "role/fastbreak-{}-deployer"),
]


@pytest.mark.parametrize(("who", "action", "of", "place"), NEIGHBOURS)
def test_another_environment_of_the_account_is_out_of_reach(who, action, of, place):
    arns = {name: service(of, place.format(name)) for name in ("dev", "dev2", "develop")}
    if of in ("iam", "cloudwatch"):
        arns = {name: arn.replace(f":{of}:us-east-1:", f":{of}::") for name, arn in arns.items()}
    assert [name for name, arn in arns.items() if may(who, action, arn)] == ["dev"]


@pytest.mark.parametrize("name", ["awsbackup:job-1", "before-the-cup"])
def test_a_snapshot_of_any_name_is_restored_where_it_is_of_the_environment(name):
    asked = "cloudformation", "rds:RestoreDBInstanceFromDBSnapshot", service("rds", f"snapshot:{name}")
    tags = {"rds:snapshot-tag/Environment": "dev", "rds:snapshot-tag/Project": "fastbreak"}
    assert may(*asked, **tags)
    assert not may(*asked)
    assert not may(*asked, **{**tags, "rds:snapshot-tag/Environment": "dev2"})


def test_enough_is_forbidden():
    assert len({(call[0], call[1], call[2]) for call in FORBIDDEN}) >= 60
    assert {call[0] for call in FORBIDDEN} >= {
        "user",
        "ci",
        "planner",
        "promoter",
        "deployer",
        "task",
        "worker",
        "migration",
        "execution",
    }


@pytest.mark.parametrize("role", ["DeployerRole", "PlannerRole", "PromoterRole", "CiRole"])
def test_github_is_trusted_by_exact_subject_and_audience(role):
    trust = template("iam")["Resources"][role]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    kind = role.removesuffix("Role")
    condition, statement, otherwise = trust[1]["Fn::If"]
    assert (condition, otherwise) == (f"{kind}Federated", {"Ref": "AWS::NoValue"})
    assert statement["Condition"] == {
        "StringEquals": {
            "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
            "token.actions.githubusercontent.com:sub": {"Ref": f"{kind}Subjects"},
        }
    }


@pytest.mark.parametrize(
    ("subject", "accepted"),
    [
        ("", True),
        ("repo:fastbreak-sports/fastbreak:environment:prod", True),
        ("repo:fastbreak-sports@123456/fastbreak@456789:environment:prod", True),
        ("repo:fastbreak-sports/fastbreak:*", False),
        ("repo:fastbreak-sports/*:environment:prod", False),
        ("repo:fastbreak-sports/fastbreak:ref:refs/heads/main", False),
        ("repo:fastbreak-sports/fastbreak:environment:", False),
        ("repo:fastbreak-sports/fastbreak:pull_request", False),
        ("*", False),
        ("fastbreak-sports/fastbreak", False),
    ],
)
def test_subjects_that_may_deploy(subject, accepted):
    pattern = template("iam")["Parameters"]["DeployerSubjects"]["AllowedPattern"]
    assert bool(re.fullmatch(pattern, subject)) is accepted


def test_the_user_is_off_and_has_no_policy_of_its_own():
    user = template("iam")["Resources"]["CiUserOfPipelines"]
    assert user["Condition"] == "HasCiUser"
    assert set(user["Properties"]) == {"UserName", "PermissionsBoundary"}
    trusted = template("iam")["Resources"]["CiRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"][0]
    assert trusted["Principal"]["AWS"]["Fn::If"][:2] == ["HasCiUser", {"Fn::GetAtt": "CiUserOfPipelines.Arn"}]


# Drift looks for subscriptions that somebody added; a plan, for what would keep a group from being replaced.
@pytest.mark.parametrize("who", ["provisioner", "planner"])
def test_the_log_groups_of_all_stacks_can_be_looked_at(who):
    names = {
        re.sub(
            r"\$\{[^}]*\}", "name", resource["Properties"]["LogGroupName"]["Fn::Sub"].replace("${Environment}", "dev")
        )
        for path in (ROOT / "roles").glob("*/files/stack.yaml")
        for resource in template(path.parents[1].name)["Resources"].values()
        if resource["Type"] == "AWS::Logs::LogGroup"
    }
    assert {"/aws/appsync/apis/name", "/fastbreak/dev/graphql", "/fastbreak/dev/exec"} < names
    arns = [service("logs", f"log-group:{name}") for name in names]
    assert [arn for arn in arns if not may(who, "logs:DescribeSubscriptionFilters", arn)] == []
