# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What would stop the deletion of a stack, found before anything of it is deleted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .._common.commands import PROVISION
from .._errors import RefusedError, RequestError
from .compare import references
from .components import component_of
from .consents import strange_among, strange_words
from .ports import DependencyState
from .status import Standing, standing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .ports import Ports
    from .template import Model
    from .types import LivingState, StackRequest, StackResource, StackSnapshot

_KEY = "AWS::KMS::Key"
_GONE = {"DELETE_COMPLETE", "DELETE_SKIPPED"}
#: How that goes which is no component of an inventory.
_OTHERWISE = {
    "restore": "it is a copy of a backup: the playbook restore, run without snapshot and time, finishes with it"
}
_KEPT = {"Retain", "RetainExceptOnCreate"}
#: Statuses of a stack that CloudFormation still updates, so that protection is turned off by applying it.
_UPDATABLE = {Standing.SETTLED, Standing.STUCK, Standing.HALTED}


def living_resources(snapshot: StackSnapshot, ports: Ports) -> list[StackResource]:
    """What the stack has and has not deleted or handed over yet."""
    resources = ports.stacks.list_stack_resources(snapshot.stack_id)
    return [item for item in resources if item.physical_id and item.status not in _GONE]


def refuse_obstacles(request: StackRequest, snapshot: StackSnapshot, model: Model, ports: Ports) -> list[StackResource]:
    """Raise `RefusedError` that lists all that stops the deletion.

    *model* is the stack as its template says; without resources when it never stood. The answer are the resources whose
    own protection the request allows to be turned off.
    """
    resources = living_resources(snapshot, ports)
    _check_names(request, snapshot, resources, ports)
    found = [*_guards(request, snapshot, ports), *_imports(model, ports)]
    unprotected: list[StackResource] = []
    for resource in _deleted(request, model, resources):
        properties = model.resources.get(resource.logical_id, {}).get("Properties", {})
        state = ports.living.describe(resource)
        if state is not None and state.protected and resource.logical_id in request.unprotect:
            state = replace(state, protected=False)
            unprotected.append(resource)
        found += _holds(snapshot, resource, properties, state)
    if found:
        raise RefusedError(
            f"Stack {request.name} was not deleted, nor anything in it: {'; '.join(found)}.", obstacles=found
        )
    return unprotected


def with_keys(retain: Sequence[str], model: Model) -> tuple[str, ...]:
    """What is left behind, with the keys of the stack that it is encrypted with: without its key nobody can read it."""
    read = {name for kept in retain for name in references(model.resources.get(kept, {}))}
    keys = (name for name in sorted(read) if model.resources.get(name, {}).get("Type") == _KEY)
    return tuple(dict.fromkeys((*retain, *keys)))


def _check_names(
    request: StackRequest, snapshot: StackSnapshot, resources: Sequence[StackResource], ports: Ports
) -> None:
    known = {item.logical_id for item in resources}
    # What an earlier deletion got rid of needs no unprotecting, and is no mistake.
    had = {item.logical_id for item in ports.stacks.list_stack_resources(snapshot.stack_id)}
    for option, names, right in (("unprotect", request.unprotect, had), ("retain", request.retain, known)):
        if strange := strange_among(names, right):
            raise RequestError(
                f"{option} names {strange_words(strange, right)}, which stack {request.name} does not have. It has: "
                f"{', '.join(sorted(known)) or 'nothing'}. Nothing was deleted."
            )
    if request.retain and standing(snapshot.status) is not Standing.DELETE_FAILED:
        raise RequestError(
            f"retain names {', '.join(request.retain)} of stack {request.name}, but CloudFormation lets go of single "
            f"resources only while a stack is DELETE_FAILED, and it is {snapshot.status}. Give the resource the "
            "DeletionPolicy Retain and apply the template. Nothing was deleted."
        )
    if request.unprotect and standing(snapshot.status) in _UPDATABLE:
        raise RequestError(
            f"unprotect names {', '.join(request.unprotect)} of stack {request.name}, which is {snapshot.status} and "
            "can still be updated. Turn the protection off in the inventory and apply that. Nothing was deleted."
        )


def _guards(request: StackRequest, snapshot: StackSnapshot, ports: Ports) -> Iterator[str]:
    component = component_of(request.name)
    if snapshot.termination_protection and request.termination_protection is not False:
        yield (
            f"its termination protection is on (if it really has to go, set {component}_termination_protection to "
            f"false and run {PROVISION}, or give termination_protection: false)"
        )
    for name, stack in request.needed_by.items():
        if ports.run.state_of(name) is not DependencyState.OUTSIDE:
            continue
        reader = ports.stacks.describe_stack(stack)
        if reader is not None and standing(reader.status) is not Standing.ABSENT:
            advice = _OTHERWISE.get(name, f"take it down too: --limit {component},{name}, or no --limit")
            yield f"{name} reads it and is not part of this run, and its stack {stack} is {reader.status} ({advice})"


def _imports(model: Model, ports: Ports) -> Iterator[str]:
    for name in model.exports.values():
        readers = ports.stacks.list_imports(name)
        if readers:
            yield f"its export {name} is imported by {', '.join(readers)} (delete these first)"


def _deleted(request: StackRequest, model: Model, resources: Sequence[StackResource]) -> list[StackResource]:
    return [
        item
        for item in resources
        if item.logical_id not in request.retain
        and model.resources.get(item.logical_id, {}).get("DeletionPolicy") not in _KEPT
    ]


def _holds(
    snapshot: StackSnapshot, resource: StackResource, properties: Mapping[str, Any], state: LivingState | None
) -> Iterator[str]:
    label = f"{resource.logical_id} ({resource.resource_type} {resource.physical_id})"
    if _declares_protection(properties) if state is None else state.protected:
        yield f"{label} refuses to be deleted ({_turn_off(resource, snapshot, properties)})"
    if state is not None and state.holds and properties.get("EmptyOnDelete") != "true":
        yield f"{label} holds {state.holds}, and only what is empty is deleted ({_empty(resource, snapshot)})"


def _turn_off(resource: StackResource, snapshot: StackSnapshot, properties: Mapping[str, Any]) -> str:
    component = component_of(snapshot.name)
    stands = standing(snapshot.status) is Standing.SETTLED
    if stands and str(properties.get("DeletionProtection", "")).lower() == "false":
        return "its stack does not protect it, so somebody turned that on by hand: turn it off by hand too"
    if standing(snapshot.status) in _UPDATABLE:
        return f"set {component}_deletion_protection to false and run {PROVISION} --limit {component} first"
    named = f"{component}.{resource.logical_id}"
    keep = f", or to keep it -e retain={named}" if standing(snapshot.status) is Standing.DELETE_FAILED else ""
    return f"{snapshot.status} cannot be updated: give teardown.yml -e unprotect={named}{keep}"


def _empty(resource: StackResource, snapshot: StackSnapshot) -> str:
    component = component_of(snapshot.name)
    keep = f", or to keep it -e retain={component}.{resource.logical_id}"
    failed = standing(snapshot.status) is Standing.DELETE_FAILED
    return f"empty it first{keep if failed else ''}"


def _declares_protection(properties: Mapping[str, Any]) -> bool:
    """Whether the template turns on what services call deletion protection, for types that nobody looks at."""
    names = ("DeletionProtection", "DeletionProtectionEnabled", "DeleteProtection", "DisableApiTermination")
    return any(str(properties.get(name, "")).upper() in {"TRUE", "ACTIVE", "ENABLED"} for name in names)
