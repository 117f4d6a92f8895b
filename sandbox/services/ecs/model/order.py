# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""In which order the containers of a task start (`dependsOn`), and who owns the task's network."""

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any

from sandbox.services.ecs.model.errors import StartFailed

Definition = Mapping[str, Any]


def start_order(definitions: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The definitions, each after those it depends on, otherwise as written; StartFailed for a cycle or a stranger."""
    by_name = {definition["name"]: definition for definition in definitions}
    graph = {
        name: [dependency["containerName"] for dependency in definition.get("dependsOn") or []]
        for name, definition in by_name.items()
    }
    strangers = sorted({name for names in graph.values() for name in names} - set(by_name))
    if strangers:
        raise StartFailed(f"ResourceInitializationError: dependsOn names no container of the task: {strangers[0]}")
    try:
        return [by_name[name] for name in TopologicalSorter(graph).static_order()]
    except CycleError as error:
        raise StartFailed("ResourceInitializationError: dependsOn of the task's containers is a circle") from error


def finishing(definitions: Sequence[Definition]) -> set[str]:
    """The containers that others wait for to end: they cannot own the network that the others join."""
    return {
        dependency["containerName"]
        for definition in definitions
        for dependency in definition.get("dependsOn") or []
        if dependency["condition"] in ("COMPLETE", "SUCCESS")
    }
