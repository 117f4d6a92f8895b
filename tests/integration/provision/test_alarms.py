# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each alarm of the role cloudwatch fires by its cause and clears with it, and the topic of its severity is told.

The stack of the role stands on a real load balancer, service and database of a sandbox in which a minute takes two
seconds. All causes work at once, so that what takes longest decides how long the test takes. Two causes do not exist
there, so their metrics are put: no NAT gateway carries traffic, and no web ACL filters at a load balancer. What the
service says of its queue is put into a log group with the metric filters of the role service.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import psycopg
import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.adapters.template_file import read_template

from tests.integration import sandboxes
from tests.sandbox.conftest import RunningSandbox
from tests.sandbox.services.ecs.app import Load, Platform, until
from tests.sandbox.target import Target
from tools.files import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

TEMPLATE = ROOT / "roles" / "cloudwatch" / "files" / "stack.yaml"
SERVICE = read_template(str(ROOT / "roles" / "service" / "files" / "stack.yaml"))[1]["Resources"]
CRITICAL = {"error-share", "latency", "unhealthy-hosts"}
WARNING = {
    "database-cpu",
    "database-storage",
    "database-connections",
    "missing-tasks",
    "service-cpu",
    "queue-age",
    "dead-letters",
    "failed-analyses",
    "queue-errors",
    "nat-a",
    "nat-b",
    "waf-blocked",
    "cloudfront-blocked",
}
COMPOSITE = "release"
THRESHOLDS = {
    "ServiceName": "web",
    "DatabaseIdentifier": "watched",
    "NatGatewayIds": "nat-1,nat-2,nat-1",
    "CriticalEmail": "",
    "WarningEmail": "",
    "MinimumRequests": "3",
    "ErrorSharePercent": "50",
    "LatencySeconds": "0.4",
    # Above what it takes to ask the database for its figures every second or two, and within what a process gets of two
    # processors that twenty others want as well.
    "DatabaseCpuPercent": "4",
    "DatabaseFreeStorageGib": "1",
    "DatabaseConnections": "8",
    "ServiceCpuPercent": "10",
    "QueueAgeSeconds": "60",
    "QueueWatchedFromHour": "0",
    "QueueWatchedUntilHour": "24",
    "FailedAnalyses": "2",
    "WebAclName": "",
    "WafBlockedRequests": "20",
    "Trail": "false",
    "TrailDays": "1",
}
"""What a test reaches."""
NOT_KEPT = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
"""AWS's own cache policy that keeps nothing."""
GIB = 1024**3
BUSY = "import time\nwhile True: sum(range(1_000_000)); time.sleep(0.1)"
"""More than the alarm allows of what the task reserves, and no more of the machine than that takes."""
QUEUE = "/fastbreak/test/inference"
SECONDS = 400
"""How long a busy machine may take until all alarms have changed."""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with sandboxes.running("alarms", SANDBOX_TIME_SCALE="30") as known:
        yield RunningSandbox("alarms", known)


@dataclass
class Topics:
    """A queue for each topic, and what came in: alarm and state, in order."""

    sandbox: RunningSandbox
    queues: dict[str, str] = field(default_factory=dict)
    heard: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    def subscribe(self, severity: str, topic: str) -> None:
        sqs = self.sandbox.client("sqs")
        queue = sqs.create_queue(QueueName=severity)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        raw = {"RawMessageDelivery": "true"}
        self.sandbox.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=raw)
        self.queues[severity], self.heard[severity] = queue, []

    def listen(self) -> None:
        sqs = self.sandbox.client("sqs")
        for severity, queue in self.queues.items():
            while messages := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
                for message in messages:
                    told = json.loads(message["Body"])
                    name = told["AlarmName"].removeprefix("fastbreak-test-")
                    self.heard[severity].append((name, told["NewStateValue"]))
                    sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])

    def told(self, state: str) -> dict[str, set[str]]:
        """The alarms that went into `state`, by severity."""
        self.listen()
        return {severity: {name for name, to in heard if to == state} for severity, heard in self.heard.items()}


@dataclass
class World:
    """What the alarms watch."""

    sandbox: RunningSandbox
    platform: Platform
    database: dict[str, Any]
    password: str
    targets: list[Target]
    groups: list[str]
    queue: Queue

    def connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(
            host=self.database["Endpoint"]["Address"],
            port=self.database["Endpoint"]["Port"],
            user="fastbreak",
            password=self.password,
            dbname="inference",
            autocommit=True,
        )


