# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""RunTask and StopTask: what ECS checks, and a stop that takes its time; clusters that must be empty to go."""

import json
from typing import Any

from sandbox.ministack import ecs
from sandbox.services.ecs.model import validation, wording
from sandbox.services.ecs.model.errors import Answer, Refused, Request, handler, invalid
from sandbox.services.ecs.model.records import LOCK, Record, cluster_of, task_definition_of, wire
from sandbox.services.ecs.runtime import stopping

_MOST_TASKS = 10


@handler
def run_task(data: Request) -> dict[str, Any]:
    """Start tasks that belong to no service."""
    cluster_of(data.get("cluster"))
    family = task_definition_of(data.get("taskDefinition"))
    count = data.get("count", 1)
    if not isinstance(count, int) or not 1 <= count <= _MOST_TASKS:
        raise invalid(f"count must be between 1 and {_MOST_TASKS}.")
    validation.check_launch_type(family, data.get("launchType"))
    validation.check_network(family, data.get("networkConfiguration"))
    names = {item["name"] for item in family["containerDefinitions"]}
    for override in (data.get("overrides") or {}).get("containerOverrides") or []:
        if override.get("name") not in names:
            raise invalid(
                f"Override for container named {override.get('name')} is not a container in the TaskDefinition."
            )
    group = data.get("group") or f"family:{family['family']}"
    if group.startswith("service:"):
        raise invalid("Invalid namespace for group: 'service:' is reserved.")
    status, _, body = ecs._run_task({key: value for key, value in (data | {"group": group}).items() if key[0] != "_"})
    if status >= 400:
        raise Refused("ClientException", body.decode())
    arns = [task["taskArn"] for task in json.loads(body)["tasks"]]
    return {"tasks": [wire(ecs._tasks[arn]) for arn in arns], "failures": []}


@handler
def stop_task(data: Request) -> dict[str, Any]:
    """Ask a task to end; it is STOPPED once its containers are."""
    cluster = cluster_of(data.get("cluster"))
    task: Record | None = ecs._resolve_task(data.get("task") or "", cluster["clusterName"])
    if task is None:
        raise invalid("The referenced task was not found.")
    stopping.begin(task, data.get("reason") or wording.STOPPED_BY_CALLER, "UserInitiated")
    return {"task": wire(task)}


def locked(work: Any) -> Any:
    """Wrap one of MiniStack's readers so that nothing changes while it reads."""

    def read(data: Request) -> Answer:
        with LOCK:
            answer: Answer = work(data)
            return answer

    return read


def check_cluster_is_empty(reference: str | None, *ignored: str) -> None:
    """Refuse to delete a cluster in which something runs; services in the `ignored` statuses and theirs may."""
    cluster = cluster_of(reference)
    arn = cluster["clusterArn"]
    ending = {"INACTIVE", *ignored}
    services = [item for item in ecs._services.values() if item["clusterArn"] == arn]
    if any(item["status"] not in ending for item in services):
        raise Refused("ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active.")
    excused = {f"service:{item['serviceName']}" for item in services} if ignored else set()
    tasks = [item for item in ecs._tasks.values() if item["clusterArn"] == arn and item["group"] not in excused]
    if any(item["lastStatus"] != "STOPPED" for item in tasks):
        raise Refused("ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.")


def deleting(delete: Any) -> Any:
    """Wrap MiniStack's DeleteCluster: only an empty cluster goes."""

    @handler
    def delete_cluster(data: Request) -> dict[str, Any]:
        with LOCK:
            check_cluster_is_empty(data.get("cluster"))
            body: dict[str, Any] = json.loads(delete(data)[2])
            return body

    return delete_cluster


def deleting_for_a_stack(delete: Any) -> Any:
    """The same for CloudFormation's AWS::ECS::Cluster, whose provisioner fails by an exception.

    CloudFormation waits for the services of the same stack to drain; here they drain on while the cluster goes.
    """

    def delete_cluster(data: Request) -> Answer:
        with LOCK:
            if ecs._resolve_cluster_name(data.get("cluster") or "default") in ecs._clusters:
                check_cluster_is_empty(data.get("cluster"), "DRAINING")
            answer: Answer = delete(data)
            return answer

    return delete_cluster
