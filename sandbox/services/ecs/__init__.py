# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""ECS with real rolling updates: health checks, deployments, circuit breaker, draining, replacement.

MiniStack keeps the records and the small APIs; starting, watching and stopping tasks and scheduling services are
here. `scheduler` decides and touches nothing; `controller` looks and acts.
"""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

from sandbox.host import Sandbox
from sandbox.ministack import container_reaper, ec2, ecs, responses
from sandbox.services.cloudformation.api.teaching import teach
from sandbox.services.ecs import cloudformation
from sandbox.services.ecs.api import deployments, services, shapes, task_definitions, tasks
from sandbox.services.ecs.model import revisions, state
from sandbox.services.ecs.model.records import LOCK, Record, service_of_task, tasks_of
from sandbox.services.ecs.runtime import controller, engine, metrics, monitor, observation, starting, stopping
from sandbox.services.ecs.runtime.engine_pace import PACE, drop_one_by_one

_HANDLERS = {
    "CreateService": services.create_service,
    "UpdateService": services.update_service,
    "DeleteService": services.delete_service,
    "DescribeServices": services.describe_services,
    "ListServiceDeployments": deployments.list_service_deployments,
    "DescribeServiceDeployments": deployments.describe_service_deployments,
    "DescribeServiceRevisions": deployments.describe_service_revisions,
    "StopServiceDeployment": deployments.stop_service_deployment,
    "ContinueServiceDeployment": deployments.continue_service_deployment,
    "RunTask": tasks.run_task,
    "StopTask": tasks.stop_task,
    "DescribeTasks": tasks.locked(ecs._describe_tasks),
    "ListTasks": tasks.locked(ecs._list_tasks),
    "ListServices": tasks.locked(ecs._list_services),
    "DeleteCluster": tasks.deleting(ecs._delete_cluster),
    "RegisterTaskDefinition": task_definitions.registering(ecs._register_task_definition),
}

_METRICS_SECONDS = 15.0
_METRICS_AT_LEAST_SECONDS = 1.0


def install(sandbox: Sandbox) -> None:
    """Replace MiniStack's task lifecycle and service scheduler, and start ours with the server."""
    ended = threading.Event()
    _replace(sandbox)
    ecs._ACTION_MAP.update(_HANDLERS)
    ecs._dispatch_action = shapes.checking(ecs._dispatch_action)
    # CloudFormation's provisioners call these by name.
    ecs._create_service = services.create_service
    ecs._update_service = services.update_service
    ecs._delete_service = services.delete_service
    ecs._delete_cluster = tasks.deleting_for_a_stack(ecs._delete_cluster)
    teach(cloudformation.RESOURCES)
    sandbox.on_reset(_forget)

    async def begin() -> None:
        for name, work in (("ecs-monitor", monitor.watch), ("ecs-scheduler", controller.run)):
            threading.Thread(target=work, args=(ended,), daemon=True, name=name).start()
        seconds = max(sandbox.scaled(_METRICS_SECONDS), _METRICS_AT_LEAST_SECONDS)
        threading.Thread(target=metrics.publish_forever, args=(ended, seconds), daemon=True, name="ecs-metrics").start()

    async def end() -> None:
        ended.set()
        await asyncio.to_thread(PACE.close)

    sandbox.on_startup(begin)
    sandbox.on_shutdown(end)


def _replace(sandbox: Sandbox) -> None:
    def run_task_worker(
        task: Record, family: Record, overrides: list[Record], _: Any, account: str, region: str
    ) -> None:
        with responses.request_scope(account, region):
            _tidy(task, family)
            starting.start(sandbox, task, family, overrides)

    ecs._run_task_worker = run_task_worker
    ecs._get_docker = engine.client
    ecs.reset = _resetting(ecs.reset)
    container_reaper.drop_containers = drop_one_by_one
    ecs._refresh_service_state = _refresh
    # Done by the monitor and by the controller.
    ecs._maybe_mark_stopped = ecs._reconcile_service_tasks = ecs._sync_service_targets = _leave


def _leave(*_: Any, **__: Any) -> None:
    """What MiniStack need not do."""


def _tidy(task: Record, family: Record) -> None:
    """Leave out what ECS leaves out, note what the definition says, and put the task into its subnet's zone."""
    with LOCK:
        state.of_task(task).containers = {
            definition["name"]: state.Container(
                essential=bool(definition.get("essential", True)), checked=bool(definition.get("healthCheck"))
            )
            for definition in family["containerDefinitions"]
        }
        for key in ("stopCode", "stoppedReason"):
            task[key] = task[key] or None
        if task["launchType"] == "FARGATE":
            task.pop("containerInstanceArn", None)
        subnet = ec2._subnets.get(task.get("_subnet") or "")
        if subnet:
            task["availabilityZone"] = subnet["AvailabilityZone"]


def _refresh(cluster: str, group: str) -> None:
    service = service_of_task({"clusterArn": cluster, "group": group})
    if service is not None:
        with LOCK:
            observation.count(service, tasks_of(service))


def _resetting(reset: Callable[[], None]) -> Callable[[], None]:
    """Wrap MiniStack's reset, which removes every container: no start may be in flight meanwhile."""

    def reset_when_quiet() -> None:
        PACE.close()
        reset()

    return reset_when_quiet


def _forget() -> None:
    PACE.open()
    revisions.forget()
    state.forget()
    stopping.LOGS.clear()
