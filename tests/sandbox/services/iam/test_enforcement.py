# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What is refused under `AUTH=true`."""

import json
import ssl
import time
from typing import Any

import httpx
import jwt
import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.authority import authority_path
from sandbox.state import home_of
from tests.sandbox.services.iam.conftest import Enforcing, allow, policy
from tests.sandbox.stacks import Stack, stack_in

ECS = "arn:aws:ecs:us-east-1:111111111111:"
PROVIDER = "token.actions.githubusercontent.com"
SUBJECT = "repo:fastbreak-sports/fastbreak:environment:dev"


def refusal(call: Any, **arguments: Any) -> str:
    """The error's code and message."""
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    error = refused.value.response["Error"]
    return f"{error['Code']} {error['Message']}"


def test_ecs_calls_are_checked_on_the_resource_that_they_name(enforcing: Enforcing) -> None:
    enforcing.root("ecs").create_cluster(clusterName="mine")
    role = enforcing.role(
        allow(["ecs:DescribeServices", "ecs:UpdateService"], f"{ECS}service/mine/app"),
        allow("ecs:DescribeTasks", f"{ECS}task/mine/*"),
        allow("ecs:DescribeClusters", f"{ECS}cluster/mine"),
    )
    ecs = enforcing.as_role(role, "ecs")
    assert ecs.describe_services(cluster="mine", services=["app"])["failures"]
    assert "ServiceNotFound" in refusal(ecs.update_service, cluster="mine", service="app", desiredCount=1)
    assert ecs.describe_tasks(cluster="mine", tasks=["0" * 32])["failures"]
    assert ecs.describe_clusters(clusters=["mine"])["clusters"]
    assert "AccessDenied" in refusal(ecs.describe_services, cluster="mine", services=["app", "other"])
    assert "AccessDenied" in refusal(ecs.describe_services, cluster="other", services=["app"])
    assert "AccessDenied" in refusal(ecs.update_service, cluster="mine", service="other", desiredCount=1)
    assert "AccessDenied" in refusal(ecs.describe_tasks, cluster="other", tasks=["0" * 32])
    assert "ecs:DeleteService" in refusal(ecs.delete_service, cluster="mine", service="app")


def test_resource_policies_of_tables_are_checked_on_the_table(enforcing: Enforcing) -> None:
    table = "arn:aws:dynamodb:us-east-1:111111111111:table/"
    dynamodb = enforcing.as_role(enforcing.role(allow("dynamodb:GetResourcePolicy", f"{table}mine")), "dynamodb")
    assert "AccessDenied" not in refusal(dynamodb.get_resource_policy, ResourceArn=f"{table}mine")
    assert "AccessDenied" in refusal(dynamodb.get_resource_policy, ResourceArn=f"{table}other")


def test_quotas_are_told_to_whom_may_read_them_alone(enforcing: Enforcing) -> None:
    asked = {"ServiceCode": "fargate", "QuotaCode": "L-3032A538"}
    reader = enforcing.as_role(enforcing.role(allow("servicequotas:GetServiceQuota")), "service-quotas")
    assert reader.get_service_quota(**asked)["Quota"]["Value"] == 1000
    assert "AccessDenied" in refusal(enforcing.as_role(enforcing.role(), "service-quotas").get_service_quota, **asked)


def test_policies_are_simulated_by_who_may_ask_about_their_principal(enforcing: Enforcing) -> None:
    asked, other = enforcing.role(allow("s3:GetObject")), enforcing.role()
    iam = enforcing.as_role(enforcing.role(allow("iam:SimulatePrincipalPolicy", asked)), "iam")
    actions = ["s3:GetObject", "s3:PutObject"]
    told = iam.simulate_principal_policy(PolicySourceArn=asked, ActionNames=actions)["EvaluationResults"]
    assert [result["EvalDecision"] for result in told] == ["allowed", "implicitDeny"]
    assert "AccessDenied" in refusal(iam.simulate_principal_policy, PolicySourceArn=other, ActionNames=actions)


