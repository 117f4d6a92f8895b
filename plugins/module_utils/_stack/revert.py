# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring what was changed behind CloudFormation's back to what the stack says, by a drift-aware change set."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from .._common.commands import FIND_DRIFT, PROVISION
from .._common.wait import growing, timed_out, until
from .._errors import OperationError, RefusedError
from .drift import DriftApi, describe, detect_drift
from .operation import start
from .repair import settle
from .reversal import predict, refuse_growth, refuse_reversals
from .status import Standing, standing
from .types import StackBusyError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .ports import Ports
    from .types import ChangeSet, ResourceDrift, Reversal, StackRequest, StackSnapshot

_PAUSE = growing(0.2, 5.0)


class RevertApi(DriftApi, Protocol):
    """CloudFormation's drift-aware change sets. Writing methods may raise `StackBusyError`."""

    def create_drift_change_set(self, snapshot: StackSnapshot, change_set: str) -> None:
        """Start to compare the stack, as it was last deployed, with what is there."""

    def describe_change_set(self, name: str, change_set: str) -> ChangeSet: ...

    def execute_change_set(self, name: str, change_set: str, token: str) -> None: ...

    def delete_change_set(self, name: str, change_set: str) -> None: ...


@dataclass(frozen=True)
class Reverted:
    """What came of it: how each resource differed, and what was, or in check mode will be, done to it."""

    drifts: Sequence[ResourceDrift]
    reversals: Sequence[Reversal]


def revert_drift(request: StackRequest, ports: Ports, api: RevertApi, check_mode: bool) -> Reverted:
    """Take the stack's drift back; the request's name, consent and timeout count.

    Raises `RefusedError`, also in check mode, for what cannot or may not be brought back, and `OperationError`
    naming what still differs afterwards.
    """
    snapshot = _settled(request, ports)
    drift = detect_drift([request.name], api, ports.clock, request.timeout_seconds)[request.name]
    expected = [predict(item) for item in drift.resources]
    if not expected:
        return Reverted((), ())
    policy = ports.stacks.get_stack_policy(request.name)
    refuse_growth(request.name, drift.grown)
    refuse_reversals(request.name, expected, policy, request.consent)
    if check_mode:
        return Reverted(drift.resources, expected)
    try:
        reversals = _take_back(request, snapshot, expected, policy, ports, api)
    except StackBusyError as error:
        raise OperationError(
            f"The drift of stack {request.name} was not repaired: another operation on it got in between. Run again."
        ) from error
    _check_outcome(request, ports, api)
    return Reverted(drift.resources, reversals)


def _take_back(  # noqa: PLR0913, PLR0917 - each is a thing of its own
    request: StackRequest,
    snapshot: StackSnapshot,
    expected: Sequence[Reversal],
    policy: Mapping[str, Any] | None,
    ports: Ports,
    api: RevertApi,
) -> Sequence[Reversal]:
    token = ports.new_token()
    change_set = _change_set(request, snapshot, token, ports, api)
    try:
        _refuse_more(request, change_set, expected)
        refuse_reversals(request.name, change_set.reversals, policy, request.consent)
    except RefusedError:
        api.delete_change_set(request.name, token)
        raise
    _execute(request, token, ports, api)
    return change_set.reversals


def _settled(request: StackRequest, ports: Ports) -> StackSnapshot:
    snapshot = settle(request, ports)
    found = standing(None if snapshot is None else snapshot.status)
    if snapshot is None or found is Standing.ABSENT:
        raise RefusedError(f"Stack {request.name} does not exist. Make it first: {PROVISION}")
    if found is not Standing.SETTLED:
        raise RefusedError(
            f"Stack {request.name} is {snapshot.status}, in which its drift cannot be repaired. Bring it in order "
            f"first: {PROVISION}"
        )
    return snapshot


def _change_set(request: StackRequest, snapshot: StackSnapshot, name: str, ports: Ports, api: RevertApi) -> ChangeSet:
    """The change set once CloudFormation has compared. Raises `OperationError` when it found nothing to do."""
    api.create_drift_change_set(snapshot, name)
    change_set = until(
        lambda: api.describe_change_set(request.name, name),
        lambda seen: not seen.status.endswith(("_IN_PROGRESS", "_PENDING")),
        clock=ports.clock,
        seconds=request.timeout_seconds,
        pause=_PAUSE,
        on_timeout=lambda seen, elapsed: timed_out(
            f"CloudFormation was still comparing stack {request.name} after {elapsed:.0f} s ({seen.status}). Nothing "
            "was touched. Run again, or raise timeout_seconds.",
            status=seen.status,
        ),
    )
    if change_set.status != "CREATE_COMPLETE":
        api.delete_change_set(request.name, name)
        raise OperationError(
            f"Tried to repair the drift of stack {request.name}, but CloudFormation made no change set: "
            f"{change_set.reason or change_set.status}. Nothing was touched. Change the resources back by hand: "
            f"{FIND_DRIFT} says which, and how."
        )
    return change_set


def _refuse_more(request: StackRequest, change_set: ChangeSet, expected: Sequence[Reversal]) -> None:
    """What depends on a resource that is recreated follows it; nothing else may change."""
    known = {item.logical_id for item in expected}
    anew = any(item.action == "add" or item.replacement != "no" for item in expected)
    more = [item.logical_id for item in change_set.reversals if item.logical_id not in known]
    gone = [item.logical_id for item in change_set.reversals if item.action == "remove"]
    if gone or (more and not anew):
        raise RefusedError(
            f"The drift of stack {request.name} was not repaired, and nothing was touched: CloudFormation would also "
            f"change {', '.join(gone or more)}. Look at it first: {PROVISION} --check --diff"
        )


def _execute(request: StackRequest, change_set: str, ports: Ports, api: RevertApi) -> None:
    ports.progress.say(f"{request.name}: taking its drift back")
    keeping_token = replace(ports, new_token=lambda: change_set)
    start(
        "repair the drift of",
        request.name,
        request.timeout_seconds,
        keeping_token,
        lambda token: api.execute_change_set(request.name, change_set, token),
    ).outcome()


def _check_outcome(request: StackRequest, ports: Ports, api: RevertApi) -> None:
    left = detect_drift([request.name], api, ports.clock, request.timeout_seconds)[request.name].resources
    if left:
        raise OperationError(
            f"The drift of stack {request.name} was repaired, but not all of it. CloudFormation could not bring back: "
            f"{'. '.join(map(describe, left))}. Change that back by hand, and run again.",
            changed=True,
            unrepaired=[item.logical_id for item in left],
        )
