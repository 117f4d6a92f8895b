# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The comparison of a service and its listener rules with what is wanted."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from .conditions import view_conditions
from .rules import compared

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..values import DeploymentSettings, ListenerRule, Network, Service, ServiceSettings, TargetBinding

# A change of one of these makes ECS start a new deployment; the others take effect without one.
_DEPLOYING = frozenset({"network", "target_bindings", "platform_version", "capacity_providers"})


def normalise_settings(settings: ServiceSettings) -> ServiceSettings:
    """*settings* in the form that is compared: what ECS fills in or leaves out made alike on both sides."""
    deployment = settings.deployment
    deployment = replace(deployment, own={name: member for name, member in deployment.own.items() if member})
    if not deployment.alarms:
        deployment = replace(deployment, alarm_rollback=True)
    if not deployment.circuit_breaker:
        deployment = replace(deployment, circuit_breaker_rollback=False)
    launch_type = "" if settings.capacity_providers else settings.launch_type
    tags = frozenset((key, value) for key, value in settings.tags if not key.startswith("aws:"))
    return replace(
        settings,
        deployment=deployment,
        launch_type=launch_type,
        platform_version=(settings.platform_version or "LATEST") if settings.on_fargate else "",
        tags=tags,
    )


def comparable(current: ServiceSettings, wanted: ServiceSettings) -> ServiceSettings:
    """*current* without those members of its strategy that *wanted* says nothing of: they are left as they are."""
    own = _only(current.deployment.own, wanted.deployment.own)
    return replace(current, deployment=replace(current.deployment, own=own))


def _only(current: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _only(member, wanted[name]) if isinstance(member, dict) and isinstance(wanted[name], dict) else member
        for name, member in current.items()
        if name in wanted
    }


def changed_settings(current: ServiceSettings, wanted: ServiceSettings) -> tuple[str, ...]:
    """The names of the settings that differ, in the order of their declaration."""
    left, right = normalise_settings(comparable(current, wanted)), normalise_settings(wanted)
    return tuple(field.name for field in fields(right) if getattr(left, field.name) != getattr(right, field.name))


def starts_deployment(changed: tuple[str, ...]) -> bool:
    """Whether changing these settings makes ECS replace tasks."""
    return not _DEPLOYING.isdisjoint(changed)


def why_not_updatable(service: Service, wanted: ServiceSettings) -> str:
    """Why *service* cannot become what is wanted by an update; empty when it can.

    ECS would have to delete the service and create it again, which stops every task of it.
    """
    if service.controller != "ECS":
        return f"its deployment controller is {service.controller}, where ECS itself must be the controller"
    if service.scheduling != "REPLICA":
        return f"its scheduling strategy is {service.scheduling}, where REPLICA is wanted"
    left, right = normalise_settings(service.settings), normalise_settings(wanted)
    if left.launch_type and right.launch_type and left.launch_type != right.launch_type:
        return f"its launch type is {left.launch_type}, where {right.launch_type} is wanted"
    return ""


def view_settings(settings: ServiceSettings) -> dict[str, Any]:
    """*settings* for a person and for a diff."""
    form = normalise_settings(settings)
    return {
        "launch_type": form.launch_type,
        "capacity_providers": {
            provider.name: {"weight": provider.weight, "base": provider.base}
            for provider in sorted(form.capacity_providers, key=lambda provider: provider.name)
        },
        "platform_version": form.platform_version,
        "network": _view_network(form.network),
        "target_groups": sorted(
            f"{' or '.join(binding.target_group_arns)} -> {binding.container_name}:{binding.container_port}"
            for binding in form.target_bindings
        ),
        "health_check_grace_period_seconds": form.health_check_grace_period_seconds,
        "deployment": _view_deployment(form.deployment),
        "enable_execute_command": form.enable_execute_command,
        "propagate_tags": form.propagate_tags,
        "enable_ecs_managed_tags": form.enable_ecs_managed_tags,
        "tags": dict(sorted(form.tags)),
    }


def _view_network(network: Network | None) -> Mapping[str, Any]:
    if network is None:
        return {}
    return {
        "subnets": sorted(network.subnets),
        "security_groups": sorted(network.security_groups),
        "assign_public_ip": network.assign_public_ip,
    }


def _view_deployment(deployment: DeploymentSettings) -> Mapping[str, Any]:
    return {
        "strategy": deployment.strategy,
        "minimum_healthy_percent": deployment.minimum_healthy_percent,
        "maximum_percent": deployment.maximum_percent,
        "circuit_breaker": deployment.circuit_breaker,
        "circuit_breaker_rollback": deployment.circuit_breaker_rollback,
        "alarms": sorted(deployment.alarms),
        "alarm_rollback": deployment.alarm_rollback,
        **deployment.own,
    }


def joint_bindings(
    current: frozenset[TargetBinding], wanted: frozenset[TargetBinding], routed: frozenset[str]
) -> frozenset[TargetBinding]:
    """The bindings of tasks that have to be reached both before and after traffic moves: *wanted*, and *current*.

    Of *current* those groups that are *routed* to. Tasks register there with the port that the wanted revision serves.
    """
    groups = {binding.target_group_arn for binding in wanted}
    left = {binding.target_group_arn for binding in current} & routed - groups
    if not wanted:
        return wanted
    served = min(wanted, key=lambda binding: binding.target_group_arn)
    return wanted | {replace(served, target_group_arn=group) for group in left}


def same_rule(current: ListenerRule | None, wanted: ListenerRule) -> bool:
    """Whether the rule that stands at the priority is the wanted one."""
    return current is not None and replace(compared(current), arn="") == replace(compared(wanted), arn="")


def view_rule(rule: ListenerRule, show: Callable[[str], str]) -> dict[str, Any]:
    """*rule* for a person and for a diff. Values of headers and query strings are shown as *show* says."""
    return {
        "paths": sorted(rule.path_patterns) or ["/*"],
        "hosts": sorted(map(str.lower, rule.host_headers)),
        **view_conditions(rule.conditions, show),
        "forward_to": rule.target_group_arn,
        **({"without_traffic": sorted(rule.waiting_group_arns)} if rule.waiting_group_arns else {}),
    }
