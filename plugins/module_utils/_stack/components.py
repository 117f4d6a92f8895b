# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Components and their stacks: what a component's stack is called, and which outputs it has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._errors import RequestError


def stack_name(component: Any, environment: Any) -> str:
    """The name of a component's stack. Raises `RequestError` when either is no text or empty."""
    for label, value in (("component", component), ("environment", environment)):
        if not isinstance(value, str) or not value:
            raise RequestError(f"Tried to name a stack, but its {label} is {value!r}. Give the {label}'s name.")
    return f"fastbreak-{environment}-{component}"


def component_of(stack: str) -> str:
    """The component whose stack this is: what follows the last hyphen, for the words of a message."""
    return stack.rpartition("-")[2]


def enumerated(components: Sequence[str]) -> str:
    """The names as a sentence lists them: ``network, rds and ecs``."""
    *others, last = components
    return f"{', '.join(others)} and {last}" if others else last


def logical_ids(chosen: Any, component: Any, components: Any) -> list[str]:
    """The resources of a component among those that somebody chose as ``component.LogicalId``.

    *chosen* is a list or a comma-separated text; *components* are all there are. Raises `RequestError` for a choice
    that names no component, so that a misspelt one is never passed over.
    """
    if chosen is not None and not isinstance(chosen, str | list | tuple):
        raise RequestError(f"{chosen!r} names no resources. Write component.LogicalId, like rds.Database, or a list.")
    items = chosen.split(",") if isinstance(chosen, str) else chosen or []
    found = []
    for item in (str(item).strip() for item in items):
        owner, dot, name = item.partition(".")
        if item and (not dot or not name or owner not in components):
            raise RequestError(
                f"{item!r} names no resource of a component. Write component.LogicalId, like rds.Database; the "
                f"components are {', '.join(components)}."
            )
        if owner == component:
            found.append(name)
    return found


def stack_names(components: Any, environment: Any) -> dict[str, str]:
    """The names of several stacks, by component. Raises `RequestError` for what is no list of components."""
    if not isinstance(components, list | tuple):
        raise RequestError(f"Tried to name the stacks of {components!r}, which is no list. Write [network, rds].")
    return {component: stack_name(component, environment) for component in components}


def component_outputs(stacks: Any, components: Any, environment: Any) -> dict[str, Mapping[str, str]]:
    """The outputs of each component whose stack is there and has some.

    *stacks* are those that `cloudformation_stack_info` returns: stack name to ``outputs`` and more.
    """
    if not isinstance(stacks, Mapping):
        raise RequestError(
            f"Tried to read the outputs of {stacks!r}, which are no stacks. Hand in the stacks that "
            "cloudformation_stack_info returned."
        )
    names = stack_names(components, environment)
    found = {component: (stacks.get(name) or {}).get("outputs") for component, name in names.items()}
    return {component: outputs for component, outputs in found.items() if outputs}
