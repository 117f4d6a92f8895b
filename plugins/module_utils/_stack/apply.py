# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring a stack to what is asked: read, plan, act, observe."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .._errors import OperationError, RequestError, RolledBackError
from .agreement import await_plans
from .consents import needless_consent, refuse_strange_consent
from .dependencies import given_parameters
from .expected_outputs import unknown_outputs, with_ids
from .feasibility import refuse_infeasible
from .first_values import refuse_too_early
from .left_behind import left_by_deletion, left_by_earlier
from .limits import check_limits, check_resource_tags
from .obstacles import living_resources, refuse_obstacles, with_keys
from .occupants import refuse_occupied
from .operation import delete, start
from .parameters import complete_parameters, kept_parameters
from .plan import Existing, StackPlan, plan, removal, stored_model
from .plannable import floating_references, refuse_unforeseeable
from .ports import DependencyState, Ports
from .prerequisites import refuse_missing
from .protected import refuse_protected
from .repair import settle, usable
from .report import summary
from .rule_moves import RuleMove, plan_move
from .scaled_storage import refuse_less_storage
from .status import Standing, standing
from .stored_values import stored_values
from .taken_names import refuse_taken
from .template import evaluate
from .template_references import refuse_circular, refuse_malformed
from .types import NothingToUpdateError, StackBusyError, StackRequest, StackSnapshot
from .unresolved import Unresolved

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .rule_recreation import RuleRecreation
    from .template import Model

# Another run may get in between reading and writing. It is waited for; so often in a row is no coincidence.
_ATTEMPTS = 5


@dataclass(frozen=True)
class StackResult:
    """What came of it. ``snapshot`` is None when there is no stack (any more, or yet in check mode).

    ``move`` are the rules on its listeners that moved, or would.
    """

    plan: StackPlan
    changed: bool
    snapshot: StackSnapshot | None
    outputs: Mapping[str, Any]
    warnings: tuple[str, ...] = ()
    move: RuleMove | RuleRecreation | None = None


def apply_stack(request: StackRequest, ports: Ports, check_mode: bool) -> StackResult:
    """Make the stack what the request says, once everything it reads has settled. Check mode only plans."""
    if request.template is None:
        raise RequestError(f"Stack {request.name} has no template. Give template or template_body.")
    refuse_unforeseeable(request)
    refuse_malformed(request)
    result = None if check_mode else _agree(request, ports)
    if result is None:
        given = given_parameters(request, ports, check_mode)
        result = _insist(request, ports, lambda: _apply_once(request, lambda: given, ports, check_mode))
    unseen = [result.plan.unseen] if result.plan.unseen else []
    more = (*unseen, *_blind_spots(request), *needless_consent(request, result.plan))
    return replace(result, warnings=(*result.warnings, *more))


def _blind_spots(request: StackRequest) -> list[str]:
    found = floating_references(request)
    if not found:
        return []
    words = (
        f"No plan of stack {request.name} can tell whether what is stored elsewhere changed: {'; '.join(found)}. "
        "CloudFormation reads it again only when it updates the resource for another reason. Name a version, so that "
        "a new value is a change of the template."
    )
    return [words]


def _agree(request: StackRequest, ports: Ports) -> StackResult | None:
    """Plan as a check does, and wait until all others of the run have.

    A plan without a change, made from what has settled, is the result: it waits for nobody, and nothing is read again.
    What will change tells its outputs before it looks for what would refuse it, so that plans wait for no look-ups.
    """
    planning = ports.run.planning()
    if planning is None:
        return None
    seen_from_planning = replace(ports, run=planning)
    found = _apply_once(
        request,
        lambda: given_parameters(request, seen_from_planning, check_mode=True),
        ports,
        check_mode=True,
        foresee=planning.foresee,
    )
    settled = not found.changed and all(
        ports.run.state_of(component) in {DependencyState.SETTLED, DependencyState.OUTSIDE}
        for component in request.depends_on
    )
    planning.planned(found.outputs, settled=settled)
    if settled:
        return found
    await_plans(request, planning, ports)
    return None


