# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Prod in a sandbox of the benchmark's own, the service that stands in it, and what was seen of a deployment."""

import json
import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3

from benchmarks.errors import BenchmarkError
from benchmarks.releases.images import Images
from benchmarks.releases.seen import Seen, Watcher, migration_seconds, newest_record
from sandbox import ACCOUNTS, state
from tools.files import ROOT

SERVICE = "inference"
PLAYBOOK = [sys.executable, "-m", "ansible", "playbook", "-i", "inventories/prod"]
# What stands in for the service needs little, and a leak has less to fill. Images are pushed here and not promoted.
SIZE = {"ecs_rollout_cpu": 256, "ecs_rollout_memory_mib": 512, "ecs_rollout_require_promoted": False}
# What answers in a tenth of a second needs no half a minute to end its connections.
DRAINED = {"ecs_deregistration_delay_seconds": 5}
HASTY = {"ecs_rollout_bake_seconds": 2, "ecs_rollout_minimum_samples": 5, "ecs_rollout_probe_interval_seconds": 0.1}
# The inventory has options of another strategy.
IN_PLACE: dict[str, object] = {"ecs_rollout_strategy": "ROLLING", "ecs_rollout_strategy_options": {}}
AT_ONCE: dict[str, object] = {
    "ecs_rollout_strategy": "BLUE_GREEN",
    "ecs_rollout_strategy_options": {"bake_minutes": 0},
    # What stands in for the service has no command that asks from the network of the tasks.
    "ecs_rollout_reaches_test_listener": True,
}
_NOT_ASKED = "refused because of its options"
_ALARMED = "is in ALARM already"
_STEADY_SECONDS = 240.0
# Its metrics are of minutes, and so is the time until they are forgotten.
_CALM_SECONDS = 1200.0
_LOOK_SECONDS = 1.0
_MINUTES = 15