def test_passing_a_role_needs_the_right_to(enforcing: Enforcing) -> None:
    task = enforcing.role()
    only_to_tasks = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
    may_register = allow("ecs:RegisterTaskDefinition")
    container = {"name": "app", "image": "app"}
    without = enforcing.as_role(enforcing.role(may_register), "ecs")
    said = refusal(without.register_task_definition, family="f", taskRoleArn=task, containerDefinitions=[container])
    assert "iam:PassRole" in said
    assert without.register_task_definition(family="f", containerDefinitions=[container])["taskDefinition"]
    passing = allow("iam:PassRole", task, Condition=only_to_tasks)
    able = enforcing.as_role(enforcing.role(may_register, passing, allow("cloudformation:*")), "ecs")
    assert able.register_task_definition(family="f", taskRoleArn=task, containerDefinitions=[container])
    other = enforcing.role()
    assert "iam:PassRole" in refusal(
        able.register_task_definition, family="f", executionRoleArn=other, containerDefinitions=[container]
    )
    stacks = enforcing.as_role(enforcing.role(passing, allow("cloudformation:*")), "cloudformation")
    assert "iam:PassRole" in refusal(stacks.create_stack, StackName="s", TemplateBody="{}", RoleARN=task)


def test_scaling_is_checked(enforcing: Enforcing) -> None:
    scaling = enforcing.as_role(enforcing.role(allow("ecs:*")), "application-autoscaling")
    assert "AccessDenied" in refusal(scaling.describe_scalable_targets, ServiceNamespace="ecs")


def test_alarms_are_checked_by_their_names(enforcing: Enforcing) -> None:
    may = allow(["cloudwatch:DeleteAlarms", "cloudwatch:PutMetricAlarm"], "arn:aws:cloudwatch:*:*:alarm:ours/*")
    cloudwatch = enforcing.as_role(enforcing.role(may), "cloudwatch")
    alarm = {
        "Namespace": "x",
        "MetricName": "y",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "LessThanThreshold",
    }
    cloudwatch.put_metric_alarm(AlarmName="ours/a", **alarm)
    assert "AccessDenied" in refusal(cloudwatch.put_metric_alarm, AlarmName="theirs", **alarm)
    assert "AccessDenied" in refusal(cloudwatch.delete_alarms, AlarmNames=["ours/a", "theirs"])
    cloudwatch.delete_alarms(AlarmNames=["ours/a"])
    policies = {"ForAllValues:StringLike": {"cloudwatch:AlarmActions": "arn:aws:autoscaling:*:*:scalingPolicy:*"}}
    scaling = enforcing.as_role(enforcing.role(allow("cloudwatch:PutMetricAlarm", Condition=policies)), "cloudwatch")
    called, topic = "arn:aws:autoscaling:us-east-1:1:scalingPolicy:1:x", "arn:aws:sns:us-east-1:1:x"
    scaling.put_metric_alarm(AlarmName="a", AlarmActions=[called], **alarm)
    for actions in ({"AlarmActions": [called, topic]}, {"AlarmActions": [called], "OKActions": [topic]}):
        assert "AccessDenied" in refusal(scaling.put_metric_alarm, AlarmName="a", **actions, **alarm)


def test_events_are_checked_on_their_bus_with_their_source(enforcing: Enforcing) -> None:
    ours = {
        **allow("events:PutEvents", "arn:aws:events:*:*:event-bus/default"),
        "Condition": {"StringEquals": {"events:source": "ours"}},
    }
    events = enforcing.as_role(enforcing.role(ours), "events")

    def put(**entry: str) -> Any:
        return events.put_events(Entries=[{"Source": "ours", "DetailType": "x", "Detail": "{}", **entry}])

    assert put()["FailedEntryCount"] == 0
    assert "AccessDenied" in refusal(put, Source="theirs")
    assert "AccessDenied" in refusal(put, EventBusName="another")


def test_topics_are_checked_by_their_arn(enforcing: Enforcing) -> None:
    root = enforcing.root("sns")
    ours, theirs = (root.create_topic(Name=name)["TopicArn"] for name in ("ours", "theirs"))
    sns = enforcing.as_role(enforcing.role(allow(["sns:GetTopicAttributes", "sns:Publish"], ours)), "sns")
    assert sns.get_topic_attributes(TopicArn=ours)["Attributes"]["TopicArn"] == ours
    assert sns.publish(TopicArn=ours, Subject="x", Message="y")["MessageId"]
    assert "AuthorizationError" in refusal(sns.publish, TopicArn=theirs, Message="y")