def remove_stack(request: StackRequest, ports: Ports, check_mode: bool) -> StackResult:
    """Delete the stack. Raises `RefusedError`, also in check mode, for all that would stop it."""
    return _insist(request, ports, lambda: _remove_once(request, ports, check_mode))


def _insist(request: StackRequest, ports: Ports, attempt: Callable[[], StackResult]) -> StackResult:
    for _attempt in range(_ATTEMPTS):
        try:
            return attempt()
        except StackBusyError:
            ports.progress.say(f"{request.name}: another operation got in between; waiting for it")
    raise OperationError(
        f"Stack {request.name} was taken by another operation {_ATTEMPTS} times in a row. "
        "See who else is changing it (aws cloudformation describe-stack-events), then run again."
    )


def _apply_once(
    request: StackRequest,
    given: Callable[[], Mapping[str, str]],
    ports: Ports,
    check_mode: bool,
    foresee: Callable[[Mapping[str, str | None]], None] = lambda _outputs: None,
) -> StackResult:
    found = settle(request, ports)
    refuse_strange_consent(request, found, ports)
    snapshot = usable(found, request, ports, check_mode)
    decided, desired = _decide(request, given(), snapshot, ports)
    if decided.changed:
        foresee(decided.expected_outputs)
    refuse_missing(decided, desired, request, ports)
    _refuse_what_stands_against(decided, found, snapshot, ports)
    move = plan_move(request, decided, snapshot, ports)
    if decided.action == "create":
        earlier = left_by_earlier(request.name, desired.resources, ports)
        decided = replace(decided, left_behind=earlier.left_behind, unseen=earlier.unseen)
    if check_mode:
        return StackResult(decided, decided.changed or move is not None, found, decided.expected_outputs, move=move)
    if decided.changed:
        result = _carry_out(request, decided, snapshot, ports, move)
    else:
        result = StackResult(decided, False, snapshot, snapshot.outputs if snapshot else {})
    if move is None:
        return result
    move.after(result.outputs, ports)
    return replace(result, changed=True, move=move)


def _decide(
    request: StackRequest, given: Mapping[str, str], snapshot: StackSnapshot | None, ports: Ports
) -> tuple[StackPlan, Model]:
    """The plan, and the stack as it makes it. What no look at AWS could allow is refused."""
    template = request.template or {}
    parameters = complete_parameters(request.name, template, kept_parameters(given, snapshot), request.sources)
    check_limits(request, template, parameters)
    pseudo = {"AWS::Region": ports.stacks.region, "AWS::StackName": request.name}
    values = stored_values(request.name, template, parameters, ports.store)
    desired = evaluate(template, values, pseudo)
    refuse_circular(desired)
    check_resource_tags(request, desired)
    existing = _existing(snapshot, ports)
    if existing is not None:
        refuse_too_early(request.name, template, existing.template, parameters, request.sources)
    decided = replace(plan(request, template, values, existing, pseudo), parameters=parameters)
    former_policy = existing.stack_policy if existing else None
    policy = request.stack_policy if request.stack_policy is not None else former_policy
    refuse_infeasible(decided, policy, request.consent)
    return _with_outputs(decided, desired, snapshot, ports), desired


def _refuse_what_stands_against(
    decided: StackPlan, found: StackSnapshot | None, snapshot: StackSnapshot | None, ports: Ports
) -> None:
    refuse_occupied(decided, snapshot, ports)
    refuse_protected(decided, snapshot, ports)
    # Of a creation that failed something may still be there, which is deleted with it.
    if snapshot is not None or found is None:
        refuse_taken(decided, found, ports)
    refuse_less_storage(decided, snapshot, ports)


def _with_outputs(decided: StackPlan, desired: Model, snapshot: StackSnapshot | None, ports: Ports) -> StackPlan:
    """The plan with all that can be told of its outputs. What the stack has is only looked up where that tells more."""
    if not unknown_outputs(decided):
        return decided
    found = ports.stacks.list_stack_resources(snapshot.stack_id) if snapshot else ()
    return with_ids(decided, desired, {item.logical_id: item.physical_id for item in found if item.physical_id})