class Lab:
    """Prod, once its sandbox serves. Releases are deployed through the endpoint *deployed_through*."""

    def __init__(self, known: state.State, logs: Path, deployed_through: str) -> None:
        self._known, self._logs, self._endpoint = known, logs, deployed_through
        self.bundle = state.home_of(known.name) / "authority.pem"
        self.environment = {
            "AWS_ENDPOINT_URL": known.endpoint_url,
            "AWS_ACCESS_KEY_ID": ACCOUNTS["prod"],
            "AWS_SECRET_ACCESS_KEY": "sandbox",
            "AWS_REGION": known.region,
            "AWS_DEFAULT_REGION": known.region,
            "FASTBREAK_CA_BUNDLE": str(self.bundle),
            "ANSIBLE_NOCOLOR": "1",
            "CI": "true",
        }

    @property
    def _access(self) -> dict[str, str]:
        return {
            "region_name": self._known.region,
            "endpoint_url": self._known.endpoint_url,
            "aws_access_key_id": ACCOUNTS["prod"],
            "aws_secret_access_key": self.environment["AWS_SECRET_ACCESS_KEY"],
        }

    def client(self, service: str) -> Any:
        """A boto3 client of prod."""
        connect: Any = boto3.client
        return connect(service, **self._access)

    @cached_property
    def ecs(self) -> Any:
        """The client of ECS."""
        return self.client("ecs")

    def run(self, name: str, command: list[str], timeout: float = 60.0 * _MINUTES, **environment: str) -> int | None:
        """Run a command in the clone; its exit code, or None when *timeout* seconds were not enough.

        All that it started is killed then.
        """
        with (self._logs / f"{name}.log").open("w", encoding="utf-8") as log:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, **self.environment, **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                return process.wait(timeout)
            except subprocess.TimeoutExpired:
                return None
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()

    def provision(self) -> None:
        """Make prod's stacks, in an account that an administrator has bootstrapped."""
        if self.run("bootstrap", [*PLAYBOOK, "playbooks/bootstrap.yml"]) != 0:
            raise BenchmarkError(f"Prod could not be bootstrapped: see {self._logs / 'bootstrap.log'}.")
        if self.run("provision", [*PLAYBOOK, "site.yml", "-e", json.dumps(DRAINED)]) != 0:
            raise BenchmarkError(f"Prod could not be provisioned: see {self._logs / 'provision.log'}.")

    @cached_property
    def outputs(self) -> dict[str, str]:
        """The outputs of all stacks together."""
        stacks = self.client("cloudformation").describe_stacks()["Stacks"]
        return {item["OutputKey"]: item["OutputValue"] for stack in stacks for item in stack.get("Outputs", [])}

    @property
    def cluster(self) -> str:
        """The cluster's name."""
        return self.outputs["ClusterName"]

    @property
    def url(self) -> str:
        """The production listener: what CloudFront sends users' requests to."""
        return self.outputs["ProductionUrl"]

    @cached_property
    def trust(self) -> ssl.SSLContext:
        """Verifies the load balancer."""
        return ssl.create_default_context(cafile=str(self.bundle))

    @cached_property
    def images(self) -> Images:
        """The releases in prod's registry."""
        return Images(self.client("ecr"), self.outputs["RepositoryName"])

    def deploy(
        self,
        name: str,
        tag: str,
        extra: Mapping[str, object],
        *,
        killed_after: float = 60.0 * _MINUTES,
        through: str = "",
    ) -> int | None:
        """Deploy a release as `playbooks/deploy.yml` does; the exit code, or None when it was killed.

        *through*: another endpoint of AWS's API.
        """
        given = json.dumps({"version": tag, **SIZE, **extra})
        deployed = [*PLAYBOOK, "benchmarks/releases/deploy.yml", "-e", given]
        code = self.run(name, deployed, killed_after, AWS_ENDPOINT_URL=through or self._endpoint)
        log = self._logs / f"{name}.log"
        if _NOT_ASKED in log.read_text(encoding="utf-8", errors="replace"):
            raise BenchmarkError(f"What the benchmark asks for is refused, whatever the release: see {log}.")
        return code

    def met_alarm(self, name: str) -> bool:
        """Whether a deployment was refused before it began since an alarm was there already."""
        return _ALARMED in (self._logs / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def restore(self, tag: str, *, shifts: bool) -> None:
        """Have release *tag* run by itself, whatever was there before; *shifts*: by moving traffic to it."""
        if not self.is_steady(tag):
            extra = {"ecs_rollout_migrate": False, "ecs_rollout_supersede": True, **(AT_ONCE if shifts else IN_PLACE)}
            # Faults are for what is measured.
            code = self.deploy("restore", tag, {**HASTY, **extra}, through=self._known.endpoint_url)
            if code != 0:
                raise BenchmarkError(f"{tag} could not be restored: see {self._logs / 'restore.log'}.")
        self.settle()
        if self.runs() != tag:
            raise BenchmarkError(f"{self.runs()} runs where {tag} was restored.")

    def is_steady(self, tag: str) -> bool:
        """Whether release *tag* runs by itself, and nothing is under way."""
        return self.runs() == tag and self._primary()["rolloutState"] == "COMPLETED"

    def settle(self) -> None:
        """Wait until one deployment is left; as long as that may take, and no longer."""
        deadline = time.monotonic() + _STEADY_SECONDS
        while len(self.service()["deployments"]) > 1 and time.monotonic() < deadline:
            time.sleep(_LOOK_SECONDS)

    def await_calm(self) -> None:
        """Wait until the alarm that guards releases is over: with what the release before did, any would be refused."""
        name, cloudwatch = self.outputs["ReleaseAlarmName"], self.client("cloudwatch")
        deadline = time.monotonic() + _CALM_SECONDS
        while time.monotonic() < deadline:
            (alarm,) = cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
            if alarm["StateValue"] != "ALARM":
                return
            time.sleep(_LOOK_SECONDS)
        raise BenchmarkError(f"Alarm {name} is in ALARM for {_CALM_SECONDS:g} s with nothing under way.")

    def service(self) -> dict[str, Any]:
        """The service; empty when there is none."""
        found = self.ecs.describe_services(cluster=self.cluster, services=[SERVICE])["services"]
        return next((each for each in found if each["status"] == "ACTIVE"), {"deployments": []})

    def _primary(self) -> dict[str, Any]:
        deployments = self.service()["deployments"]
        return next((each for each in deployments if each["status"] == "PRIMARY"), {"rolloutState": ""})

    def runs(self) -> str:
        """The version that all running tasks have; empty when they differ or when there are none."""
        if not self.service()["deployments"]:
            return ""
        arns = self.ecs.list_tasks(cluster=self.cluster, serviceName=SERVICE, desiredStatus="RUNNING")["taskArns"]
        if not arns:
            return ""
        tasks = self.ecs.describe_tasks(cluster=self.cluster, tasks=arns)["tasks"]
        versions = {self._version(task["taskDefinitionArn"]) for task in tasks}
        return versions.pop() if len(versions) == 1 else ""

    def _version(self, arn: str) -> str:
        """The tag of the release that a task definition runs, whether that names it by tag or by digest."""
        image = str(self.definition(arn)["containerDefinitions"][0]["image"])
        if "@" not in image:
            return image.rpartition(":")[2]
        found = self.client("ecr").describe_images(
            repositoryName=self.outputs["RepositoryName"], imageIds=[{"imageDigest": image.rpartition("@")[2]}]
        )
        return str(found["imageDetails"][0]["imageTags"][0])

    def definition(self, arn: str) -> dict[str, Any]:
        """A task definition without what only AWS writes."""
        found: dict[str, Any] = self.ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
        written = {"taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities", "registeredAt",
                   "registeredBy"}  # fmt: skip
        return {name: value for name, value in found.items() if name not in written}

    def running_definition(self) -> dict[str, Any]:
        """What the service is configured to run."""
        return self.definition(self.service()["taskDefinition"])

    def watch(self, since: float) -> Watcher:
        """Looks at the deployments that begin from then on."""
        return Watcher(self.client("ecs"), self.cluster, SERVICE, since)

    def seen(self, watcher: Watcher, since: float) -> Seen:
        """What is told of the deployment that *watcher* looked at."""
        connect: Any = boto3.resource
        table = connect("dynamodb", **self._access).Table(self.outputs["ReleaseTableName"])
        family = str(self.running_definition()["family"])
        migration = migration_seconds(self.ecs, self.cluster, family, since)
        return watcher.seen(newest_record(table, SERVICE, since), migration)
