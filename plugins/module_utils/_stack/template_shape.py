# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The outline that every template has, whatever it says. CloudFormation refuses any other at once. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_SECTIONS = ("Parameters", "Mappings", "Conditions", "Rules", "Resources", "Outputs")
_BODIES = ("Parameters", "Resources", "Outputs")
# Real templates have some twenty levels; a plan walks them all, one call a level.
_MOST_LEVELS = 100


def outline_problem(template: Any) -> str:
    """What the template lacks to be one, as what follows "it"; an empty text when it lacks nothing."""
    if not isinstance(template, Mapping) or not isinstance(template.get("Resources"), Mapping):
        return "has no Resources section"
    return next(_problems(template), "")


def _problems(template: Mapping[str, Any]) -> Iterator[str]:
    for level, path, value in _walk(template):
        if level > _MOST_LEVELS:
            yield f"is nested more than {_MOST_LEVELS} levels deep"
        if value is None:
            yield f"has a null value at {path}, which CloudFormation does not take"
    for section in (name for name in _SECTIONS if name in template):
        if not isinstance(template[section], Mapping):
            yield f"has {section} that are no mapping"
    for section in _BODIES:
        bodies = {name: body for name, body in template.get(section, {}).items() if not str(name).startswith("Fn::")}
        if wrong := [str(name) for name, body in bodies.items() if not isinstance(body, Mapping)]:
            yield f"has no mapping for {', '.join(wrong)} in its {section}"
    resources = {name: body for name, body in template["Resources"].items() if not str(name).startswith("Fn::")}
    if untyped := [str(name) for name, body in resources.items() if not isinstance(body.get("Type"), str)]:
        yield f"has resources without a Type: {', '.join(untyped)}"
    if wrong := [str(name) for name, body in resources.items() if not isinstance(body.get("Properties", {}), Mapping)]:
        yield f"has Properties that are no mapping in {', '.join(wrong)}"


def _walk(template: Any) -> Iterator[tuple[int, str, Any]]:
    """Every value with its level and path, to the level where it ends at the latest. No call within a call."""
    waiting = [(0, "", template)]
    while waiting:
        level, path, value = waiting.pop()
        yield level, path, value
        if level > _MOST_LEVELS:
            continue
        if isinstance(value, Mapping):
            waiting += [(level + 1, f"{path}.{key}" if path else str(key), item) for key, item in value.items()]
        elif isinstance(value, list | tuple):
            waiting += [(level + 1, f"{path}[{number}]", item) for number, item in enumerate(value)]
