"""RegisterTaskDefinition, RunTask, StopTask: what ECS checks and fills in, and a stop that takes its time."""

import json
from typing import Any

from sandbox.ministack import ecs, responses
from sandbox.services.ecs.model import validation, wording
from sandbox.services.ecs.model.errors import Answer, Refused, Request, handler, invalid
from sandbox.services.ecs.model.records import LOCK, Record, cluster_of, task_definition_of, wire
from sandbox.services.ecs.runtime import stopping

_MOST_TASKS = 10
_HEALTH_LIMITS = {"interval": (5, 300, 30), "timeout": (2, 120, 5), "retries": (1, 10, 3)}
_LONGEST_STOP = 120
# CPU units: the least and the most memory in MiB, and its step.
_FARGATE_SIZES = {
    "256": (1024, 2048, 1024),
    "512": (1024, 4096, 1024),
    "1024": (2048, 8192, 1024),
    "2048": (4096, 16384, 1024),
    "4096": (8192, 30720, 1024),
    "8192": (16384, 61440, 4096),
    "16384": (32768, 122880, 8192),
}


def filled_in(data: Request) -> Request:
    """The request of a task definition with the defaults that ECS stores; Refused where ECS refuses."""
    definitions = data.get("containerDefinitions") or []
    names = [item.get("name") for item in definitions]
    if len(set(names)) != len(names):
        raise Refused("ClientException", "Container names must be unique within a task definition.")
    if "FARGATE" in (data.get("requiresCompatibilities") or []):
        _check_fargate(data)
    return data | {"containerDefinitions": [_filled_container(item, data.get("networkMode")) for item in definitions]}


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


def registering(register: Any) -> Any:
    """Wrap MiniStack's RegisterTaskDefinition: check, fill in, and leave out what has no value."""

    def register_task_definition(data: Request) -> Answer:
        try:
            answer: Answer = register(filled_in(data))
        except Refused as refusal:
            return responses.error_response_json(refusal.code, str(refusal), 400)  # type: ignore[no-any-return]
        if answer[0] >= 400:
            return answer
        body = json.loads(answer[2])
        stored = ecs._task_defs[ecs._resolve_td_key(body["taskDefinition"]["taskDefinitionArn"])]
        for key in [key for key, value in stored.items() if value in ("", None)]:
            del stored[key]
        return responses.json_response(body | {"taskDefinition": stored})  # type: ignore[no-any-return]

    return register_task_definition


def _check_fargate(data: Request) -> None:
    if data.get("networkMode") != "awsvpc":
        raise Refused("ClientException", "Fargate only supports network mode 'awsvpc'.")
    for key in ("cpu", "memory"):
        if not data.get(key):
            raise Refused("ClientException", f"Fargate requires task definition to have a {key} value.")
    _check_fargate_size(str(data["cpu"]), str(data["memory"]))
    for item in data.get("containerDefinitions") or []:
        if item.get("privileged"):
            raise Refused(
                "ClientException", "Tasks using the Fargate launch type do not support privileged containers."
            )
        if item.get("image", "").find(".dkr.ecr.") > 0 and not data.get("executionRoleArn"):
            raise Refused(
                "ClientException", "Fargate requires task definition to have execution role ARN to support ECR images."
            )
        if int(item.get("stopTimeout") or 0) > _LONGEST_STOP:
            raise Refused("ClientException", f"stopTimeout must not be longer than {_LONGEST_STOP} seconds on Fargate.")
    for volume in data.get("volumes") or []:
        if (volume.get("host") or {}).get("sourcePath"):
            raise Refused("ClientException", "Fargate does not support a volume's host.sourcePath.")


def _check_fargate_size(cpu: str, memory: str) -> None:
    least, most, step = _FARGATE_SIZES.get(cpu, (0, 0, 1024))
    figure = int(memory) if memory.isdecimal() else -1
    odd = cpu == "256" and figure == 512
    if not odd and not (least <= figure <= most and figure % step == 0 and figure > 0):
        raise Refused(
            "ClientException",
            f"No Fargate configuration exists for given values: {cpu} CPU, {memory} memory. "
            "See the Amazon ECS documentation for the valid values.",
        )


def _filled_container(item: Record, network_mode: str | None) -> Record:
    filled = {
        "cpu": 0,
        "essential": True,
        "environment": [],
        "mountPoints": [],
        "volumesFrom": [],
        "systemControls": [],
    }
    ports = [_filled_port(mapping, network_mode) for mapping in item.get("portMappings") or []]
    filled |= {key: value for key, value in item.items() if value is not None} | {"portMappings": ports}
    if item.get("healthCheck"):
        filled["healthCheck"] = _filled_health_check(item["healthCheck"])
    return filled


def _filled_port(mapping: Record, network_mode: str | None) -> Record:
    host = mapping["containerPort"] if network_mode in ("awsvpc", "host") else 0
    return {"hostPort": host, "protocol": "tcp"} | mapping


def _filled_health_check(check: Record) -> Record:
    command = check.get("command") or []
    if len(command) < 2 or command[0] not in ("CMD", "CMD-SHELL"):
        raise Refused("ClientException", "A healthCheck command must begin with CMD or CMD-SHELL and name what to run.")
    filled = dict(check)
    for key, (least, most, default) in _HEALTH_LIMITS.items():
        filled.setdefault(key, default)
        if not least <= filled[key] <= most:
            raise Refused("ClientException", f"healthCheck {key} must be between {least} and {most}.")
    if not 0 <= (filled.get("startPeriod") or 0) <= 300:
        raise Refused("ClientException", "healthCheck startPeriod must be between 0 and 300.")
    return filled
