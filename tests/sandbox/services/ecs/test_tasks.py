# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What a task definition asks for is what the container gets; how tasks end is on record."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import docker
import pytest

from tests.sandbox.services.ecs.app import IMAGE, Platform, until


@pytest.fixture(scope="module")
def shared(sandbox: Any) -> Iterator[Platform]:
    """For tasks that belong to no service."""
    made = Platform(sandbox)
    yield made
    until(lambda: not made.containers())


@pytest.fixture
def platform(sandbox: Any) -> Iterator[Platform]:
    made = Platform(sandbox)
    yield made
    made.remove()


def script(source: str, **settings: Any) -> dict[str, Any]:
    return {"command": [source], **settings}


def test_what_a_service_uses_is_in_cloudwatch(platform: Platform, sandbox: Any) -> None:
    def newest(namespace: str, metric: str) -> float | None:
        dimensions = {"ClusterName": platform.name, "ServiceName": "web"}
        points = sandbox.client("cloudwatch").get_metric_statistics(
            Namespace=namespace,
            MetricName=metric,
            Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
            StartTime=datetime.now(UTC) - timedelta(minutes=5),
            EndTime=datetime.now(UTC) + timedelta(minutes=5),
            Period=86400,
            Statistics=["Maximum"],
        )["Datapoints"]
        return float(points[-1]["Maximum"]) if points else None

    platform.create(platform.define(**script("while True: pass")), 1)
    # A quarter of a CPU is reserved, and a loop takes what it gets.
    until(lambda: (newest("AWS/ECS", "CPUUtilization") or 0) > 20)
    until(lambda: newest("ECS/ContainerInsights", "RunningTaskCount") == 1)
    assert newest("ECS/ContainerInsights", "DesiredTaskCount") == 1
    assert 0 < (newest("AWS/ECS", "MemoryUtilization") or 0) < 100


def test_one_off_tasks_end_with_their_exit_code_and_output(shared: Platform) -> None:
    definition = shared.define(**script("import sys; print('hello'); print('end', end=''); sys.exit(5)"))
    task = shared.run(definition)
    assert task["stopCode"] == "EssentialContainerExited"
    assert task["stoppedReason"] == "Essential container in task exited"
    assert task["containers"][0]["exitCode"] == 5
    assert shared.output(task["taskArn"]) == ["hello", "end"]
    assert task["group"] == f"family:{shared.name}"
    assert task["createdAt"] <= task["startedAt"] <= task["stoppingAt"] <= task["stoppedAt"]


def test_overrides_reach_the_container(shared: Platform) -> None:
    definition = shared.define(A="1", B="2", **script("pass"))
    override = {
        "name": "app",
        "command": ["import os; print(os.environ['A'], os.environ['B'])"],
        "environment": [{"name": "B", "value": "3"}],
    }
    task = shared.run(definition, overrides={"containerOverrides": [override]})
    assert shared.output(task["taskArn"]) == ["1 3"]


def test_containers_get_what_they_ask_for(shared: Platform) -> None:
    source = """
import os, resource
try:
    open('/etc/x', 'w')
except OSError as error:
    print(error.strerror)
open('/data/file', 'w').write('written')
print(os.getuid(), resource.getrlimit(resource.RLIMIT_NOFILE), os.getcwd())
print(open('/proc/1/comm').read().strip())
print(os.environ['AWS_REGION'], os.environ['AWS_EXECUTION_ENV'])
"""
    definition = shared.define(
        **script(source),
        volumes=[{"name": "data"}],
        user="65534",
        readonlyRootFilesystem=True,
        workingDirectory="/usr",
        mountPoints=[{"sourceVolume": "data", "containerPath": "/data"}],
        ulimits=[{"name": "nofile", "softLimit": 1234, "hardLimit": 2345}],
        linuxParameters={"initProcessEnabled": True},
    )
    task = shared.run(definition)
    assert task["containers"][0]["exitCode"] == 1, "an empty volume belongs to root where the image has no such folder"
    assert shared.output(task["taskArn"])[0] == "Read-only file system"
    owned = shared.define(
        **script(source.replace("/data/file", "/tmp/file")),  # noqa: S108 - in the container
        volumes=[{"name": "data"}],
        user="65534",
        readonlyRootFilesystem=True,
        workingDirectory="/usr",
        mountPoints=[{"sourceVolume": "data", "containerPath": "/tmp"}],  # noqa: S108
        ulimits=[{"name": "nofile", "softLimit": 1234, "hardLimit": 2345}],
        linuxParameters={"initProcessEnabled": True},
    )
    task = shared.run(owned)
    output = shared.output(task["taskArn"])
    assert output[1] == "65534 (1234, 2345) /usr"
    assert output[2] != "python3", "an init process is the first one"
    assert output[3] == f"{shared.region} AWS_ECS_FARGATE"
    identity = task["taskArn"].rsplit("/", 1)[-1]
    client = docker.from_env()
    assert [volume.name for volume in client.volumes.list() if identity in volume.name] == []
    client.close()


