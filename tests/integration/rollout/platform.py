# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""An account with everything a rollout needs, and runs of `ecs_rollout` against it, as an environment's deployer."""

from __future__ import annotations

import json
import threading
import uuid
from collections import Counter
from functools import cache
from typing import Any, Self

import boto3
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.fastbreak.aws.plugins.module_utils._common.clock import SystemClock
from ansible_collections.fastbreak.aws.plugins.module_utils._common.entry import Context
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters.probe import HttpProbe
from ansible_collections.fastbreak.aws.plugins.modules.ecs_rollout import ENTRY

from demo import roles
from tests import accounts
from tests.integration.rollout.images import Images

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)

TASKS_MAY = [
    "ecr:BatchGetImage",
    "ecr:GetAuthorizationToken",
    "ecr:GetDownloadUrlForLayer",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "secretsmanager:GetSecretValue",
]
"""What tasks and those who start them do."""


class Lines:
    """Keeps the lines of a rollout."""

    live = False

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        self.lines.append(text)

    def draw(self, board: object) -> None:
        """Nobody watches."""


class Platform:
    """An environment: cluster, load balancer, repository, roles, a secret, a log group and a release table.

    Tests look at it and change it as an administrator. What is rolled out is rolled out as its deployer.
    """

    def __init__(self, state: Any, account: str = "111111111111") -> None:
        self.environment = f"r{uuid.uuid4().hex[:8]}"
        self.name = f"fastbreak-{self.environment}"
        self.family = f"{self.name}-web"
        self.repository = f"{self.name}/app"
        self.account = account
        self.state = state
        self.ecs = self.connect("ecs")
        self.elb = self.connect("elbv2")
        self._make_network()
        self._make_surroundings()
        accounts.give_roles(
            self.connect("cloudformation"),
            self.environment,
            "web",
            self.repository,
            PromotionSourceRepositoryArn=f"arn:aws:ecr:{state.region}:{account}:repository/{self.name}/published",
        )
        # The platform's service reads its secret itself. A definition that names secrets has them looked at beforehand.
        looking = ("DescribeSecret", "GetResourcePolicy", "GetSecretValue")
        self.let(f"{self.name}-deployer", [f"secretsmanager:{action}" for action in looking], self.secret)
        self.deployer = self.variables("deployer")

    def variables(self, role: str) -> dict[str, str]:
        """Variables of a process that works as a role of the environment."""
        session = roles.session(self.connect("sts"), self.environment, role, "ecs_rollout")
        return {**session, "AWS_ENDPOINT_URL": self.state.endpoint_url, "AWS_REGION": self.state.region}

    def connect(self, service: str, **other: Any) -> Any:
        """A boto3 client of the administrator's."""
        own = {"aws_access_key_id": self.account, "aws_secret_access_key": "sandbox"}
        return self._client(service, **own, **other)

    def connect_as_deployer(self, service: str, **other: Any) -> Any:
        """A boto3 client of the deployer's."""
        own = {name.lower(): text for name, text in self.deployer.items() if name in roles.CREDENTIALS}
        return self._client(service, **own, **other)

    def _client(self, service: str, **other: Any) -> Any:
        return _client(service, self.state.endpoint_url, self.state.region, json.dumps(other, sort_keys=True))

    def _make_network(self) -> None:
        ec2 = self.connect("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.subnets = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{index}.0/24", AvailabilityZone=f"{self.state.region}{zone}")[
                "Subnet"
            ]["SubnetId"]
            for index, zone in enumerate("ab")
        ]
        self.security_group = ec2.create_security_group(GroupName=self.name, Description="tasks", VpcId=vpc)["GroupId"]
        balancer = self.elb.create_load_balancer(Name=self.name, Subnets=self.subnets)["LoadBalancers"][0]
        self._vpc = vpc
        self.group = self.make_group(self.name)
        refuse = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503"}}
        self.listener = self.elb.create_listener(
            LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="HTTP", Port=8000, DefaultActions=[refuse]
        )["Listeners"][0]["ListenerArn"]
        self.url = f"http://{balancer['DNSName']}:8000"

    def make_group(self, name: str) -> str:
        """Make a target group that is quick to call a target healthy; its ARN."""
        group: str = self.elb.create_target_group(
            Name=name,
            Protocol="HTTP",
            Port=8080,
            VpcId=self._vpc,
            TargetType="ip",
            HealthCheckPath="/readyz",
            HealthCheckIntervalSeconds=5,
            HealthCheckTimeoutSeconds=2,
            HealthyThresholdCount=2,
            UnhealthyThresholdCount=2,
        )["TargetGroups"][0]["TargetGroupArn"]
        self.elb.modify_target_group_attributes(
            TargetGroupArn=group,
            Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "2"}],
        )
        return group

    def _make_surroundings(self) -> None:
        self.cluster = self.name
        self.ecs.create_cluster(clusterName=self.cluster, capacityProviders=["FARGATE", "FARGATE_SPOT"])
        iam = self.connect("iam")
        role = f"{self.name}-service-TaskRole-1"
        self.role = iam.create_role(RoleName=role, AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
        self.secret = self.connect("secretsmanager").create_secret(
            Name=self.name, SecretString=json.dumps({"password": "hidden"})
        )["ARN"]
        self.let(role, TASKS_MAY, "*")
        self.log_group = f"/fastbreak/{self.environment}/web"
        self.connect("logs").create_log_group(logGroupName=self.log_group)
        self.connect("ecr").create_repository(repositoryName=self.repository, imageTagMutability="IMMUTABLE")
        self._images = Images(self.connect("ecr"), self.repository)
        self.table = f"{self.name}-releases"
        self.connect("dynamodb").create_table(
            TableName=self.table,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[
                {"AttributeName": "service", "KeyType": "HASH"},
                {"AttributeName": "release_id", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": "service", "AttributeType": "S"},
                {"AttributeName": "release_id", "AttributeType": "S"},
            ],
        )

    def let(self, role: str, actions: list[str], resource: str) -> None:
        """Let a role do *actions* on the resource, and nothing else by this policy."""
        statement = {"Effect": "Allow", "Action": actions, "Resource": resource}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.connect("iam").put_role_policy(RoleName=role, PolicyName="own", PolicyDocument=document)

    def push(self, version: str, **settings: object) -> str:
        """Put a release of *version* that behaves as *settings* say into the repository; its tag."""
        return self._images.push(version, **settings)

    def task_definition(self, **environment: str) -> dict[str, Any]:
        """A task definition whose container runs the release."""
        return {
            "family": self.family,
            "networkMode": "awsvpc",
            "requiresCompatibilities": ["FARGATE"],
            "cpu": 256,
            "memory": "0.5 GB",
            "taskRoleArn": self.role,
            "executionRoleArn": self.role,
            "containerDefinitions": [
                {
                    "name": "service",
                    "portMappings": [{"containerPort": 8080}],
                    "environment": [{"name": name, "value": value} for name, value in environment.items()],
                    "secrets": [{"name": "PASSWORD", "valueFrom": f"{self.secret}:password::"}],
                    "stopTimeout": 2,
                    "logConfiguration": {
                        "logDriver": "awslogs",
                        "options": {
                            "awslogs-group": self.log_group,
                            "awslogs-region": self.state.region,
                            "awslogs-stream-prefix": "service",
                        },
                    },
                }
            ],
        }

    def options(self, version: str | None, **other: Any) -> dict[str, Any]:
        """Options of a rollout, quick enough for a test."""
        return {
            "cluster": self.cluster,
            "service": "web",
            "release_table": self.table,
            "repository": self.repository,
            "version": version,
            "task_definition": self.task_definition(),
            "desired_count": 2,
            "network": {"subnets": self.subnets, "security_groups": [self.security_group]},
            "load_balancer": {"target_group_arn": self.group, "container_name": "service", "container_port": 8080},
            "listener_rules": [{"listener_arn": self.listener, "priority": 100}],
            "health_check_grace_period_seconds": 200,
            "tags": {"Project": "test"},
            "scaling": {"minimum": 2, "maximum": 4},
            "url": self.url,
            "gates": [
                {"kind": "target_health", "bake_seconds": 3, "deadline_seconds": 30, "consecutive_successes": 2},
                {"kind": "http", "path": "/readyz", **QUICK},
                {"kind": "http", "path": "/v1/analyses?limit=1", **QUICK},
            ],
            "timeout_seconds": 120,
            "poll_interval_seconds": 0.5,
            **other,
        }

    def roll_out(self, version: str | None, *, check_mode: bool = False, **other: Any) -> dict[str, Any]:
        """Run `ecs_rollout` in this process."""
        lines = Lines()
        given = {name: value for name, value in self.options(version, **other).items() if value is not None}
        checked = ArgumentSpecValidator(ENTRY.argument_spec, **ENTRY.cross_checks).validate(given)
        assert not checked.error_messages, checked.error_messages
        context = Context(self.connect_as_deployer, SystemClock(), lines, check_mode)
        return {**ENTRY.perform(checked.validated_parameters, context), "lines": lines.lines}

    def records(self) -> list[dict[str, Any]]:
        """The release records, the oldest first."""
        records = (item for item in self._items() if item["release_id"].startswith("R#"))
        return sorted(records, key=lambda item: item["release_id"])

    def is_locked(self) -> bool:
        """Whether a rollout holds the service's lock."""
        return any(item["release_id"] == "LOCK" for item in self._items())

    def _items(self) -> list[dict[str, Any]]:
        items = self.connect("dynamodb").scan(TableName=self.table)["Items"]
        return [{key: next(iter(value.values())) for key, value in item.items()} for item in items]

    def service(self) -> dict[str, Any]:
        """The service as the API describes it; empty when there is none."""
        services = self.ecs.describe_services(cluster=self.cluster, services=["web"])["services"]
        return next((service for service in services if service["status"] != "INACTIVE"), {})

    def answers(self, count: int = 8) -> Counter[tuple[int, str]]:
        """Statuses and versions that the load balancer answers with."""
        probe = HttpProbe(clock=SystemClock())
        answers = (
            probe.request("GET", f"{self.url}/v1/analyses", timeout_seconds=60, version_header="x-fastbreak-version")
            for _ in range(count)
        )
        return Counter((answer.status, answer.version) for answer in answers)

    def remove(self) -> None:
        """Remove the service, its containers and the images that were built."""
        self.roll_out(None, state="absent")
        self._images.close()


QUICK = {
    "bake_seconds": 3,
    "deadline_seconds": 30,
    "minimum_samples": 10,
    "interval_seconds": 0.1,
    "request_timeout_seconds": 10,
}


@cache
def _client(service: str, endpoint: str, region: str, other: str) -> Any:
    """A boto3 client, which may be used by several threads: to make one takes longer than most calls."""
    options = json.loads(other)
    if "config" in options:
        options["config"] = boto3.session.Config(**options["config"])
    return boto3.client(service, region_name=region, endpoint_url=endpoint, **options)


class InBackground:
    """A rollout in a thread; `result` is what it returned or raised."""

    def __init__(self, platform: Platform, version: str, **other: Any) -> None:
        self.result: Any = None
        self._thread = threading.Thread(target=self._run, args=(platform, version), kwargs=other)

    def _run(self, platform: Platform, version: str, **other: Any) -> None:
        try:
            self.result = platform.roll_out(version, **other)
        except Exception as error:  # noqa: BLE001 - a test looks at it
            self.result = error

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join()
