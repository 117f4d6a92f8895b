# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""CreateService, UpdateService, DeleteService, DescribeServices."""

import time
from typing import Any

from sandbox.ministack import alb, ecs, responses
from sandbox.services.ecs.model import deployments, revisions, state, strategies, validation, wording
from sandbox.services.ecs.model.errors import Answer, Refused, Request, handler, invalid
from sandbox.services.ecs.model.records import (
    LOCK,
    Record,
    cluster_of,
    service_key,
    service_of,
    short_id,
    task_definition_of,
    tasks_of,
    wire,
)
from sandbox.services.ecs.runtime import stopping
from sandbox.services.ecs.runtime.observation import count

_DEFAULT_CONFIGURATION: Record = {
    "deploymentCircuitBreaker": {"enable": False, "rollback": False},
    "maximumPercent": 200,
    "minimumHealthyPercent": 100,
    "strategy": "ROLLING",
    "bakeTimeInMinutes": 0,
}
# UpdateService's parameters that the API model says start a deployment, and those that it says do not.
_DEPLOYING = (
    "loadBalancers",
    "networkConfiguration",
    "platformVersion",
    "serviceConnectConfiguration",
    "serviceRegistries",
    "volumeConfigurations",
)
_QUIET = (
    "availabilityZoneRebalancing",
    "enableECSManagedTags",
    "enableExecuteCommand",
    "healthCheckGracePeriodSeconds",
    "placementConstraints",
    "placementStrategy",
    "propagateTags",
)


@handler
def create_service(data: Request) -> dict[str, Any]:
    """Make a service and open its first deployment."""
    with LOCK:
        cluster = cluster_of(data.get("cluster"))
        name = validation.check_name(data.get("serviceName"))
        key = service_key(cluster, name)
        existing = ecs._services.get(key)
        if existing and existing["status"] == "ACTIVE":
            if state.of_service(existing).request == data:
                return {"service": wire(existing)}
            raise invalid("Creation of service was not idempotent.")
        if existing and existing["status"] == "DRAINING":
            raise invalid("Unable to Start a service that is still Draining.")
        service = _new_service(cluster, name, data)
        ecs._services[key] = service
        state.of_service(service).request = data
        if data.get("tags"):
            ecs._tags[service["serviceArn"]] = list(data["tags"])
        deployments.start(service)
        ecs._recount_cluster(cluster["clusterName"])
        return {"service": _view(service)}


@handler
def update_service(data: Request) -> dict[str, Any]:
    """Change a service; what the API model says starts a deployment does so when it differs."""
    with LOCK:
        service = service_of(data)
        if service["status"] != "ACTIVE":
            raise Refused("ServiceNotActiveException", "Service was not ACTIVE.")
        validation.check_controller(data.get("deploymentController"))
        changed = _wanted_changes(service, data)
        family = task_definition_of(changed["taskDefinition"]) if "taskDefinition" in changed else _family(service)
        _check({**service, **changed}, family, data)
        deploys = bool(data.get("forceNewDeployment")) or any(
            service.get(key) != value for key, value in changed.items() if key in (*_DEPLOYING, "taskDefinition")
        )
        service.update(changed)
        if deploys:
            deployments.start(service)
        count(service, tasks_of(service))
        return {"service": _view(service)}


@handler
def delete_service(data: Request) -> dict[str, Any]:
    """Drain a service and let its tasks end."""
    with LOCK:
        service = service_of(data)
        if service["status"] != "ACTIVE":
            raise Refused("ServiceNotFoundException", "Service not found.")
        if not data.get("force") and service["desiredCount"] > 0:
            raise invalid("The service cannot be stopped while it is scaled above 0.")
        deployments.close(service)
        reason = wording.scaling(deployments.primary(service)["id"])
        service.update(status="DRAINING", desiredCount=0)
        tasks = tasks_of(service)
        for task in tasks:
            stopping.begin(task, reason, "ServiceSchedulerInitiated")
        count(service, tasks)
        ecs._recount_cluster(short_id(service["clusterArn"]))
        return {"service": _view(service)}


def describe_services(data: Request) -> Answer:
    """DescribeServices, while nothing changes."""
    with LOCK:
        cluster_name = ecs._resolve_cluster_name(data.get("cluster") or "default")
        for reference in data.get("services") or []:
            found = ecs._resolve_service_ref(reference)
            service = ecs._services.get(f"{cluster_name}/{found[0]}") if found else None
            if service and service["status"] != "INACTIVE":
                _refresh_view(service)
        return ecs._describe_services(data)  # type: ignore[no-any-return]


def _view(service: Record) -> Record:
    _refresh_view(service)
    return wire(service)


def _refresh_view(service: Record) -> None:
    listed = [item for item in service["deployments"] if item["status"] == "PRIMARY" or item["runningCount"]]
    service["currentServiceRevisions"] = [revisions.summary(item) for item in listed]