def test_several_messages_take_the_right_to_one(enforcing: Enforcing) -> None:
    root = enforcing.root("sqs")
    ours, theirs = (root.create_queue(QueueName=name)["QueueUrl"] for name in ("ours", "theirs"))
    arn = root.get_queue_attributes(QueueUrl=ours, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sqs = enforcing.as_role(enforcing.role(allow("sqs:SendMessage", arn)), "sqs")
    entries = [{"Id": "0", "MessageBody": "x"}]
    assert len(sqs.send_message_batch(QueueUrl=ours, Entries=entries)["Successful"]) == 1
    assert "AccessDenied" in refusal(sqs.send_message_batch, QueueUrl=theirs, Entries=entries)
    named = [{"Id": "0", "ReceiptHandle": "x", "VisibilityTimeout": 0}]
    assert "AccessDenied" in refusal(sqs.change_message_visibility_batch, QueueUrl=ours, Entries=named)


ORIGIN = {"Id": "o", "DomainName": "origin.example.org", "CustomOriginConfig": {"OriginProtocolPolicy": "http-only"}}
BEHAVIOR = {
    "TargetOriginId": "o",
    "ViewerProtocolPolicy": "allow-all",
    "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
}


def test_a_distribution_is_known_by_the_tags_of_its_stack(enforcing: Enforcing) -> None:
    config = {"Enabled": True, "Origins": [ORIGIN], "DefaultCacheBehavior": BEHAVIOR}
    made = {"Type": "AWS::CloudFront::Distribution", "Properties": {"DistributionConfig": config}}
    with stack_in(enforcing.sandbox, "distribution") as stack:
        assert stack.create({"Mine": made}) == "CREATE_COMPLETE", stack.reasons()
        identifier = stack.physical_id("Mine")
        asked = {"Paths": {"Quantity": 1, "Items": ["/*"]}, "CallerReference": "x"}

        def invalidate(of_stack: str) -> Any:
            tagged = {"StringEquals": {"aws:ResourceTag/aws:cloudformation:stack-name": of_stack}}
            role = enforcing.role({**allow("cloudfront:CreateInvalidation"), "Condition": tagged})
            caller = enforcing.as_role(role, "cloudfront")
            return caller.create_invalidation(DistributionId=identifier, InvalidationBatch=asked)

        assert invalidate(stack.name)["Invalidation"]["Id"]
        assert "AccessDenied" in refusal(invalidate, of_stack="another")


BUCKET = {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "of-a-stack"}}}


def test_cloudformation_has_its_callers_rights(enforcing: Enforcing) -> None:
    role = enforcing.role(allow("cloudformation:*"))
    stack = Stack(enforcing.as_role(role, "cloudformation"), "by-caller")
    assert stack.create(BUCKET) == "ROLLBACK_COMPLETE"
    assert "not authorized to perform: s3:CreateBucket" in stack.reasons()
    assert stack.delete() == "DELETE_COMPLETE"


def test_cloudformation_has_its_service_roles_rights_and_keeps_the_role(enforcing: Enforcing) -> None:
    trust = {"Principal": {"Service": "cloudformation.amazonaws.com"}, "Action": "sts:AssumeRole"}
    service = enforcing.role(allow(["s3:CreateBucket", "s3:DeleteBucket"], "arn:aws:s3:::of-a-stack"), trust=trust)
    passing = enforcing.role(allow("cloudformation:*"), allow("iam:PassRole", service))
    stack = Stack(enforcing.as_role(passing, "cloudformation"), "by-role")
    assert stack.create(BUCKET, RoleARN=service) == "CREATE_COMPLETE", stack.reasons()
    assert stack.describe()["RoleARN"] == service
    another = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "another"}}
    unable = Stack(enforcing.as_role(enforcing.role(allow("cloudformation:*")), "cloudformation"), "by-role")
    assert unable.update({**BUCKET, "Another": another}) == "UPDATE_ROLLBACK_COMPLETE"
    assert "AWSCloudFormation is not authorized to perform: s3:CreateBucket" in stack.reasons()
    assert unable.delete() == "DELETE_COMPLETE", stack.reasons()


