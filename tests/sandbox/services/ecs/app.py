# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What the ECS contract tests run: a small HTTP service that behaves as its environment says, and a platform for it."""

import itertools
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any, Self

import docker
import pytest

IMAGE = "fastbreak-sandbox/base:trixie"
PORT = 8080
SOURCE = """
import http.server, os, signal, sys, threading, time

say = lambda *words: print(*words, flush=True)
setting = lambda name, default=0.0: float(os.environ.get(name, default))
say("version", os.environ.get("VERSION"))
born = time.monotonic()

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        status = 200
        if self.path == "/readyz":
            status = int(setting("READY", 200))
        if self.path == "/slow":
            time.sleep(setting("SLOW_SECONDS", 1))
        body = os.environ.get("VERSION", "").encode()
        try:
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        finally:
            busy.release()
    def parse_request(self):
        busy.acquire()
        return super().parse_request()
    def log_message(self, *_): pass

class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128

class Busy:
    def __init__(self): self.count, self.lock = 0, threading.Lock()
    def acquire(self):
        with self.lock: self.count += 1
    def release(self):
        with self.lock: self.count -= 1

busy = Busy()

def leave(*_):
    say("terminated")
    threading.Thread(target=server.shutdown).start()

def die():
    time.sleep(setting("LIFE_SECONDS"))
    say("dying")
    os._exit(3)

signal.signal(signal.SIGTERM, signal.SIG_IGN if setting("IGNORE_TERM") else lambda *_: sys.exit(0))
time.sleep(setting("BOOT_SECONDS"))
server = Server(("0.0.0.0", 8080), Handler)
if not setting("IGNORE_TERM"):
    signal.signal(signal.SIGTERM, leave)
if setting("LIFE_SECONDS"):
    threading.Thread(target=die, daemon=True).start()
say("serving")
server.serve_forever()
while busy.count > 0: time.sleep(0.05)
say("served")
os._exit(0)
"""


def require_image() -> None:
    """Fail, saying what to do, when the base image was not built."""
    client = docker.from_env()
    try:
        client.images.get(IMAGE)
    except docker.errors.ImageNotFound:
        pytest.fail(f"{IMAGE} is missing: run `python -m tools.images`")
    finally:
        client.close()