@pytest.fixture(scope="module")
def world(sandbox: RunningSandbox) -> Iterator[World]:
    rds, elb = sandbox.client("rds"), sandbox.client("elbv2")
    password = uuid.uuid4().hex
    rds.create_db_instance(
        DBInstanceIdentifier="watched",
        Engine="postgres",
        EngineVersion="17.5",
        DBInstanceClass="db.t4g.micro",
        AllocatedStorage=20,
        MasterUsername="fastbreak",
        MasterUserPassword=password,
        DBName="inference",
    )
    platform = Platform(sandbox)
    with Target() as answering, Target() as failing, Queue(sandbox) as queue:
        groups = [platform.group, _another_group(platform)]
        for group, target in zip(groups, (answering, failing), strict=True):
            elb.register_targets(TargetGroupArn=group, Targets=[{"Id": "127.0.0.1", "Port": target.port}])
        waiter = rds.get_waiter("db_instance_available")
        waiter.wait(DBInstanceIdentifier="watched", WaiterConfig={"Delay": 1, "MaxAttempts": 120})
        database = rds.describe_db_instances(DBInstanceIdentifier="watched")["DBInstances"][0]
        yield World(sandbox, platform, database, password, [answering, failing], groups, queue)
        platform.remove()
        rds.delete_db_instance(DBInstanceIdentifier="watched", SkipFinalSnapshot=True)


def _another_group(platform: Platform) -> str:
    """A second target group, which the listener forwards to by a path."""
    elb = platform.elb
    listeners = elb.describe_listeners(LoadBalancerArn=balancer_arn(platform))["Listeners"]
    vpc = elb.describe_target_groups(TargetGroupArns=[platform.group])["TargetGroups"][0]["VpcId"]
    group = elb.create_target_group(
        Name=f"{platform.name}-b",
        Protocol="HTTP",
        Port=8080,
        VpcId=vpc,
        TargetType="ip",
        HealthCheckPath="/readyz",
        HealthCheckIntervalSeconds=10,
        HealthCheckTimeoutSeconds=9,
    )["TargetGroups"][0]["TargetGroupArn"]
    elb.create_rule(
        ListenerArn=listeners[0]["ListenerArn"],
        Priority=1,
        Conditions=[{"Field": "path-pattern", "Values": ["/other"]}],
        Actions=[{"Type": "forward", "TargetGroupArn": group}],
    )
    return str(group)


def balancer_arn(platform: Platform) -> str:
    return str(platform.elb.describe_load_balancers(Names=[platform.name])["LoadBalancers"][0]["LoadBalancerArn"])


def make_alarms(sandbox: RunningSandbox, environment: str, **given: str) -> dict[str, str]:
    """Make the role's stack for an environment; its outputs."""
    cloudformation, name = sandbox.client("cloudformation"), f"fastbreak-{environment}-cloudwatch"
    parameters = {**THRESHOLDS, "Environment": environment, **given}
    cloudformation.create_stack(
        StackName=name,
        TemplateBody=TEMPLATE.read_text(),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
    )
    waiter = cloudformation.get_waiter("stack_create_complete")
    waiter.wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    [stack] = cloudformation.describe_stacks(StackName=name)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


@pytest.fixture(scope="module")
def topics(world: World) -> Topics:
    """The role's stack, with thresholds that a test reaches, and who hears of its alarms."""
    outputs = make_alarms(
        world.sandbox,
        "test",
        LoadBalancerFullName=balancer_arn(world.platform).partition("loadbalancer/")[2],
        BlueTargetGroupArn=world.groups[0],
        GreenTargetGroupArn=world.groups[1],
        ClusterName=world.platform.name,
        DatabaseFreeStorageGib=str(_free_gib(world) - 0.1),
        WebAclName="watched",
        Trail="true",
    )
    made = Topics(world.sandbox)
    made.subscribe("critical", outputs["CriticalTopicArn"])
    made.subscribe("warning", outputs["WarningTopicArn"])
    return made


def _free_gib(world: World) -> float:
    """What the database has left, as its metric says it."""
    with world.connect() as connection:
        row = connection.execute(
            "SELECT sum(pg_database_size(oid)) + (SELECT sum(size) FROM pg_ls_waldir()) FROM pg_database"
        ).fetchone()
    assert row is not None
    return 20 - int(row[0]) / GIB


