# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters about the services that are released with another. Each has its documentation beside this file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleFilterError

from ..module_utils._stack.prices import HOURLY

if TYPE_CHECKING:
    from collections.abc import Callable

_NAMES = (
    "name",
    "released",
    "command",
    "task_role_output",
    "environment",
    "environment_outputs",
    "cpu",
    "memory_mib",
    "health_check",
    "tasks_minimum",
    "tasks_maximum",
    "scaling_cpu_percent",
    "scaling_backlog_per_task",
    "scaling_backlog_age_seconds",
    "rest_after_seconds",
    "scheduled_actions",
    "bake_seconds",
    "gates",
)
# What the number of tasks can follow, each as an option of the module's scaling.
_FOLLOWED = ("cpu_percent", "backlog_per_task", "backlog_age_seconds")
# Patient: a companion computes all the time and keeps no user waiting, and what it is at is lost with it.
_HEALTH_CHECK = {"interval": 10, "timeout": 15, "retries": 5, "startPeriod": 60}


def companion_services(
    companions: Any, task_definition: Any, service: str, outputs: Mapping[str, str] | None = None
) -> list[dict[str, Any]]:
    """The option ``companions`` of ``ecs_rollout`` for services that run the first container of *task_definition*.

    *outputs* are those of the component ``service``, which name the roles that companions have.
    """
    if not isinstance(companions, list | tuple) or not all(isinstance(entry, Mapping) for entry in companions):
        raise AnsibleFilterError(f"Tried to read companions from {companions!r}, which is no list of dictionaries.")
    if not isinstance(task_definition, Mapping):
        raise AnsibleFilterError(f"Tried to write companions of {task_definition!r}, which is no task definition.")
    # What is named and left empty is as left out.
    companions = [
        {name: value for name, value in entry.items() if value is not None or name not in _NAMES}
        for entry in companions
    ]
    definitions = [_with_role(entry, task_definition, outputs or {}) for entry in companions]
    return [
        _service(
            _with_values(entry, outputs or {}) if "containerDefinitions" in definition else entry, definition, service
        )
        for entry, definition in zip(companions, definitions, strict=True)
    ]


def _with_role(
    entry: Mapping[str, Any], task_definition: Mapping[str, Any], outputs: Mapping[str, str]
) -> dict[str, Any]:
    """The definition with the companion's own role. One without containers is removed, which needs none."""
    output = entry.get("task_role_output")
    if not output or "containerDefinitions" not in task_definition:
        return dict(task_definition)
    return {**task_definition, "taskRoleArn": _output(entry, f"task_role_output {output}", output, outputs)}


def _output(entry: Mapping[str, Any], said: str, output: str, outputs: Mapping[str, str]) -> str:
    """An output of the component ``service``."""
    if output not in outputs:
        raise AnsibleFilterError(
            f"Companion {entry.get('name')} has {said}, which the component service does not have. "
            f"It has {', '.join(sorted(outputs)) or 'none'}. Correct it, or provision the component service first."
        )
    return outputs[output]


def _with_values(entry: Mapping[str, Any], outputs: Mapping[str, str]) -> dict[str, Any]:
    """The companion with the values of all of its environment variables."""
    named = entry.get("environment_outputs") or {}
    if not named:
        return dict(entry)
    values = {
        name: _output(entry, f"environment_outputs {name}: {output}", output, outputs) for name, output in named.items()
    }
    return {**entry, "environment": {**values, **(entry.get("environment") or {})}}


def _service(entry: Mapping[str, Any], task_definition: Mapping[str, Any], service: str) -> dict[str, Any]:
    name = entry.get("name")
    if not isinstance(name, str) or not name:
        raise AnsibleFilterError(f"A companion of {service} has no name: {dict(entry)!r}. Give it one, such as worker.")
    if strays := sorted(set(map(str, entry)) - set(_NAMES)):
        raise AnsibleFilterError(
            f"Companion {name} of {service} is given {', '.join(strays)}, which it does not have. It takes "
            f"{', '.join(_NAMES)}."
        )
    made = {
        "service": f"{service}-{name}",
        "released": entry.get("released", "before"),
        "task_definition": _definition(entry, task_definition, name),
        "gates": [_stability(entry), *(entry.get("gates") or [])],
    }
    return {**made, **_scaling(entry, name, _metrics_namespace(task_definition))}


