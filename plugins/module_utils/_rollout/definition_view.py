# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A task definition shown to a person, and what differs between two of them. Values that look secret are hidden."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .task_definition import normalise

if TYPE_CHECKING:
    from .task_definition import Document

_SECRET_NAME = re.compile(
    r"pass(word|wd|phrase)?|secret|token|credential|api_?key|private_?key|access_?key|auth", re.IGNORECASE
)
_USERINFO = re.compile(r"(?<=://)([^/@:\s]*):[^/@\s]+(?=@)")
_HIDDEN = "(hidden)"


def view(document: Document) -> dict[str, Any]:
    """*document* for a person: normalised, members by name, values that look secret hidden."""
    shown = normalise(document)
    for container in shown.get("containerDefinitions", []):
        for key, field in (("environment", "value"), ("secrets", "valueFrom")):
            if key in container:
                container[key] = {member["name"]: member.get(field, "") for member in container[key]}
        if "environment" in container:
            container["environment"] = {key: _masked(key, value) for key, value in container["environment"].items()}
    if "containerDefinitions" in shown:
        shown["containerDefinitions"] = {
            container.pop("name"): container for container in shown["containerDefinitions"]
        }
    return shown


def _masked(name: str, value: str) -> str:
    return _HIDDEN if _SECRET_NAME.search(name) else _USERINFO.sub(rf"\1:{_HIDDEN}", value)


def views(before: Document | None, after: Document) -> tuple[dict[str, Any], dict[str, Any]]:
    """Both sides for a diff. A hidden value that differs says so, since both sides would else look alike."""
    left, right = (view(before) if before else {}), view(after)
    if before is not None:
        _mark_hidden_changes(before, after, right)
    return left, right


def _mark_hidden_changes(before: Document, after: Document, right: dict[str, Any]) -> None:
    old, new = _environments(before), _environments(after)
    for container, values in new.items():
        shown = right["containerDefinitions"][container].get("environment", {})
        for name, value in values.items():
            was = old.get(container, {}).get(name)
            if was is not None and was != value and _HIDDEN in shown[name]:
                shown[name] = shown[name].replace(_HIDDEN, "(hidden, changed)")


def _environments(document: Document) -> dict[str, dict[str, str]]:
    return {
        container["name"]: {
            variable["name"]: variable.get("value", "") for variable in container.get("environment", [])
        }
        for container in normalise(document).get("containerDefinitions", [])
    }


def changes(before: Document | None, after: Document) -> tuple[str, ...]:
    """Which fields differ, as dotted paths, sorted; ``('new',)`` when there is nothing before."""
    if before is None:
        return ("new",)
    left, right = views(before, after)
    return tuple(sorted(_paths(left, right, "")))


def _paths(left: Any, right: Any, path: str) -> list[str]:
    if left == right:
        return []
    if not (isinstance(left, Mapping) and isinstance(right, Mapping)):
        return [path]
    found: list[str] = []
    for key in {*left, *right}:
        found += _paths(left.get(key), right.get(key), f"{path}.{key}" if path else str(key))
    return found
