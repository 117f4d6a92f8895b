# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The order in which containers of a task start, and why it could not be kept. Pure."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def order_problems(containers: list[Mapping[str, Any]]) -> Iterator[str]:
    """What is wrong with ``dependsOn`` of *containers*."""
    by_name = {container.get("name", ""): container for container in containers}
    waits: dict[str, set[str]] = {name: set() for name in by_name}
    for container in containers:
        name = container.get("name", "")
        for dependency in container.get("dependsOn", []):
            awaited = dependency.get("containerName", "")
            if awaited not in by_name:
                there = ", ".join(sorted(by_name))
                yield f"Container {name!r} depends on {awaited!r}, which task_definition does not have ({there})."
                continue
            waits[name].add(awaited)
            yield from _condition_problems(name, by_name[awaited], dependency.get("condition", ""))
    try:
        TopologicalSorter(waits).prepare()
    except CycleError as error:
        circle = " -> ".join(reversed(error.args[1]))
        yield f"dependsOn goes round in a circle: {circle}. No container of it could start; take one dependency out."


def _condition_problems(name: str, awaited: Mapping[str, Any], condition: str) -> Iterator[str]:
    there = awaited.get("name", "")
    if condition == "HEALTHY" and not awaited.get("healthCheck"):
        yield (
            f"Container {name!r} waits until {there!r} is HEALTHY, but {there!r} has no healthCheck in "
            "task_definition, and that of its image does not count. Write one, or wait for START."
        )
    if condition in ("COMPLETE", "SUCCESS") and awaited.get("essential", True):
        yield (
            f"Container {name!r} waits for the {condition} of {there!r}, which is essential: the task ends with it. "
            f"Set essential: false on {there!r}."
        )