@contextlib.contextmanager
def slow_failing_answers(world: World) -> Iterator[None]:
    """Users get errors, and get them late."""
    world.targets[0].status = 500
    try:
        with Load(f"{world.platform.url}slow?0.5", clients=8):
            yield
    finally:
        world.targets[0].status = 200


@contextlib.contextmanager
def failing_health_checks(world: World) -> Iterator[None]:
    """A target begins to fail its checks, when the topics are listened to."""
    world.targets[1].health_status = 500
    yield
    world.targets[1].health_status = 200


@contextlib.contextmanager
def busy_database(world: World) -> Iterator[None]:
    """A query that computes, more connections than are good, and a table that fills the volume."""
    with contextlib.ExitStack() as held:
        connections = [held.enter_context(world.connect()) for _ in range(10)]
        connections[0].execute(
            "CREATE UNLOGGED TABLE ballast AS SELECT repeat('x', 500) FROM generate_series(1, 400000)"
        )
        computing = threading.Thread(target=_compute, args=(connections[1],))
        computing.start()
        try:
            yield
        finally:
            connections[1].cancel()
            computing.join()
        connections[0].execute("DROP TABLE ballast")


def _compute(connection: psycopg.Connection[Any]) -> None:
    """Keep a part of a CPU of the database busy until the query is cancelled."""
    with contextlib.suppress(psycopg.errors.QueryCanceled):
        connection.execute(
            "DO 'BEGIN LOOP PERFORM sum(n) FROM generate_series(1, 300000) n; PERFORM pg_sleep(0.03); END LOOP; END'"
        )


@contextlib.contextmanager
def service_that_cannot_grow(world: World) -> Iterator[None]:
    """A service that computes without end is scaled out by its policy, but no second task can start."""
    platform, scaling = world.platform, world.sandbox.client("application-autoscaling")
    target = {
        "ServiceNamespace": "ecs",
        "ResourceId": f"service/{platform.name}/web",
        "ScalableDimension": "ecs:service:DesiredCount",
    }
    platform.create(platform.define(command=[BUSY]), 1, balanced=False)
    until(lambda: platform.service()["runningCount"] == 1)
    # Without its log group no task starts.
    platform.logs.delete_log_group(logGroupName=platform.name)
    scaling.register_scalable_target(**target, MinCapacity=1, MaxCapacity=2)
    scaling.put_scaling_policy(
        **target,
        PolicyName="cpu",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 20.0,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
        },
    )
    until(lambda: platform.service()["desiredCount"] == 2, what="scaling out")
    yield
    scaling.deregister_scalable_target(**target)
    platform.update(desiredCount=0)
    platform.logs.create_log_group(logGroupName=platform.name)


@contextlib.contextmanager
def blocked_at_the_edge(world: World) -> Iterator[None]:
    """Somebody asks a distribution for what its web ACL blocks."""
    told = {"CloudWatchMetricsEnabled": True, "MetricName": "fastbreak-test-cloudfront", "SampledRequestsEnabled": True}
    acl = world.sandbox.client("wafv2").create_web_acl(
        Name="edge", Scope="CLOUDFRONT", DefaultAction={"Block": {}}, VisibilityConfig=told, Rules=[]
    )["Summary"]["ARN"]
    origin = {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "http-only"}
    behavior = {"TargetOriginId": "origin", "ViewerProtocolPolicy": "allow-all", "CachePolicyId": NOT_KEPT}
    site = world.sandbox.client("cloudfront").create_distribution(
        DistributionConfig={
            "CallerReference": "edge",
            "Comment": "",
            "Enabled": True,
            "WebACLId": acl,
            "Origins": {
                "Quantity": 1,
                "Items": [{"Id": "origin", "DomainName": "origin.example.com", "CustomOriginConfig": origin}],
            },
            "DefaultCacheBehavior": behavior,
        }
    )["Distribution"]
    with Load(f"http://{site['DomainName']}/"):
        yield