def _stability(entry: Mapping[str, Any]) -> dict[str, Any]:
    own = {"bake_seconds": entry["bake_seconds"]} if "bake_seconds" in entry else {}
    return {"kind": "task_stability", **own}


def _scaling(entry: Mapping[str, Any], name: str, namespace: str | None) -> dict[str, Any]:
    """How many tasks: a number that stays, or bounds between which they are scaled."""
    least = entry.get("tasks_minimum", 1)
    most = entry.get("tasks_maximum", least)
    followed = {option: entry[f"scaling_{option}"] for option in _FOLLOWED if f"scaling_{option}" in entry}
    if not followed:
        if least == 0 and namespace is not None:
            raise AnsibleFilterError(
                f"Companion {name} has tasks_minimum 0, and nothing to scale by, so that none would ever run: set "
                f"{' or '.join(f'scaling_{option}' for option in _FOLLOWED)}, or tasks_minimum to 1 or more."
            )
        if most != least or entry.get("scheduled_actions"):
            bounds = f"tasks_maximum {most} and tasks_minimum {least}" if most != least else "scheduled_actions"
            raise AnsibleFilterError(
                f"Companion {name} has {bounds}, and nothing to scale by: set "
                f"{' or '.join(f'scaling_{option}' for option in _FOLLOWED)}, or leave "
                f"{'tasks_maximum' if most != least else 'scheduled_actions'} out."
            )
        return {"desired_count": least}
    scaling = {"minimum": least, "maximum": most, "cpu_percent": 0, **followed}
    if namespace is None:
        return {"desired_count": max(1, least), "scaling": {"minimum": least, "maximum": most}}
    if namespace:
        scaling["backlog_namespace"] = namespace
    if "rest_after_seconds" in entry:
        scaling["rest_after_seconds"] = entry["rest_after_seconds"]
    if entry.get("scheduled_actions"):
        scaling["scheduled_actions"] = entry["scheduled_actions"]
    # A service is made with a task, which is judged, whether it may rest or not.
    return {"desired_count": max(1, least), "scaling": scaling}


def _metrics_namespace(task_definition: Mapping[str, Any]) -> str | None:
    """Where the service tells what waits. None where it is removed."""
    if "containerDefinitions" not in task_definition:
        return None
    first: Mapping[str, Any] = next(iter(task_definition["containerDefinitions"]), {})
    told = {variable.get("name"): variable.get("value") for variable in first.get("environment") or []}
    return str(told.get("FASTBREAK_METRICS_NAMESPACE") or "")


def _definition(entry: Mapping[str, Any], task_definition: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The definition with a family of its own, whose container takes no requests and runs the companion's command."""
    made = {**task_definition, "family": f"{task_definition.get('family', '')}-{name}"}
    if "containerDefinitions" not in made:
        return made
    for key, field in (("cpu", "cpu"), ("memory", "memory_mib")):
        if field in entry:
            made[key] = str(entry[field])
    first, *others = made["containerDefinitions"]
    own = {key: value for key, value in first.items() if key not in {"portMappings", "healthCheck"}}
    given = entry.get("environment") or {}
    kept = [variable for variable in own.get("environment") or [] if variable.get("name") not in given]
    told = {**_price(made), **given} if _metrics_namespace(task_definition) else given
    own["environment"] = [*kept, *({"name": key, "value": value} for key, value in told.items())]
    if entry.get("command"):
        own["command"] = list(entry["command"])
    if entry.get("health_check"):
        own["healthCheck"] = {"command": list(entry["health_check"]), **_HEALTH_CHECK}
    return {**made, "containerDefinitions": [own, *others]}


def _price(definition: Mapping[str, Any]) -> dict[str, str]:
    """What an hour of such a task costs on demand, in millionths of a dollar, from which it tells what work costs."""
    architecture = str((definition.get("runtimePlatform") or {}).get("cpuArchitecture") or "X86_64").lower()
    try:
        vcpus, gib = int(definition["cpu"]) / 1024, int(definition["memory"]) / 1024
        dollars = vcpus * HOURLY[f"fargate_{architecture}_vcpu"] + gib * HOURLY[f"fargate_{architecture}_gib"]
    except (KeyError, ValueError):
        # What is wrong with its size is said by those who check it, and without a price none is told.
        return {}
    return {"FASTBREAK_MICRODOLLARS_PER_HOUR": str(round(dollars * 1e6))}


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"companion_services": companion_services}