def test_a_boundary_limits_a_role_and_the_roles_that_it_makes(enforcing: Enforcing) -> None:
    iam = enforcing.root("iam")
    limit = iam.create_policy(PolicyName="limit", PolicyDocument=policy(allow("s3:*")))["Policy"]["Arn"]
    limited = enforcing.role(allow(["s3:ListAllMyBuckets", "ecs:ListClusters"]), PermissionsBoundary=limit)
    assert enforcing.as_role(limited, "s3").list_buckets()
    assert "AccessDenied" in refusal(enforcing.as_role(limited, "ecs").list_clusters)
    condition = {"StringEquals": {"iam:PermissionsBoundary": limit}}
    maker = enforcing.as_role(enforcing.role(allow("iam:CreateRole", Condition=condition)), "iam")
    trust = policy({"Effect": "Allow", "Principal": {"AWS": "111111111111"}, "Action": "sts:AssumeRole"})
    assert "iam:CreateRole" in refusal(maker.create_role, RoleName="free", AssumeRolePolicyDocument=trust)
    assert maker.create_role(RoleName="bound", AssumeRolePolicyDocument=trust, PermissionsBoundary=limit)


def test_whom_a_role_trusts_by_name_needs_no_policy_in_the_same_account(enforcing: Enforcing) -> None:
    named, limited = enforcing.role(), enforcing.role()

    def trusting(principal: str) -> dict[str, Any]:
        return {"Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}

    by_name = {"RoleArn": enforcing.role(trust=trusting(named)), "RoleSessionName": "test"}
    of_account = {"RoleArn": enforcing.role(), "RoleSessionName": "test"}
    elsewhere = {"RoleArn": enforcing.role(trust=trusting(named), account="prod"), "RoleSessionName": "test"}
    assert enforcing.as_role(named, "sts").assume_role(**by_name)["Credentials"]
    for role in (of_account, elsewhere):
        assert "sts:AssumeRole" in refusal(enforcing.as_role(named, "sts").assume_role, **role)
    assert "sts:AssumeRole" in refusal(enforcing.as_role(limited, "sts").assume_role, **by_name)


@pytest.mark.parametrize("kind", ["Role", "User"])
def test_a_boundary_has_to_exist(enforcing: Enforcing, kind: str) -> None:
    missing = "arn:aws:iam::111111111111:policy/missing"
    limit = enforcing.root("iam").create_policy(PolicyName=f"limit-{kind}", PolicyDocument=policy(allow("s3:*")))
    trust = policy({"Effect": "Allow", "Principal": {"AWS": "111111111111"}, "Action": "sts:AssumeRole"})
    properties = {"AssumeRolePolicyDocument": json.loads(trust)} if kind == "Role" else {}

    def resources(boundary: str) -> dict[str, Any]:
        return {"Mine": {"Type": f"AWS::IAM::{kind}", "Properties": {**properties, "PermissionsBoundary": boundary}}}

    with stack_in(enforcing.sandbox, f"boundary-{kind}") as stack:
        assert stack.create(resources(missing)) == "ROLLBACK_COMPLETE"
        assert f"Scope ARN: {missing} does not exist or is not attachable." in stack.reasons()
        stack.delete()
        assert stack.create(resources(limit["Policy"]["Arn"])) == "CREATE_COMPLETE", stack.reasons()
        assert stack.update(resources(missing)) == "UPDATE_ROLLBACK_COMPLETE"
        assert stack.reasons().count("does not exist or is not attachable") == 1


KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
STRANGE = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def token(key: Any = KEY, **claims: Any) -> str:
    now = int(time.time())
    held = {"iss": f"https://{PROVIDER}", "aud": "sts.amazonaws.com", "sub": SUBJECT, "iat": now, "exp": now + 600}
    return jwt.encode({**held, **claims}, key, algorithm="RS256")


def test_a_web_identity_has_to_be_genuine(enforcing: Enforcing) -> None:
    iam, sts = enforcing.root("iam"), enforcing.root("sts")
    arn = iam.create_open_id_connect_provider(Url=f"https://{PROVIDER}", ClientIDList=["sts.amazonaws.com"])
    trusted = {"StringEquals": {f"{PROVIDER}:sub": SUBJECT, f"{PROVIDER}:aud": "sts.amazonaws.com"}}
    trust = {
        "Principal": {"Federated": arn["OpenIDConnectProviderArn"]},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": trusted,
    }
    role = enforcing.role(allow("ecs:ListClusters"), trust=trust)
    public = jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True)

    def assume(text: str) -> Any:
        return sts.assume_role_with_web_identity(RoleArn=role, RoleSessionName="ci", WebIdentityToken=text)

    assert "Couldn't retrieve verification key" in refusal(assume, text=token())
    keys = f"{enforcing.sandbox.state.endpoint_url}/_sandbox/iam/provider-keys"
    assert httpx.post(keys, json={"url": f"https://{PROVIDER}", "keys": [public]}).status_code == 200
    assert enforcing.client("ecs", assume(token())["Credentials"]).list_clusters()
    for wrong, said in (
        (token(STRANGE), "InvalidIdentityToken"),
        (token(exp=int(time.time()) - 60), "ExpiredTokenException"),
        (token(aud="https://github.com/fastbreak-sports"), "Incorrect token audience"),
        (token(iss="https://gitlab.com"), "No OpenIDConnect provider found"),
        (token(sub=f"{SUBJECT}-2"), "AccessDenied"),
        (token(sub="repo:fastbreak-sports/fastbreak:pull_request"), "AccessDenied"),
        ("garbage", "InvalidIdentityToken"),
    ):
        assert said in refusal(assume, text=wrong), wrong