@contextlib.contextmanager
def figures_of_what_is_not_there(world: World) -> Iterator[None]:
    """NAT gateways without ports and a web ACL that blocks, as CloudWatch would have them, again and again."""
    cloudwatch, ended = world.sandbox.client("cloudwatch"), threading.Event()
    acl = {"WebACL": "watched", "Region": world.sandbox.state.region, "Rule": "ALL"}
    data = [("AWS/NATGateway", "ErrorPortAllocation", {"NatGatewayId": gateway}, 1.0) for gateway in ("nat-1", "nat-2")]
    data.append(("AWS/WAFV2", "BlockedRequests", acl, 101.0))

    def put() -> None:
        while not ended.wait(1.0):
            for namespace, name, dimensions, value in data:
                listed = [{"Name": key, "Value": text} for key, text in dimensions.items()]
                datum = {"MetricName": name, "Dimensions": listed, "Value": value}
                cloudwatch.put_metric_data(Namespace=namespace, MetricData=[datum])

    putting = threading.Thread(target=put)
    putting.start()
    try:
        yield
    finally:
        ended.set()
        putting.join()


class Queue:
    """What the service says of its queue, again and again, and of what fails while it is `stuck`."""

    def __init__(self, sandbox: RunningSandbox) -> None:
        self.stuck = False
        self._logs, self._ended = sandbox.client("logs"), threading.Event()
        self._telling = threading.Thread(target=self._tell)

    def __enter__(self) -> Self:
        self._logs.create_log_group(logGroupName=QUEUE)
        self._logs.create_log_stream(logGroupName=QUEUE, logStreamName="inference")
        for name in ("FailedAnalyses", "QueueErrors"):
            self._measure(name, **SERVICE[name]["Properties"])
        self._telling.start()
        return self

    def _measure(self, name: str, **properties: Any) -> None:
        [change] = properties["MetricTransformations"]
        self._logs.put_metric_filter(
            logGroupName=QUEUE,
            filterName=name,
            filterPattern=properties["FilterPattern"],
            metricTransformations=[
                {
                    "metricNamespace": change["MetricNamespace"]["Fn::Sub"].replace("${Environment}", "test"),
                    "metricName": change["MetricName"],
                    "metricValue": change["MetricValue"],
                }
            ],
        )

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._telling.join()

    def _tell(self) -> None:
        while not self._ended.wait(1.0):
            failed = [{"event": "analysis failed", "code": "worker_died"}, {"event": "no message received"}]
            lines = [self._backlog(), *(failed if self.stuck else [])]
            now = round(time.time() * 1000)
            events = [{"timestamp": now, "message": json.dumps(line)} for line in lines]
            self._logs.put_log_events(logGroupName=QUEUE, logStreamName="inference", logEvents=events)

    def _backlog(self) -> dict[str, Any]:
        """A line in the form that `service/tests/test_backlog.py` holds the service to."""
        figures = {"QueueWaiting": 4, "QueueAgeSeconds": 90.0, "QueueDeadLetters": 1}
        told = {name: value if self.stuck else 0 for name, value in figures.items()}
        directive = {"Namespace": "Fastbreak/test", "Dimensions": [[]], "Metrics": [{"Name": name} for name in told]}
        return {"event": "backlog", "_aws": {"Timestamp": 0, "CloudWatchMetrics": [directive]}, **told}


@contextlib.contextmanager
def stuck_queue(world: World) -> Iterator[None]:
    """Videos wait, their analyses fail, and workers are refused by the queue of messages."""
    world.queue.stuck = True
    yield
    world.queue.stuck = False


CAUSES = (
    stuck_queue,
    slow_failing_answers,
    failing_health_checks,
    busy_database,
    service_that_cannot_grow,
    blocked_at_the_edge,
    figures_of_what_is_not_there,
)


def composite_state(world: World) -> str:
    cloudwatch = world.sandbox.client("cloudwatch")
    name = f"fastbreak-test-{COMPOSITE}"
    [found] = cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    return str(found["StateValue"])


def test_each_alarm_fires_by_its_cause_and_clears_with_it(world: World, topics: Topics) -> None:
    expected = {"critical": CRITICAL, "warning": WARNING}

    def missing(state: str) -> dict[str, set[str]]:
        told = topics.told(state)
        return {severity: names - told[severity] for severity, names in expected.items() if names - told[severity]}

    try:
        with contextlib.ExitStack() as causes:
            for cause in CAUSES:
                causes.enter_context(cause(world))
            until(lambda: not missing("ALARM"), SECONDS)
            assert composite_state(world) == "ALARM"
    except AssertionError as error:
        raise AssertionError(f"these never fired: {missing('ALARM')}") from error
    topics.heard = {severity: [] for severity in expected}
    try:
        until(lambda: not missing("OK") and composite_state(world) == "OK", SECONDS)
    except AssertionError as error:
        raise AssertionError(f"these never cleared: {missing('OK')}") from error
