# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What ECS refuses about a service, in its own words where the API reference prints them."""

import json
import re
from typing import Any

from sandbox.ministack import alb
from sandbox.services.ecs.model.errors import Refused, invalid
from sandbox.services.ecs.model.records import Record

_THRESHOLDS = ("COUNT", "BOUNDED_PERCENT", "UNBOUNDED_PERCENT")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")


def check_name(name: str | None) -> str:
    """The service's name."""
    if not name or not _NAME.fullmatch(name):
        raise invalid("Invalid service name. It must be 1 to 255 letters, numbers, underscores and hyphens.")
    return name


def check_count(desired: Any) -> int:
    """A desired count."""
    if not isinstance(desired, int) or desired < 0:
        raise invalid("The desiredCount must be a number that is zero or greater.")
    return desired


def check_network(family: Record, network: Record | None) -> None:
    """An awsvpc task needs subnets, and no other task may have them."""
    subnets = ((network or {}).get("awsvpcConfiguration") or {}).get("subnets")
    if family.get("networkMode") == "awsvpc":
        if not subnets:
            raise invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.")
    elif subnets:
        raise invalid("Network Configuration is not valid for the given networkMode of this task definition.")


def check_launch_type(family: Record, launch_type: str | None) -> None:
    """The task definition must be registered for the launch type."""
    if launch_type == "FARGATE" and "FARGATE" not in (family.get("requiresCompatibilities") or []):
        raise invalid("Task definition does not support launch_type FARGATE.")


def check_load_balancers(family: Record, load_balancers: list[Record]) -> None:
    """Each entry names a container, one of its ports, and a target group that some load balancer uses."""
    containers = {item["name"]: item for item in family["containerDefinitions"]}
    for entry in load_balancers:
        name, port = entry.get("containerName"), entry.get("containerPort")
        if name not in containers:
            raise invalid(f"The container {name} does not exist in the task definition.")
        ports = {mapping.get("containerPort") for mapping in containers[name].get("portMappings") or []}
        if port not in ports:
            raise invalid(f"The container {name} did not have a container port {port} defined.")
        _check_target_group(family, entry.get("targetGroupArn"))


def check_deployment_configuration(configuration: Record) -> None:
    """Percentages, strategy and the sections that depend on each other."""
    minimum, maximum = configuration["minimumHealthyPercent"], configuration["maximumPercent"]
    if not (isinstance(minimum, int) and isinstance(maximum, int)) or minimum < 0 or maximum < 100:
        raise invalid("minimumHealthyPercent must be zero or greater and maximumPercent 100 or greater.")
    if minimum >= 100 and maximum <= 100:
        raise invalid("Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments.")
    alarms = configuration.get("alarms") or {}
    if alarms.get("enable") and not alarms.get("alarmNames"):
        raise invalid("alarmNames must be given when deployment alarms are enabled.")
    _check_threshold((configuration.get("deploymentCircuitBreaker") or {}).get("thresholdConfiguration"))
    _check_early_success(configuration, configuration.get("earlySuccessCriteria"))


def _check_threshold(threshold: Record | None) -> None:
    if threshold is None:
        return
    kind, value = threshold.get("type"), threshold.get("value")
    if kind not in _THRESHOLDS:
        raise invalid(f"thresholdConfiguration.type must be one of {', '.join(_THRESHOLDS)}, not {kind}.")
    if not isinstance(value, int) or value < 1 or (kind != "COUNT" and value > 100):
        raise invalid("thresholdConfiguration.value must be 1 or greater, and at most 100 for a percentage.")


def _check_early_success(configuration: Record, criteria: Record | None) -> None:
    if not criteria or not criteria.get("enable"):
        return
    if (configuration.get("strategy") or "ROLLING") != "ROLLING":
        raise invalid("earlySuccessCriteria is only valid with the deployment strategy ROLLING.")
    percent = criteria.get("healthyPercent")
    if not isinstance(percent, int) or not configuration["minimumHealthyPercent"] <= percent <= 100:
        raise invalid("earlySuccessCriteria.healthyPercent must be between minimumHealthyPercent and 100.")
    if criteria.get("sourceServiceRevisionCleanup") not in ("BLOCKING", "DEFERRED"):
        raise invalid("earlySuccessCriteria.sourceServiceRevisionCleanup must be BLOCKING or DEFERRED.")


def check_controller(controller: Record | None) -> None:
    """Only ECS's own deployment controller is here."""
    kind = (controller or {}).get("type", "ECS")
    if kind != "ECS":
        raise Refused("UnsupportedFeatureException", f"The sandbox has no deployment controller {kind}: use ECS.")


def check_scheduling(strategy: str) -> None:
    """Only replicas are here."""
    if strategy != "REPLICA":
        raise Refused("UnsupportedFeatureException", f"The sandbox has no {strategy} services: use REPLICA.")


def _check_target_group(family: Record, arn: str | None) -> None:
    group = alb._tgs.get(arn) if arn else None
    if arn is None or group is None:
        raise invalid(f"The target group {arn} does not exist.")
    if family.get("networkMode") == "awsvpc" and group.get("TargetType", "instance") != "ip":
        raise invalid(
            f"The provided target group {arn} has target type {group.get('TargetType', 'instance')}, which is "
            "incompatible with the awsvpc network mode specified in the task definition."
        )
    if not any(
        arn in json.dumps(item, default=str) for store in (alb._listeners, alb._rules) for item in store.values()
    ):
        raise invalid(f"The target group with targetGroupArn {arn} does not have an associated load balancer.")
