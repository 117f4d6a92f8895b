# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Starting a task: secrets, images, containers in order; afterwards the monitor watches it."""

import logging
import platform
import time
from collections.abc import Mapping
from typing import Any

from docker.errors import APIError, DockerException

from sandbox.authority import authority_path
from sandbox.host import Sandbox
from sandbox.images import Pulled
from sandbox.ministack import ecs
from sandbox.namespaces import namespaces
from sandbox.services.ecs.model import order, state
from sandbox.services.ecs.model.errors import StartFailed
from sandbox.services.ecs.model.records import LOCK, Record, is_wanted, service_of_task, short_id
from sandbox.services.ecs.model.revisions import pinned_digests
from sandbox.services.ecs.runtime import anchor, containers, engine, execution_role, images, logs, stopping, task_role
from sandbox.services.ecs.runtime.engine_pace import PACE
from sandbox.wait import until

logger = logging.getLogger("sandbox.ecs")
_POLL_SECONDS = 0.2
_DEPENDENCY_SECONDS = 180.0
Definition = dict[str, Any]


def start(sandbox: Sandbox, task: Record, family: Record, overrides: list[Record]) -> None:
    """Bring a task to RUNNING, or stop it with the reason why it cannot start. Blocks; run it in a thread."""
    try:
        _Launch(sandbox, task, family, overrides).bring_up()
    except StartFailed as failure:
        _give_up(task, str(failure), failure.container)
    except Exception as error:
        logger.exception("task %s could not start", task["taskArn"])
        _give_up(task, f"ResourceInitializationError: {error}", None)


def _give_up(task: Record, reason: str, container: str | None) -> None:
    with LOCK:
        for record in task["containers"]:
            if container in (None, record["name"]):
                record["reason"] = reason
    if not stopping.begin(task, reason, "TaskFailedToStart", failed=True):
        stopping.sweep(task)


def _complete(task: Record) -> None:
    """Each container stands in the overrides, with nothing but its name when nothing is overridden."""
    machine = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
    with LOCK:
        task["attributes"] = [{"name": "ecs.cpu-architecture", "value": machine}]
        overrides = task.setdefault("overrides", {})
        given = {item["name"]: item for item in overrides.get("containerOverrides") or []}
        names = [item["name"] for item in task["containers"]]
        overrides["containerOverrides"] = [given.get(name, {"name": name}) for name in names]


def _show_interface(task: Record) -> None:
    """Containers of an awsvpc task share the interface that is attached to it."""
    with LOCK:
        for attachment in task.get("attachments") or []:
            address = next(item["value"] for item in attachment["details"] if item["name"] == "privateIPv4Address")
            shared = {"attachmentId": attachment["id"], "privateIpv4Address": address}
            for container in task["containers"]:
                container["networkInterfaces"] = [shared]


class _Launch:
    """The start of one task."""

    def __init__(self, sandbox: Sandbox, task: Record, family: Record, overrides: list[Record]) -> None:
        by_name = {item.get("name"): item for item in overrides}
        self._sandbox, self._task, self._family = sandbox, task, family
        self._definitions = [
            containers.overridden(item, by_name.get(item["name"], {})) for item in family["containerDefinitions"]
        ]
        self._network_owner: str | None = None

    def bring_up(self) -> None:
        """Start every container; raises StartFailed. Ends early, quietly, when the task is no longer wanted."""
        task = self._task
        _complete(task)
        ecs._mark_task_pending(task["taskArn"], task)
        ecs._mark_task_activating(task["taskArn"], task)
        for definition in self._definitions:
            execution_role.check(task, self._family, definition)
        secrets = {item["name"]: _secrets(item) for item in self._definitions}
        sequence = order.start_order(self._definitions)
        images_by_name = self._pull()
        anchor.ensure(images_by_name[sequence[0]["name"]].id)
        for definition in sequence:
            logs.check(definition)
            _await_dependencies(task, definition)
            if not is_wanted(task):
                return
            container = self._create(definition, images_by_name[definition["name"]], secrets[definition["name"]])
            if not self._run(definition, container):
                return
        ecs._mark_task_running(task["taskArn"], task)

    def _pull(self) -> dict[str, Pulled]:
        """Every image of the task, by the digests that the service revision established before."""
        service = service_of_task(self._task)
        digests = pinned_digests(service, self._task) if service else {}
        pulled: dict[str, Pulled] = {}
        for definition in self._definitions:
            name = definition["name"]
            try:
                with execution_role.acting(self._task, self._family):
                    found = images.pull(
                        engine.client(), definition["image"], self._sandbox.registries, digests.get(name)
                    )
            except StartFailed as failure:
                raise StartFailed(str(failure), name) from failure
            pulled[name] = found
            with LOCK:
                if found.digest:
                    digests.setdefault(name, found.digest)
                    self._record(name)["imageDigest"] = found.digest
        self._task["pullStoppedAt"] = time.time()
        return pulled

    def _create(self, definition: Definition, image: Pulled, secrets: dict[str, str]) -> Any:
        environment = {item["name"]: item["value"] for item in definition["environment"]} | secrets
        region = self._task["taskArn"].split(":")[3]
        environment |= {
            "AWS_EXECUTION_ENV": "AWS_ECS_FARGATE",
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
        }
        task, family = self._task, self._family
        gateway, launch_type = self._sandbox.network.gateway, task.get("launchType")
        token = ecs._register_metadata(
            task["taskArn"], task["clusterArn"], family, definition, launch_type, environment, False, gateway
        )
        task_role.give(environment, task, family)
        with LOCK:
            task.setdefault("_metadata_tokens", []).append(token)
        environment.setdefault("SSL_CERT_FILE", containers.AUTHORITY)
        options = containers.options(task, family, definition, environment)
        options |= containers.network(family, definition, self._network_owner)
        options["volumes"] = containers.with_authority(options.get("volumes", {}), authority_path(self._sandbox.home))
        try:
            return engine.client().containers.create(image.id, **options)
        except DockerException as error:
            raise StartFailed(_engine_words("CannotCreateContainerError", error), definition["name"]) from error

    def _run(self, definition: Definition, container: Any) -> bool:
        """Start the container; False when the task is no longer wanted and the container is gone again."""
        record = self._record(definition["name"])
        with PACE.start(container.id) as allowed:
            wanted = allowed and _attach(self._task, record, container)
            if wanted:
                _start_in_engine(container, definition)
                if self._network_owner is None:
                    namespaces.enter(container.id, _process_of(container))
        if not wanted:
            stopping.remove(container)
            stopping.sweep(self._task)
            return False
        stopping.LOGS[container.id] = logs.follow(container, definition, short_id(self._task["taskArn"]))
        _note_start(self._task, container, record)
        if self._network_owner is None and definition["name"] not in order.finishing(self._definitions):
            self._network_owner = container.id
            ecs._record_task_ip(self._task, container, self._sandbox.network.name)
            _show_interface(self._task)
        return True

    def _record(self, name: str) -> Record:
        found: Record = next(item for item in self._task["containers"] if item["name"] == name)
        return found


