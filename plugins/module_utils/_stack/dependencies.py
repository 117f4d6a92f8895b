# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wait for the stacks that a stack reads, then read their outputs."""

from __future__ import annotations

from operator import not_
from typing import TYPE_CHECKING

from .._common.wait import growing, timed_out, until
from .._errors import DependencyError, RequestError
from .components import enumerated
from .expected_outputs import known_outputs
from .ports import DependencyState, Ports
from .status import Standing, standing
from .types import OutputReference, StackRequest, StackSnapshot
from .unresolved import known_after

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_WORTH_SAYING_SECONDS = 5.0
# A look at the other components of the run costs nothing, and most have settled within a moment.
_PAUSE = growing(0.02, 0.2)


def given_parameters(request: StackRequest, ports: Ports, check_mode: bool) -> dict[str, str]:
    """The request's parameters with each output reference replaced by the output.

    In check mode an output that only applying the dependency can tell is an `Unresolved` that says so. Raises
    `DependencyError` when a dependency failed, is not there, or has no such output.
    """
    _check_references(request)
    await_dependencies(request, ports)
    regions = {
        value.component: value.region for value in request.parameters.values() if isinstance(value, OutputReference)
    }
    outputs = {
        component: _outputs(component, regions.get(component, ""), request, ports, check_mode)
        for component in request.depends_on
    }
    return {
        key: value if isinstance(value, str) else _value(value, outputs[value.component], request, check_mode)
        for key, value in request.parameters.items()
    }


def await_dependencies(request: StackRequest, ports: Ports) -> None:
    """Return when every dependency that is part of this run has settled in it; stop at the first that failed."""
    until(
        _Waiting(request, ports).look,
        not_,
        clock=ports.clock,
        seconds=request.timeout_seconds,
        pause=_PAUSE,
        on_timeout=lambda waiting, elapsed: timed_out(
            f"Stack {request.name} waited {elapsed:.0f} s for {', '.join(waiting)} to settle in this run. Nothing of "
            "it was touched: run again, or raise timeout_seconds.",
            waiting_for=waiting,
        ),
    )


class _Waiting:
    """Looks which dependencies have not settled yet, and says so once it takes long."""

    def __init__(self, request: StackRequest, ports: Ports) -> None:
        self._request = request
        self._ports = ports
        self._began = ports.clock.monotonic()
        self._said = False

    def look(self) -> list[str]:
        states = {name: self._ports.run.state_of(name) for name in self._request.depends_on}
        failed = [name for name, state in states.items() if state is DependencyState.FAILED]
        if failed:
            raise DependencyError(
                f"Stack {self._request.name} was not touched: it reads what {_failed(failed)} run again once that is "
                "put right.",
                failed_components=failed,
            )
        waiting = [name for name, state in states.items() if state is DependencyState.RUNNING]
        if waiting and not self._said and self._ports.clock.monotonic() - self._began >= _WORTH_SAYING_SECONDS:
            self._said = True
            self._ports.progress.say(f"{self._request.name}: waits for {', '.join(waiting)}")
        return waiting


def _failed(components: Sequence[str]) -> str:
    """Which failed, and where to read why: the middle of a sentence and the beginning of the next."""
    verb, messages = (
        ("provides", "Its own message is") if len(components) == 1 else ("provide", "Their own messages are")
    )
    return f"{enumerated(components)} {verb}, which failed in this run. {messages} further up;"


def _check_references(request: StackRequest) -> None:
    for key, value in request.parameters.items():
        if isinstance(value, OutputReference) and value.component not in request.depends_on:
            known = ", ".join(request.depends_on) or "nothing"
            raise RequestError(
                f"Parameter {key} of stack {request.name} reads an output of {value.component}, but the stack depends "
                f"on {known}. Add {value.component} to depends_on; in an inventory to the host's fastbreak_depends_on."
            )


def _outputs(
    component: str, region: str, request: StackRequest, ports: Ports, check_mode: bool
) -> Mapping[str, str | None]:
    in_run = ports.run.state_of(component) is DependencyState.SETTLED
    told = ports.run.told_outputs(component) if in_run else None
    # What is known after apply is known then, and told.
    if told is not None and (check_mode or None not in known_outputs(told).values()):
        return told
    stack = request.depends_on[component]
    snapshot = (ports.elsewhere(region) if region else ports.stacks).describe_stack(stack)
    if snapshot is not None and standing(snapshot.status) is Standing.SETTLED:
        return snapshot.outputs
    raise DependencyError(_unsettled(component, stack, snapshot, request), component=component, stack=stack)


def _unsettled(component: str, stack: str, snapshot: StackSnapshot | None, request: StackRequest) -> str:
    seen = "does not exist" if snapshot is None else f"is {snapshot.status}"
    return (
        f"Stack {request.name} was not touched: it reads {component}, whose stack {stack} {seen}. "
        "Run without --limit, or apply that component first."
    )


def _value(
    reference: OutputReference, outputs: Mapping[str, str | None], request: StackRequest, check_mode: bool
) -> str:
    value = outputs.get(reference.output)
    if value is not None:
        return value
    if check_mode and reference.output in outputs:
        return known_after(reference.component)
    known = ", ".join(sorted(outputs)) or "none"
    raise DependencyError(
        f"Stack {request.name} was not touched: it reads output {reference.output} of {reference.component}, whose "
        f"stack has no such output. Its outputs are: {known}. If it was last applied before there was one: run without "
        f"--limit, or apply {reference.component} too.",
        component=reference.component,
    )