def test_secrets_by_json_key(shared: Platform, sandbox: Any) -> None:
    manager = sandbox.client("secretsmanager")
    value = json.dumps({"username": "u", "password": "p:1"})
    arn = manager.create_secret(Name=shared.name, SecretString=value)["ARN"]
    secrets = [{"name": "PASSWORD", "valueFrom": f"{arn}:password::"}]
    task = shared.run(shared.define(**script("import os; print(os.environ['PASSWORD'])"), secrets=secrets))
    assert shared.output(task["taskArn"]) == ["p:1"]
    secrets[0]["valueFrom"] = f"{arn}:nothing::"
    task = shared.run(shared.define(**script("pass"), secrets=secrets))
    assert task["stopCode"] == "TaskFailedToStart"
    assert task["stoppedReason"].startswith("ResourceInitializationError: unable to pull secrets or registry auth")
    assert "startedAt" not in task


ROLES = [f"arn:aws:iam::111111111111:role/app/{name}" for name in ("serves", "migrates")]


@pytest.mark.parametrize(("overridden", "role"), [({}, "serves"), ({"taskRoleArn": ROLES[1]}, "migrates")])
def test_a_task_acts_as_its_role(shared: Platform, sandbox: Any, overridden: dict[str, str], role: str) -> None:
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    source = f"import os; print(*(os.environ[name] for name in {names}), os.environ['AWS_ENDPOINT_URL'])"
    definition = shared.define_raw([shared.container(**script(source))], taskRoleArn=ROLES[0])
    task = shared.run(definition, overrides=overridden)
    key, secret, token, endpoint = shared.output(task["taskArn"])[0].split()
    caller = boto3.client(
        "sts",
        region_name=shared.region,
        endpoint_url=endpoint,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        aws_session_token=token,
    ).get_caller_identity()
    identity = task["taskArn"].rsplit("/", 1)[-1]
    assert caller["Arn"] == f"arn:aws:sts::{caller['Account']}:assumed-role/{role}/{identity}"
    assert caller["Account"] == "111111111111"


def test_a_task_without_a_role_has_no_credentials(shared: Platform) -> None:
    source = "import os; print(sorted(name for name in os.environ if 'CREDENTIALS' in name or 'ACCESS_KEY' in name))"
    task = shared.run(shared.define(**script(source)))
    assert shared.output(task["taskArn"]) == ["[]"]


def test_a_log_group_that_does_not_exist_stops_the_start(shared: Platform) -> None:
    options = {"awslogs-group": "nowhere", "awslogs-region": shared.region, "awslogs-stream-prefix": "app"}
    logging = {"logDriver": "awslogs", "options": options}
    task = shared.run(shared.define(**script("pass"), logConfiguration=logging))
    assert task["stopCode"] == "TaskFailedToStart"
    assert "The specified log group does not exist" in task["stoppedReason"]


def test_memory_is_limited(shared: Platform) -> None:
    task = shared.run(shared.define(**script("x = bytearray(200_000_000); print(len(x))"), memory=64))
    assert task["containers"][0]["exitCode"] == 137
    assert task["containers"][0]["reason"].startswith("OutOfMemoryError")


def test_containers_of_a_task_share_network_and_wait_for_each_other(shared: Platform) -> None:
    ask = "import urllib.request; print(urllib.request.urlopen('http://127.0.0.1:8080/').status)"
    healthy = ["CMD", "python3", "-c", ask]
    sidecar = shared.container(VERSION="side", name="side", essential=False)
    sidecar["healthCheck"] = {"command": healthy, "interval": 5, "timeout": 5, "retries": 3}
    first = shared.container(command=["import time; time.sleep(1); print('migrated')"], name="first", essential=False)
    for other in (sidecar, first):
        other["portMappings"] = []
    app = shared.container(command=[ask])
    app["dependsOn"] = [
        {"containerName": "first", "condition": "SUCCESS"},
        {"containerName": "side", "condition": "HEALTHY"},
    ]
    task = shared.run(shared.define_raw([app, first, sidecar]))
    codes = {item["name"]: item.get("exitCode") for item in task["containers"]}
    assert codes == {"app": 0, "first": 0, "side": 0}
    assert shared.output(task["taskArn"]) == ["200"]


