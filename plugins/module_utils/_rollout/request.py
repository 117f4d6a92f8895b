# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A module's options as a request. Checks across options are made here; nothing is asked of the world."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from .._errors import RequestError
from .._release.record import DEPLOY, ROLLBACK
from .gates.model import Gate, HttpGate, TargetHealthGate
from .session import Migration, RolloutRequest
from .values import (
    CapacityProvider,
    DeploymentSettings,
    ListenerRule,
    Network,
    Scaling,
    ServiceSettings,
    TargetBinding,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    Options = Mapping[str, Any]


def build_request(options: Options, *, owner: str, salt: str) -> RolloutRequest:
    """The request that *options* stand for. Raises RequestError, saying which option is wrong and why."""
    settings = _settings(options)
    request = RolloutRequest(
        cluster=options["cluster"],
        service=options["service"],
        repository=options["repository"] or "",
        version=options["version"] or "",
        document=options["task_definition"] or {},
        settings=settings,
        owner=owner,
        salt=salt,
        kind=ROLLBACK if options["state"] == "rolled_back" else DEPLOY,
        rules=_rules(options, settings),
        scaling=_scaling(options["scaling"]),
        desired_count=_desired_count(options),
        gates=_gates(options),
        migration=_migration(options),
        supersede=options["supersede"],
        require_promoted=options["require_promoted"],
        timeout_seconds=options["timeout_seconds"],
        poll_seconds=options["poll_interval_seconds"],
        tags=options["tags"] or {},
    )
    if options["state"] != "absent" and (problems := _problems(request)):
        raise RequestError(f"Rolling out {request.service}: " + " ".join(problems), problems=problems)
    return request


def _settings(options: Options) -> ServiceSettings:
    network, balancer, deployment = options["network"], options["load_balancer"], options["deployment"] or {}
    providers = options["capacity_provider_strategy"] or []
    return ServiceSettings(
        launch_type="" if providers else options["launch_type"],
        capacity_providers=frozenset(
            CapacityProvider(one["capacity_provider"], one["weight"], one["base"]) for one in providers
        ),
        platform_version=options["platform_version"],
        network=Network(
            frozenset(network["subnets"]), frozenset(network["security_groups"]), network["assign_public_ip"]
        )
        if network
        else None,
        target_bindings=frozenset(
            {TargetBinding(balancer["target_group_arn"], balancer["container_name"], balancer["container_port"])}
        )
        if balancer
        else frozenset(),
        health_check_grace_period_seconds=options["health_check_grace_period_seconds"],
        deployment=_deployment(deployment),
        enable_execute_command=options["enable_execute_command"],
        propagate_tags=options["propagate_tags"],
        enable_ecs_managed_tags=options["enable_ecs_managed_tags"],
        tags=frozenset((options["tags"] or {}).items()),
    )


def _deployment(options: Options) -> DeploymentSettings:
    if not options:
        return DeploymentSettings()
    return DeploymentSettings(
        strategy=options["strategy"],
        minimum_healthy_percent=options["minimum_healthy_percent"],
        maximum_percent=options["maximum_percent"],
        circuit_breaker=options["circuit_breaker"],
        circuit_breaker_rollback=options["circuit_breaker"],
        alarms=frozenset(options["alarms"]),
        alarm_rollback=True,
    )


def _rules(options: Options, settings: ServiceSettings) -> tuple[ListenerRule, ...]:
    target_group_arn = next(iter(sorted(one.target_group_arn for one in settings.target_bindings)), "")
    return tuple(
        ListenerRule(
            listener_arn=one["listener_arn"],
            priority=one["priority"],
            path_patterns=frozenset(one["path_patterns"]),
            target_group_arn=target_group_arn,
            host_headers=frozenset(one["host_headers"]),
        )
        for one in options["listener_rules"] or []
    )


def _scaling(options: Options | None) -> Scaling | None:
    if not options:
        return None
    return Scaling(
        minimum=options["minimum"],
        maximum=options["maximum"],
        cpu_percent=options["cpu_percent"],
        scale_in_cooldown_seconds=options["scale_in_cooldown_seconds"],
        scale_out_cooldown_seconds=options["scale_out_cooldown_seconds"],
    )


def _desired_count(options: Options) -> int:
    if options["desired_count"] is not None:
        return int(options["desired_count"])
    return int(options["scaling"]["minimum"]) if options["scaling"] else 1


def _migration(options: Options) -> Migration | None:
    migration = options["migration"]
    if not migration:
        return None
    return Migration(migration["container"], tuple(migration["command"]), migration["timeout_seconds"])


def _gates(options: Options) -> tuple[Gate, ...]:
    return tuple(_gate(one, options["url"] or "") for one in options["gates"] or [])


def _gate(options: Options, url: str) -> Gate:
    deadline = options["deadline_seconds"]
    if deadline is None:
        deadline = options["bake_seconds"] + 60.0
    if options["kind"] == "target_health":
        return TargetHealthGate(
            name=options["name"] or "target_health",
            consecutive_successes=options["consecutive_successes"],
            bake_seconds=options["bake_seconds"],
            deadline_seconds=deadline,
            maximum_task_failures=options["maximum_task_failures"],
            maximum_start_failures=options["maximum_start_failures"],
        )
    path = options["path"] or "/"
    return HttpGate(
        name=options["name"] or f"http {path}",
        url=urljoin(url.rstrip("/") + "/", path.lstrip("/")),
        method=options["method"],
        expected_status=tuple(options["expected_status"]),
        minimum_samples=options["minimum_samples"],
        maximum_failure_ratio=options["maximum_failure_ratio"],
        interval_seconds=options["interval_seconds"],
        bake_seconds=options["bake_seconds"],
        deadline_seconds=deadline,
        request_timeout_seconds=options["request_timeout_seconds"],
        version_header=options["version_header"],
    )


def _problems(request: RolloutRequest) -> list[str]:
    problems: list[str] = []
    names = [gate.name for gate in request.gates]
    if not request.gates:
        problems.append("gates is empty, so no release could ever pass; name at least one gate.")
    if len(set(names)) != len(names):
        problems.append(f"gates has a name twice ({', '.join(sorted(names))}); give each its own 'name'.")
    for gate in request.gates:
        problems += _gate_problems(gate)
    if request.scaling and request.scaling.minimum > request.scaling.maximum:
        problems.append(
            f"scaling.minimum {request.scaling.minimum} is above scaling.maximum {request.scaling.maximum}."
        )
    if request.scaling and request.scaling.minimum < 1:
        problems.append("scaling.minimum is below 1; a release to zero tasks could not be judged.")
    if request.desired_count < 1:
        problems.append("desired_count is below 1; a release to zero tasks could not be judged.")
    if request.poll_seconds <= 0:
        problems.append("poll_interval_seconds must be above 0.")
    places = [(rule.listener_arn, rule.priority) for rule in request.rules]
    if len(set(places)) != len(places):
        problems.append("listener_rules names the same priority of a listener twice.")
    problems += [
        f"listener_rules at priority {rule.priority} has neither path_patterns nor host_headers."
        for rule in request.rules
        if not rule.path_patterns and not rule.host_headers
    ]
    return problems


def _gate_problems(gate: Gate) -> list[str]:
    problems: list[str] = []
    if gate.deadline_seconds < gate.bake_seconds:
        problems.append(f"gate {gate.name}: deadline_seconds is below bake_seconds, so it could never pass.")
    if isinstance(gate, TargetHealthGate):
        return problems
    if urlsplit(gate.url).scheme not in ("http", "https"):
        problems.append(f"gate {gate.name}: {gate.url!r} is no http or https address; set 'url'.")
    if not 0 <= gate.maximum_failure_ratio < 1:
        problems.append(f"gate {gate.name}: maximum_failure_ratio must be at least 0 and below 1.")
    if gate.minimum_samples < 1 or gate.interval_seconds <= 0:
        problems.append(f"gate {gate.name}: minimum_samples must be at least 1 and interval_seconds above 0.")
    elif gate.minimum_samples * gate.interval_seconds > gate.deadline_seconds:
        problems.append(
            f"gate {gate.name}: {gate.minimum_samples} samples every {gate.interval_seconds:g} s do not fit into its "
            "deadline "
            f"of {gate.deadline_seconds:g} s, so it could never pass."
        )
    return problems