def _new_service(cluster: Record, name: str, data: Request) -> Record:
    validation.check_controller(data.get("deploymentController"))
    validation.check_scheduling(data.get("schedulingStrategy", "REPLICA"))
    family = task_definition_of(data.get("taskDefinition"))
    launch_type, strategy, refusal = ecs._launch_choice(data, cluster)
    if refusal:
        raise invalid("Specifying both a launch type and capacity provider strategy is not supported.")
    account, region = responses.get_account_id(), responses.get_region()
    service = {
        "serviceArn": f"arn:aws:ecs:{region}:{account}:service/{cluster['clusterName']}/{name}",
        "serviceName": name,
        "clusterArn": cluster["clusterArn"],
        "taskDefinition": family["taskDefinitionArn"],
        "desiredCount": validation.check_count(data.get("desiredCount", 1)),
        "runningCount": 0,
        "pendingCount": 0,
        "status": "ACTIVE",
        "launchType": launch_type,
        "capacityProviderStrategy": strategy,
        "deploymentController": {"type": "ECS"},
        "deploymentConfiguration": _DEFAULT_CONFIGURATION | (data.get("deploymentConfiguration") or {}),
        "schedulingStrategy": "REPLICA",
        "createdAt": time.time(),
        "createdBy": f"arn:aws:iam::{account}:root",
        "enableECSManagedTags": bool(data.get("enableECSManagedTags")),
        "enableExecuteCommand": bool(data.get("enableExecuteCommand")),
        "propagateTags": data.get("propagateTags") or "NONE",
        "availabilityZoneRebalancing": data.get("availabilityZoneRebalancing") or "ENABLED",
        "healthCheckGracePeriodSeconds": data.get("healthCheckGracePeriodSeconds") or 0,
        "deployments": [],
        "events": [],
        **{key: data.get(key) or [] for key in ("loadBalancers", "placementConstraints", "placementStrategy")},
        **{key: _filled(key, data[key]) for key in _DEPLOYING[1:] if data.get(key)},
    }
    service.setdefault("serviceRegistries", [])
    if _on_fargate(service):
        service["platformFamily"] = "Linux"
        service.setdefault("platformVersion", "LATEST")
    _check(service, family, data)
    return service


def _filled(key: str, value: Any) -> Any:
    """A member with the defaults that ECS stores."""
    if key == "networkConfiguration" and value.get("awsvpcConfiguration"):
        defaults = {"securityGroups": [], "assignPublicIp": "DISABLED"}
        return {**value, "awsvpcConfiguration": {**defaults, **value["awsvpcConfiguration"]}}
    return value


def _wanted_changes(service: Record, data: Request) -> Record:
    """The members of the service that the request sets; an omitted parameter leaves its member as it is."""
    changed = {key: _filled(key, data[key]) for key in (*_DEPLOYING, *_QUIET) if data.get(key) is not None}
    if data.get("desiredCount") is not None:
        changed["desiredCount"] = validation.check_count(data["desiredCount"])
    if data.get("taskDefinition"):
        changed["taskDefinition"] = task_definition_of(data["taskDefinition"])["taskDefinitionArn"]
    if data.get("deploymentConfiguration") is not None:
        stored, given = service["deploymentConfiguration"], data["deploymentConfiguration"]
        changed["deploymentConfiguration"] = strategies.merged(stored, given)
    if data.get("capacityProviderStrategy") is not None:
        strategy = data["capacityProviderStrategy"] or None
        changed |= {
            "capacityProviderStrategy": strategy,
            "launchType": None if strategy else service.get("launchType") or "FARGATE",
        }
    return changed


def _check(service: Record, family: Record, data: Request) -> None:
    validation.check_deployment_configuration(service["deploymentConfiguration"])
    strategies.check(service["deploymentConfiguration"], service["loadBalancers"], alb._rules.get)
    validation.check_launch_type(family, service.get("launchType"))
    validation.check_network(family, service.get("networkConfiguration"))
    if data.get("loadBalancers") or data.get("taskDefinition"):
        validation.check_load_balancers(family, service["loadBalancers"])
    grace = service["healthCheckGracePeriodSeconds"]
    if not isinstance(grace, int) or not 0 <= grace <= 2_147_483_647:
        raise invalid("healthCheckGracePeriodSeconds must be between 0 and 2147483647.")


def _family(service: Record) -> Record:
    """The task definition the service runs, even when it was deregistered meanwhile."""
    return ecs._task_defs[ecs._resolve_td_key(service["taskDefinition"])]  # type: ignore[no-any-return]


def _on_fargate(service: Record) -> bool:
    providers = {item["capacityProvider"] for item in service.get("capacityProviderStrategy") or []}
    return service.get("launchType") == "FARGATE" or bool(providers & {"FARGATE", "FARGATE_SPOT"})