def test_a_dependency_that_fails_fails_the_task(shared: Platform) -> None:
    first = shared.container(command=["raise SystemExit(3)"], name="first", essential=False)
    app = shared.container(command=["pass"])
    app["dependsOn"] = [{"containerName": "first", "condition": "SUCCESS"}]
    task = shared.run(shared.define_raw([app, first]))
    assert task["stopCode"] == "TaskFailedToStart"
    assert "first" in task["stoppedReason"]


@pytest.mark.parametrize(("ignoring", "code"), [(0, 0), (1, 137)])
def test_stop_task_sends_sigterm_then_sigkill(shared: Platform, ignoring: int, code: int) -> None:
    arn = shared.ecs.run_task(
        cluster=shared.cluster,
        taskDefinition=shared.define(IGNORE_TERM=ignoring, stopTimeout=20),
        launchType="FARGATE",
        networkConfiguration=shared.network,
    )["tasks"][0]["taskArn"]
    until(lambda: shared.describe(arn)[0]["lastStatus"] == "RUNNING")
    until(lambda: "serving" in shared.output(arn))
    begun = time.monotonic()
    stopping = shared.ecs.stop_task(cluster=shared.cluster, task=arn, reason="enough")["task"]
    assert stopping["desiredStatus"] == "STOPPED"
    assert stopping["lastStatus"] != "STOPPED"
    until(lambda: shared.describe(arn)[0]["lastStatus"] == "STOPPED")
    if ignoring:
        assert time.monotonic() - begun >= 2
    task = shared.describe(arn)[0]
    assert (task["stopCode"], task["stoppedReason"]) == ("UserInitiated", "enough")
    assert task["containers"][0]["exitCode"] == code


CHECK = "import os, sys; sys.exit(os.path.exists('/tmp/bad'))"


def test_health_checks_are_executed_and_the_unhealthy_replaced(platform: Platform) -> None:
    check = {"command": ["CMD", "python3", "-c", CHECK], "interval": 5, "timeout": 5, "retries": 2}
    platform.create(platform.define(healthCheck=check), 1, balanced=False, healthCheckGracePeriodSeconds=0)
    assert platform.primary()["rolloutState"] == "IN_PROGRESS"
    platform.steady()
    task = platform.tasks()[0]
    assert task["healthStatus"] == task["containers"][0]["healthStatus"] == "HEALTHY"
    client = docker.from_env()
    victim = client.containers.get(platform.containers()[0].id)
    victim.exec_run(["touch", "/tmp/bad"])  # noqa: S108 - in the container
    client.close()
    stopped = until(lambda: platform.tasks("STOPPED"))[0]
    assert stopped["taskArn"] == task["taskArn"]
    assert stopped["stoppedReason"] == "Task failed container health checks"
    assert stopped["stopCode"] == "ServiceSchedulerInitiated"
    assert stopped["healthStatus"] == "UNHEALTHY"
    until(lambda: [item for item in platform.tasks() if item["healthStatus"] == "HEALTHY"])
    started = [line for line in platform.story() if "has started" in line]
    assert len(started) == 2
    assert any("failed container health checks." in line for line in platform.story())


def test_shell_checks_and_the_start_period(platform: Platform) -> None:
    """Failures in the start period do not count; a version that never gets healthy trips the breaker."""
    check = {"command": ["CMD-SHELL", "exit 1"], "interval": 5, "timeout": 5, "retries": 1, "startPeriod": 30}
    breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
    settings: dict[str, Any] = {"deploymentConfiguration": breaker, "healthCheckGracePeriodSeconds": 0}
    platform.create(platform.define(healthCheck=check), 1, balanced=False, **settings)
    until(lambda: platform.service()["runningCount"] == 1)
    began = time.monotonic()
    until(lambda: platform.tasks("STOPPED"))
    assert time.monotonic() - began >= 2.5
    until(lambda: platform.primary()["rolloutState"] == "FAILED")


def test_a_task_without_health_check_is_unknown(platform: Platform) -> None:
    platform.create(platform.define(), 1, balanced=False)
    platform.steady()
    task = platform.tasks()[0]
    assert (task["healthStatus"], task["containers"][0]["healthStatus"]) == ("UNKNOWN", "UNKNOWN")
    assert task["containers"][0]["image"] == IMAGE
    assert "stopCode" not in task
    assert "containerInstanceArn" not in task


def test_reset_removes_every_container(sandbox: Any) -> None:
    made = Platform(sandbox)
    made.create(made.define(IGNORE_TERM=1), 3)
    until(lambda: len(made.containers()) == 3)
    made.update(desiredCount=1)
    sandbox.reset()
    assert made.containers() == []
    time.sleep(1)
    assert made.containers() == []