def _secrets(definition: Mapping[str, Any]) -> dict[str, str]:
    try:
        return dict(ecs._resolve_container_secrets(definition))
    except ecs._SecretResolutionError as error:
        raise StartFailed(
            "ResourceInitializationError: unable to pull secrets or registry auth: "
            f"execution resource retrieval failed: {error}",
            str(definition["name"]),
        ) from error


def _attach(task: Record, record: Record, container: Any) -> bool:
    """Hand the container over to the task's record; False when the task is no longer wanted."""
    with LOCK:
        if not is_wanted(task):
            return False
        task["_docker_ids"].append(container.id)
        state.of_task(task).container(record).engine_id = container.id
        record["runtimeId"] = f"{container.id[:32]}-{int(container.id[32:40], 16)}"
        return True


def _start_in_engine(container: Any, definition: Definition) -> None:
    try:
        container.start()
    except APIError as error:
        raise StartFailed(_engine_words("CannotStartContainerError", error), definition["name"]) from error


def _process_of(container: Any) -> int:
    """The id of its first process; 0 when it has ended already."""
    try:
        container.reload()
    except DockerException:
        return 0
    return int(container.attrs["State"]["Pid"])


def _note_start(task: Record, container: Any, record: Record) -> None:
    with LOCK:
        if record["lastStatus"] != "STOPPED":
            record["lastStatus"] = "RUNNING"
        state.of_task(task).container(record).watched = True
    logger.info("started container %s of task %s", container.name, task["taskArn"])


def _await_dependencies(task: Record, definition: Mapping[str, Any]) -> None:
    for dependency in definition.get("dependsOn") or []:
        _await_dependency(task, definition, dependency)


def _await_dependency(task: Record, definition: Mapping[str, Any], dependency: Mapping[str, Any]) -> None:
    name, condition = str(definition["name"]), dependency["condition"]
    record = next(item for item in task["containers"] if item["name"] == dependency["containerName"])
    patience = float(definition.get("startTimeout") or _DEPENDENCY_SECONDS)
    if not until(lambda: not is_wanted(task) or _met(record, condition, name), patience, pause=_POLL_SECONDS):
        raise StartFailed(
            f"TaskFailedToStart: container {name} waited in vain for {record['name']} to be {condition}", name
        )


def _met(record: Record, condition: str, waiter: str) -> bool:
    ended = record["lastStatus"] == "STOPPED"
    if condition == "SUCCESS" and ended and record.get("exitCode") != 0:
        raise StartFailed(
            f"TaskFailedToStart: dependency {record['name']} of {waiter} exited with {record.get('exitCode')}", waiter
        )
    if condition == "HEALTHY":
        return bool(record.get("healthStatus") == "HEALTHY")
    return ended if condition in ("COMPLETE", "SUCCESS") else True


def _engine_words(kind: str, error: Exception) -> str:
    return f"{kind}: {getattr(error, 'explanation', None) or error}"