def until(question: Callable[[], Any], seconds: float = 300.0, what: str = "") -> Any:
    """The first true answer; fails with the last one after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = question()
        if answer:
            return answer
        time.sleep(0.1)
    raise AssertionError(f"{what or question} did not come true in {seconds} s; last answer: {answer!r}")


class Load:
    """Requests from a few clients, ten a second from each, until the `with` block ends.

    Requests without pause would take the processor from what is tested.
    """

    def __init__(self, url: str, clients: int = 4) -> None:
        self.statuses: Counter[int] = Counter()
        self.bodies: Counter[str] = Counter()
        self._url, self._ended = url, threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(clients)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    @property
    def failures(self) -> int:
        return sum(count for status, count in self.statuses.items() if status != 200)

    def _run(self) -> None:
        while not self._ended.wait(0.1):
            try:
                with urllib.request.urlopen(self._url, timeout=60) as answer:  # noqa: S310 - http only
                    self.statuses[answer.status] += 1
                    self.bodies[answer.read().decode()] += 1
            except urllib.error.HTTPError as error:
                self.statuses[error.code] += 1
            except OSError:
                self.statuses[0] += 1


class Platform:
    """A cluster, a load balancer and a target group in one account; makes task definitions and services on them."""

    def __init__(self, sandbox: Any, account: str = "dev", name: str | None = None) -> None:
        require_image()
        self.name = name or f"e{uuid.uuid4().hex[:8]}"
        self.ecs = sandbox.client("ecs", account)
        self.elb = sandbox.client("elbv2", account)
        self.logs = sandbox.client("logs", account)
        self.region = sandbox.state.region
        self.account = account
        self.cluster = self.ecs.create_cluster(clusterName=self.name)["cluster"]["clusterArn"]
        self.logs.create_log_group(logGroupName=self.name)
        self._versions = itertools.count(1)
        self._make_load_balancer(sandbox.client("ec2", account))

    def _make_load_balancer(self, ec2: Any) -> None:
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.subnets = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{i}.0/24", AvailabilityZone=f"{self.region}{zone}")["Subnet"][
                "SubnetId"
            ]
            for i, zone in enumerate("ab")
        ]
        balancer = self.elb.create_load_balancer(Name=self.name, Subnets=self.subnets)["LoadBalancers"][0]
        self.group = self.elb.create_target_group(
            Name=self.name,
            Protocol="HTTP",
            Port=PORT,
            VpcId=vpc,
            TargetType="ip",
            HealthCheckPath="/readyz",
            HealthCheckIntervalSeconds=10,
            HealthCheckTimeoutSeconds=9,
            HealthyThresholdCount=2,
            UnhealthyThresholdCount=4,
        )["TargetGroups"][0]["TargetGroupArn"]
        self.set_deregistration_delay(5)
        self.elb.create_listener(
            LoadBalancerArn=balancer["LoadBalancerArn"],
            Protocol="HTTP",
            Port=8000,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": self.group}],
        )
        self.url = f"http://{balancer['DNSName']}:8000/"

    def set_deregistration_delay(self, seconds: int) -> None:
        attribute = {"Key": "deregistration_delay.timeout_seconds", "Value": str(seconds)}
        self.elb.modify_target_group_attributes(TargetGroupArn=self.group, Attributes=[attribute])

    def container(self, **settings: Any) -> dict[str, Any]:
        """A container definition of the app. Capital settings become its environment, others definition members."""
        environment = {key: str(value) for key, value in settings.items() if key.isupper()}
        return {
            "name": "app",
            "image": IMAGE,
            "entryPoint": ["python3", "-u", "-c"],
            "command": [SOURCE],
            "portMappings": [{"containerPort": PORT}],
            "environment": [{"name": key, "value": value} for key, value in environment.items()],
            "stopTimeout": 20,
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {"awslogs-group": self.name, "awslogs-region": self.region, "awslogs-stream-prefix": "app"},
            },
            **{key: value for key, value in settings.items() if not key.isupper()},
        }

    def define(self, *others: dict[str, Any], volumes: Any = (), **settings: Any) -> str:
        """Register a task definition of the app (and other containers); its ARN."""
        version = settings.pop("VERSION", f"v{next(self._versions)}")
        return self.define_raw([self.container(VERSION=version, **settings), *others], volumes)

    def define_raw(self, containers: list[dict[str, Any]], volumes: Any = (), **members: Any) -> str:
        return str(
            self.ecs.register_task_definition(
                family=self.name,
                requiresCompatibilities=["FARGATE"],
                networkMode="awsvpc",
                cpu="256",
                memory="512",
                executionRoleArn="arn:aws:iam::111111111111:role/execution",
                containerDefinitions=containers,
                volumes=list(volumes),
                **members,
            )["taskDefinition"]["taskDefinitionArn"]
        )

    @property
    def network(self) -> dict[str, Any]:
        return {"awsvpcConfiguration": {"subnets": self.subnets}}

    def create(self, definition: str, desired: int = 2, *, balanced: bool = True, **other: Any) -> dict[str, Any]:
        """Create the service; its record. Unless told otherwise, a slow machine gets time before tasks are judged."""
        other.setdefault("healthCheckGracePeriodSeconds", 300)
        balancing: dict[str, Any] = {
            "loadBalancers": [{"targetGroupArn": self.group, "containerName": "app", "containerPort": PORT}]
        }
        made: dict[str, Any] = self.ecs.create_service(
            cluster=self.cluster,
            serviceName="web",
            taskDefinition=definition,
            desiredCount=desired,
            launchType="FARGATE",
            networkConfiguration=self.network,
            **(balancing if balanced else {}),
            **other,
        )["service"]
        return made

    def update(self, **changes: Any) -> dict[str, Any]:
        updated: dict[str, Any] = self.ecs.update_service(cluster=self.cluster, service="web", **changes)["service"]
        return updated

    def service(self) -> dict[str, Any]:
        described: dict[str, Any] = self.ecs.describe_services(cluster=self.cluster, services=["web"])["services"][0]
        return described

    def primary(self) -> dict[str, Any]:
        return next(item for item in self.service()["deployments"] if item["status"] == "PRIMARY")

    def steady(self, seconds: float = 120.0) -> dict[str, Any]:
        """Wait for one completed deployment with all its tasks; the service."""

        def settled() -> dict[str, Any] | None:
            service = self.service()
            states = [item["rolloutState"] for item in service["deployments"]]
            return service if states == ["COMPLETED"] and service["runningCount"] == service["desiredCount"] else None

        try:
            found: dict[str, Any] = until(settled, seconds, "a steady state")
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.story()}") from error
        return found

    def tasks(self, status: str = "RUNNING") -> list[dict[str, Any]]:
        arns = self.ecs.list_tasks(cluster=self.cluster, serviceName="web", desiredStatus=status)["taskArns"]
        return self.describe(*arns) if arns else []

    def describe(self, *arns: str) -> list[dict[str, Any]]:
        described: list[dict[str, Any]] = self.ecs.describe_tasks(cluster=self.cluster, tasks=list(arns))["tasks"]
        return described

    def run(self, definition: str, **other: Any) -> dict[str, Any]:
        """Run one task to its end; its record."""
        started = self.ecs.run_task(
            cluster=self.cluster,
            taskDefinition=definition,
            launchType="FARGATE",
            networkConfiguration=self.network,
            **other,
        )["tasks"][0]

        def ended() -> dict[str, Any] | None:
            task = self.describe(started["taskArn"])[0]
            return task if task["lastStatus"] == "STOPPED" else None

        found: dict[str, Any] = until(ended, 40, "the end of the task")
        return found

    def history(self) -> list[dict[str, Any]]:
        """The service deployments, newest first, described."""
        listed = self.ecs.list_service_deployments(cluster=self.cluster, service="web")["serviceDeployments"]
        arns = [item["serviceDeploymentArn"] for item in listed]
        described = self.ecs.describe_service_deployments(serviceDeploymentArns=arns)["serviceDeployments"]
        return sorted(described, key=lambda item: arns.index(item["serviceDeploymentArn"]))

    def story(self) -> list[str]:
        """The service's events, oldest first."""
        return [event["message"] for event in reversed(self.service()["events"])]

    def output(self, task_arn: str, container: str = "app") -> list[str]:
        """What a container wrote to its log stream."""
        stream = f"app/{container}/{task_arn.rsplit('/', 1)[-1]}"
        events = self.logs.get_log_events(logGroupName=self.name, logStreamName=stream, startFromHead=True)["events"]
        return [event["message"] for event in events]

    def containers(self) -> list[Any]:
        """The engine's containers of this cluster."""
        client = docker.from_env()
        try:
            label = f"com.amazonaws.ecs.cluster={self.cluster}"
            return list(client.containers.list(all=True, sparse=True, filters={"label": label}))
        finally:
            client.close()

    def remove(self) -> None:
        """Delete the service and wait for the last container to go."""
        if self.service()["status"] == "ACTIVE":
            self.ecs.delete_service(cluster=self.cluster, service="web", force=True)
        until(lambda: not self.containers(), 60, "no container left")


def put_still_alarm(cloudwatch: Any, name: str) -> None:
    """Put an alarm on a metric that nobody puts: SetAlarmState alone moves it."""
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        MetricName="m",
        Namespace="n",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        Statistic="Sum",
    )