def test_a_token_of_the_sandbox_s_issuer_assumes_a_role(enforcing: Enforcing) -> None:
    known = enforcing.sandbox.state
    provider = known.issuer.removeprefix("https://")
    arn = enforcing.root("iam").create_open_id_connect_provider(Url=known.issuer, ClientIDList=["sts.amazonaws.com"])
    trust = {
        "Principal": {"Federated": arn["OpenIDConnectProviderArn"]},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {f"{provider}:sub": SUBJECT, f"{provider}:aud": "sts.amazonaws.com"}},
    }
    role = enforcing.role(allow("ecs:ListClusters"), trust=trust)
    trusted = ssl.create_default_context(cafile=authority_path(home_of(enforcing.sandbox.name)))

    def issued(name: str, subject: str) -> str:
        client = {
            "client_id": name,
            "client_secret": "s",
            "claims": {"sub": subject},
            "audiences": ["sts.amazonaws.com"],
        }
        assert httpx.post(f"{known.endpoint_url}/_sandbox/oidc/clients", json=client).status_code == 200
        form = {"grant_type": "client_credentials"}
        with httpx.Client(verify=trusted, trust_env=False) as http:
            return str(http.post(f"{known.issuer}/token", data=form, auth=(name, "s")).json()["access_token"])

    def assume(text: str) -> Any:
        sts = enforcing.root("sts")
        return sts.assume_role_with_web_identity(RoleArn=role, RoleSessionName="ci", WebIdentityToken=text)

    mine = issued("workflow", SUBJECT)
    assert enforcing.client("ecs", assume(mine)["Credentials"]).list_clusters()
    assert "AccessDenied" in refusal(assume, text=issued("another", f"{SUBJECT}-2"))
    assert httpx.post(f"{known.endpoint_url}/_sandbox/oidc/rotate-keys", json={"retire": True}).status_code == 200
    assert "InvalidIdentityToken" in refusal(assume, text=mine)
    assert assume(issued("workflow", SUBJECT))["Credentials"]


def test_calls_of_the_api_count_as_made_over_tls(enforcing: Enforcing) -> None:
    bucket, root = "over-tls-only", enforcing.root("s3")
    root.create_bucket(Bucket=bucket)
    insecure = {"Bool": {"aws:SecureTransport": "false"}}
    denied = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": f"arn:aws:s3:::{bucket}"}
    root.put_bucket_policy(Bucket=bucket, Policy=policy({**denied, "Condition": insecure}))
    s3 = enforcing.as_role(enforcing.role(allow("s3:ListBucketVersions")), "s3")
    assert s3.list_object_versions(Bucket=bucket)["Name"] == bucket
    secure = {"Bool": {"aws:SecureTransport": "true"}}
    root.put_bucket_policy(Bucket=bucket, Policy=policy({**denied, "Condition": secure}))
    assert "AccessDenied" in refusal(s3.list_object_versions, Bucket=bucket)


def test_what_was_checked_is_told(enforcing: Enforcing) -> None:
    role = enforcing.role(allow("ecs:ListClusters"))
    enforcing.as_role(role, "ecs").list_clusters()
    name = role.rpartition("/")[2]
    mine = [check for check in enforcing.checks() if f"assumed-role/{name}/" in check["principal"]]
    assert [(check["action"], check["allowed"]) for check in mine] == [("ecs:ListClusters", True)]
    answered = httpx.post(f"{enforcing.sandbox.state.endpoint_url}/_sandbox/iam/provider-keys", content=b"{")
    assert answered.status_code == 400
