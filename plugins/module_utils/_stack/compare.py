# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare two resolved templates: which resources are added, modified, removed, and which of them are replaced."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from .._errors import RequestError
from .replacement import replacement
from .unresolved import NewId, Unresolved

if TYPE_CHECKING:
    from .template import Model

_REFERENCE = re.compile(r"\$\{([A-Za-z0-9]+)[.}]")
_SEVERITY = ("no", "unknown", "maybe", "yes")
Place = tuple[str, str]
#: The path of a place where a resource is added, removed, or replaced with another.
EXISTENCE = ""


@dataclass(frozen=True)
class PropertyChange:
    """A value at a path like ``Properties.Tags[0].Value``. None means it is not there."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True)
class ResourceChange:
    """What happens to a resource. ``replacement`` is ``yes``, ``maybe``, ``no`` or ``unknown``.

    ``body`` is the whole of the resource as it will be, or as it was when it is removed. ``certain`` is false for one
    that is added only under a condition that is not known yet.
    """

    action: str
    logical_id: str
    resource_type: str
    replacement: str = "no"
    properties: tuple[PropertyChange, ...] = ()
    because: tuple[str, ...] = ()
    body: Mapping[str, Any] = field(default_factory=dict)
    certain: bool = True


def compare(before: Model, after: Model) -> tuple[ResourceChange, ...]:
    """The changes that turn a model into the other, in the template's order, removals last.

    A resource that reads a replaced resource is modified too, and so on down the chain.
    """
    changes = {change.logical_id: change for change in _direct(before, after)}
    _follow_replacements(changes, after)
    order = [*after.resources, *before.resources]
    return tuple(changes[name] for name in dict.fromkeys(order) if name in changes)


def references(value: Any) -> set[str]:
    """Logical ids that a resolved value reads."""
    if isinstance(value, Unresolved):
        return set(_REFERENCE.findall(value))
    items = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return {name for item in items for name in references(item)}


def _direct(before: Model, after: Model) -> Iterator[ResourceChange]:
    for name, body in after.resources.items():
        kind = body.get("Type", "")
        if name not in before.resources:
            yield ResourceChange("add", name, kind, body=body, certain=name not in after.uncertain)
            continue
        former = before.resources[name]
        if former.get("Type") != kind:
            raise RequestError(
                f"Resource {name} is a {former.get('Type')} and would become a {kind}. CloudFormation never changes "
                "the type of a resource: give the new resource another logical id."
            )
        properties = tuple(differences(_with_properties(former), _with_properties(body)))
        if properties:
            worst = _worst([_effect(kind, item) for item in properties if _replaces(item)])
            yield ResourceChange("modify", name, kind, worst, properties, body=body)
    for name, former in before.resources.items():
        if name not in after.resources:
            yield ResourceChange("remove", name, former.get("Type", ""), body=former)


def _with_properties(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """A resource without properties has none, so that each that it gets or loses is a change of its own."""
    return body if "Properties" in body else {**body, "Properties": {}}


def _follow_replacements(changes: dict[str, ResourceChange], after: Model) -> None:
    pending = [name for name, change in changes.items() if _may_replace(change)]
    while pending:
        replaced = pending.pop()
        for name, body in after.resources.items():
            paths = [path for path, value in _leaves(body.get("Properties", {}), "") if replaced in references(value)]
            known = changes.get(name)
            if not paths or (known and (known.action == "add" or replaced in known.because)):
                continue
            kind = body.get("Type", "")
            cause = changes[replaced].replacement
            own = _worst([replacement(kind, _schema_path(path)) for path in paths])
            # What reads a resource that may be replaced may itself be replaced, no more.
            own = "maybe" if own == "yes" and cause != "yes" else own
            known = known or ResourceChange("modify", name, kind, body=body)
            former = known.replacement
            known = replace(known, replacement=_worst([former, own]), because=(*known.because, replaced))
            changes[name] = known
            if _may_replace(known) and known.replacement != former:
                pending.append(name)


def replacing(change: ResourceChange) -> tuple[PropertyChange, ...]:
    """The changed properties that replace their resource, surely or maybe."""
    return tuple(item for item in change.properties if _replaces(item) and _effect(change.resource_type, item) != "no")


def places(change: ResourceChange, *, replacing_only: bool = False) -> frozenset[Place]:
    """Logical id and path of all that changes of a resource."""
    properties = replacing(change) if replacing_only else change.properties
    return frozenset((change.logical_id, path) for path in (EXISTENCE, *(item.path for item in properties)))


def _may_replace(change: ResourceChange) -> bool:
    return change.action == "modify" and change.replacement in {"yes", "maybe"}


def _replaces(change: PropertyChange) -> bool:
    return change.path.startswith("Properties.")


def _effect(kind: str, change: PropertyChange) -> str:
    return _worst([_effect_of_part(kind, part) for part in _parts(change)])


def _parts(change: PropertyChange) -> Iterator[PropertyChange]:
    """What a mapping consists of that was not there before, or is no longer: not all of it need replace."""
    sides = (change.before, change.after)
    whole = next((side for side in sides if isinstance(side, Mapping) and side), None)
    if whole is None or None not in sides:
        yield change
        return
    for key in whole:
        before, after = (None if side is None else side[key] for side in sides)
        yield from _parts(PropertyChange(f"{change.path}.{key}", before, after))


def _effect_of_part(kind: str, change: PropertyChange) -> str:
    effect = replacement(kind, _schema_path(change.path))
    # A value known after apply may turn out to be the one that is there.
    later = isinstance(change.after, Unresolved) and not isinstance(change.after, NewId)
    waits = later and not isinstance(change.before, Unresolved)
    return "maybe" if effect == "yes" and waits and change.before is not None else effect


def _worst(answers: list[str]) -> str:
    return max(answers, key=_SEVERITY.index, default="no")


def _schema_path(path: str) -> str:
    return re.sub(r"\[\d+\]", "", path.removeprefix("Properties."))


def differences(before: Any, after: Any, path: str = "") -> Iterator[PropertyChange]:
    """Every value that differs, at the deepest path where both sides still have the same shape."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys([*after, *before]):
            yield from differences(before.get(key), after.get(key), f"{path}.{key}" if path else str(key))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (left, right) in enumerate(zip(before, after, strict=True)):
            yield from differences(left, right, f"{path}[{index}]")
    elif before != after:
        yield PropertyChange(path, before, after)


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item, path)
    else:
        yield path, value
