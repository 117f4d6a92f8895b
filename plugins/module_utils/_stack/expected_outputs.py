# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a stack's outputs will be once its plan is carried out, as far as that is known before. Pure.

Other components of a run are planned from these: what is not known here makes their plans say more than they do.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .compare import references
from .components import component_of
from .kinds import ID_FROM_AWS
from .unresolved import NewId, Unresolved, joined, new_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .compare import ResourceChange
    from .plan import StackPlan
    from .template import Model

_REFERENCE = re.compile(r"\$\{([A-Za-z0-9]+)\}")
#: What a value holds that is not a reference to a resource alone: an attribute, or what a function comes to.
_OPAQUE = re.compile(r"\$\{|\(")


def unknown_outputs(plan: StackPlan) -> bool:
    """Whether the ids of the stack's resources would tell more of its outputs."""
    return any(value is None for value in plan.expected_outputs.values())


def with_ids(plan: StackPlan, desired: Model, physical_ids: Mapping[str, str]) -> StackPlan:
    """The plan with the outputs that name resources: by their ids, or as ids that AWS is yet to give."""
    ids = dict(_ids(plan, desired, physical_ids))
    told = {
        key: _with_ids(desired.outputs.get(key), ids) if value is None else value
        for key, value in plan.expected_outputs.items()
    }
    return replace(plan, expected_outputs=told)


def known_outputs(outputs: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs as a user reads them: None for all that is not known yet."""
    return {key: None if isinstance(value, Unresolved) else value for key, value in outputs.items()}


def _ids(plan: StackPlan, desired: Model, physical_ids: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    changes = {change.logical_id: change for change in plan.resources}
    for name in desired.resources:
        if not _moves(changes.get(name)):
            if name in physical_ids:
                yield name, physical_ids[name]
        elif _is_new(changes[name]):
            yield name, new_id(name, component_of(plan.name))


def _moves(change: ResourceChange | None) -> bool:
    return change is not None and (change.action == "add" or change.replacement != "no")


def _is_new(change: ResourceChange) -> bool:
    """Whether its id is given by AWS, and is surely another one than before."""
    made = change.certain if change.action == "add" else change.replacement == "yes"
    return made and change.resource_type in ID_FROM_AWS


def _with_ids(value: Any, ids: Mapping[str, str]) -> str | None:
    if not isinstance(value, Unresolved) or not references(value) <= set(ids):
        return None
    parts = _REFERENCE.split(value)
    if any(_OPAQUE.search(text) for text in parts[::2]):
        return None
    found = joined("", [ids[part] if index % 2 else part for index, part in enumerate(parts)])
    return None if isinstance(found, Unresolved) and not isinstance(found, NewId) else found
