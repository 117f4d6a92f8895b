# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a stack: everything that applying a request would change. A run and a check decide from the same plan."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .compare import ResourceChange, compare, references
from .monthly_cost import Charge, charges
from .origins import Origins, origins
from .template import Model, evaluate
from .unresolved import Unresolved

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .left_behind import LeftBehind
    from .types import StackRequest, StackSnapshot, Template


@dataclass(frozen=True)
class Existing:
    """A stack that stands: its description, the template it was made from, its stack policy (None: there is none)."""

    snapshot: StackSnapshot
    template: Template
    stack_policy: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class StackPlan:
    """What would happen. ``parameters`` are the complete ones to send; pairs are (before, after).

    ``expected_outputs`` are the outputs afterwards; None stands for a value known after apply, as does a `NewId`, of
    which more is known. ``charges`` are what the stack costs then, and ``former_charges`` what it costs as it stands;
    ``asked_by`` are the variables of the inventory that differ from those it was made with, and what each touches.
    ``left_behind`` is what a deletion leaves behind, or where it is created, what those of its predecessors did;
    ``unseen`` says what of that could not be looked at.
    """

    name: str
    action: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    resources: tuple[ResourceChange, ...] = ()
    outputs: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    tags: Mapping[str, tuple[str | None, str | None]] = field(default_factory=dict)
    termination_protection: tuple[bool, bool] | None = None
    stack_policy: tuple[Mapping[str, Any] | None, Mapping[str, Any]] | None = None
    expected_outputs: Mapping[str, str | None] = field(default_factory=dict)
    charges: tuple[Charge, ...] = ()
    former_charges: tuple[Charge, ...] = ()
    asked_by: Origins = field(default_factory=dict)
    left_behind: tuple[LeftBehind, ...] = ()
    unseen: str = ""

    @property
    def changed(self) -> bool:
        return self.action != "none"

    @property
    def updates_template(self) -> bool:
        """Whether CloudFormation has to be given the template, parameters or tags."""
        return bool(self.resources or self.outputs or self.tags)


def plan(
    request: StackRequest,
    template: Template,
    parameters: Mapping[str, str],
    existing: Existing | None,
    pseudo: Mapping[str, str],
) -> StackPlan:
    """Compare the request with what stands.

    Each parameter that the template declares has a value in ``parameters``, which may be `Unresolved`.
    """
    desired = evaluate(template, parameters, pseudo)
    if existing is None:
        return _creation(request, parameters, desired)
    snapshot = existing.snapshot
    stored = _stored_parameters(existing)
    former = evaluate(existing.template, stored, pseudo)
    resources = compare(former, desired)
    found = StackPlan(
        name=request.name,
        action="none",
        parameters=parameters,
        resources=resources,
        outputs=_pairs(_told(former), _told(desired)),
        tags=_pairs(snapshot.tags, request.tags) if request.tags is not None else {},
        termination_protection=_protection(snapshot, request),
        stack_policy=_policy(existing, request),
        expected_outputs=_expected_outputs(snapshot, former, desired, resources),
        charges=tuple(charges(desired)),
        former_charges=tuple(charges(former)),
        asked_by=origins(request, template, parameters, stored, (former, resources, pseudo)),
    )
    changed = found.updates_template or found.termination_protection or found.stack_policy
    return _with_action(found, "update") if changed else found


def stored_model(existing: Existing) -> Model:
    """The stack as its stored template and parameters say."""
    return evaluate(existing.template, _stored_parameters(existing), {})


def removal(name: str, former: Model) -> StackPlan:
    """Everything in the stack goes, except what its deletion policy keeps."""
    return StackPlan(name=name, action="delete", resources=compare(former, Model()))


def _told(model: Model) -> dict[str, Any]:
    """All that the stack tells others: its outputs, and under which names they are exported."""
    return {**model.outputs, **{f"{key}.Export.Name": name for key, name in model.exports.items()}}


def _creation(request: StackRequest, parameters: Mapping[str, str], desired: Model) -> StackPlan:
    return StackPlan(
        name=request.name,
        action="create",
        parameters=parameters,
        resources=compare(Model(), desired),
        tags=_pairs({}, request.tags or {}),
        termination_protection=(False, True) if request.termination_protection else None,
        stack_policy=(None, request.stack_policy) if request.stack_policy is not None else None,
        expected_outputs={key: _literal(value) for key, value in desired.outputs.items()},
        charges=tuple(charges(desired)),
    )


def _with_action(found: StackPlan, action: str) -> StackPlan:
    return StackPlan(**{**found.__dict__, "action": action})


def _stored_parameters(existing: Existing) -> dict[str, str]:
    """The stored values; a parameter that the description leaves out is not known.

    Of a parameter that names one of Parameter Store it is the value that CloudFormation read there.
    """
    declared = existing.template.get("Parameters", {})
    stored = {**existing.snapshot.parameters, **existing.snapshot.resolved}
    return {key: stored.get(key, Unresolved(f"${{{key}}}")) for key in declared}


def _pairs(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    keys = dict.fromkeys([*after, *before])
    return {key: (before.get(key), after.get(key)) for key in keys if before.get(key) != after.get(key)}


def _protection(snapshot: StackSnapshot, request: StackRequest) -> tuple[bool, bool] | None:
    wanted = request.termination_protection
    if wanted is None or wanted == snapshot.termination_protection:
        return None
    return (snapshot.termination_protection, wanted)


def _policy(existing: Existing, request: StackRequest) -> tuple[Mapping[str, Any] | None, Mapping[str, Any]] | None:
    wanted = request.stack_policy
    if wanted is None or _canonical(wanted) == _canonical(existing.stack_policy):
        return None
    return (existing.stack_policy, wanted)


def _canonical(document: Any) -> str:
    return json.dumps(document, sort_keys=True)


def _literal(value: Any) -> str | None:
    return None if isinstance(value, Unresolved) or not isinstance(value, str) else value


def _expected_outputs(
    snapshot: StackSnapshot, former: Model, desired: Model, changes: tuple[ResourceChange, ...]
) -> dict[str, str | None]:
    """An output keeps its value when it is written as before and reads nothing that is new or may be replaced."""
    moving = {change.logical_id for change in changes if change.action == "add" or change.replacement != "no"}
    return {
        key: snapshot.outputs[key]
        if key in snapshot.outputs and former.outputs.get(key) == value and not references(value) & moving
        else _literal(value)
        for key, value in desired.outputs.items()
    }