def _carry_out(
    request: StackRequest,
    decided: StackPlan,
    snapshot: StackSnapshot | None,
    ports: Ports,
    move: RuleMove | RuleRecreation | None,
) -> StackResult:
    unknown = [key for key, value in decided.parameters.items() if isinstance(value, Unresolved)]
    if unknown:
        raise OperationError(f"Stack {request.name} was not touched: {', '.join(unknown)} is not known.")
    ports.progress.say(f"{request.name}: {summary(decided)}")
    if snapshot is None:
        return _create(request, decided, ports)
    if move is None:
        return _update(request, decided, snapshot, ports)
    move.before(ports)
    try:
        return _update(request, decided, snapshot, ports)
    except (RolledBackError, StackBusyError):
        # The listener that was to go still stands. Of any other failure it is not known: the next run finds out.
        move.undo(ports)
        raise


def _existing(snapshot: StackSnapshot | None, ports: Ports) -> Existing | None:
    if snapshot is None:
        return None
    return Existing(snapshot, ports.stacks.get_template(snapshot.name), ports.stacks.get_stack_policy(snapshot.name))


def _create(request: StackRequest, decided: StackPlan, ports: Ports) -> StackResult:
    snapshot = start(
        "create",
        request.name,
        request.timeout_seconds,
        ports,
        lambda token: ports.stacks.create_stack(request, decided.parameters, token),
    ).outcome()
    return StackResult(decided, True, snapshot, snapshot.outputs if snapshot else {})


def _update(request: StackRequest, decided: StackPlan, snapshot: StackSnapshot, ports: Ports) -> StackResult:
    """Policy and protection first: they are to guard this very update, or to allow it."""
    if decided.stack_policy:
        ports.stacks.set_stack_policy(request.name, decided.stack_policy[1])
    if decided.termination_protection:
        ports.stacks.update_termination_protection(request.name, enabled=decided.termination_protection[1])
    guarded = bool(decided.stack_policy or decided.termination_protection)
    if not decided.updates_template:
        after = ports.stacks.describe_stack(request.name) or snapshot
        return StackResult(decided, guarded, after, after.outputs)
    try:
        operation = start(
            "update",
            request.name,
            request.timeout_seconds,
            ports,
            lambda token: ports.stacks.update_stack(request, decided.parameters, token),
        )
    except NothingToUpdateError:
        warning = (
            f"CloudFormation found no update to make for stack {request.name} where the plan did ({summary(decided)}). "
            "It stores such a difference only together with a change of a resource."
        )
        return StackResult(decided, guarded, snapshot, snapshot.outputs, (warning,))
    updated = operation.outcome() or snapshot
    return StackResult(decided, True, updated, updated.outputs)


def _remove_once(request: StackRequest, ports: Ports, check_mode: bool) -> StackResult:
    snapshot = settle(request, ports)
    if snapshot is None or standing(snapshot.status) is Standing.ABSENT:
        return StackResult(StackPlan(name=request.name, action="none"), False, None, {})
    stood = standing(snapshot.status) is not Standing.STILLBORN
    existing = Existing(snapshot, ports.stacks.get_template(snapshot.stack_id) if stood else {})
    former = stored_model(existing)
    request = replace(request, retain=with_keys(request.retain, former))
    unprotected = refuse_obstacles(request, snapshot, former, ports)
    left = left_by_deletion(former.resources, living_resources(snapshot, ports), request.retain)
    found = replace(removal(request.name, former), left_behind=left)
    if check_mode:
        return StackResult(found, True, snapshot, snapshot.outputs)
    ports.progress.say(f"{request.name}: {summary(found)}")
    if snapshot.termination_protection:
        ports.stacks.update_termination_protection(request.name, enabled=False)
    for resource in unprotected:
        ports.progress.say(f"{request.name}: turning off the protection of {resource.logical_id}")
        ports.living.unprotect(resource)
    delete(snapshot, request.timeout_seconds, ports, request.retain)
    return StackResult(found, True, None, {})
