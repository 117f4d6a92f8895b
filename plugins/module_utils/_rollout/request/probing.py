# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From where gates send their requests: this machine, or a task in the network of the service's tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..stages import Stage
from .model import CONTROLLER, TASK, TASK_BEFORE_TRAFFIC, Probing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..gates.model import Gate
    from .model import RolloutRequest

# What a task may take for an answer, as the service's ``probe`` says.
_LONGEST_SECONDS = 60


def read_probing(options: Mapping[str, Any]) -> Probing:
    """Where requests come from, by validated *options*."""
    container = (options["load_balancer"] or {}).get("container_name") or ""
    role = options["probe_task_role_arn"] or ""
    return Probing(options["probe_from"], tuple(options["probe_command"] or ()), container, role)


def secrets_of_tasks(request: RolloutRequest) -> tuple[str, ...]:
    """The secrets that hold what a task sends, by the names or ARNs that headers of gates refer to."""
    names = (gate.secret_names() for gate in _asked_by_task(request) if not gate.dry_run)
    return tuple(sorted(frozenset().union(*names)))


def probing_problems(request: RolloutRequest) -> Iterator[str]:
    """What no task can send, in the words of the options."""
    probing = request.probing
    yield from _role_problems(request)
    if probing.place == CONTROLLER:
        return
    given = f"probe_from is {probing.place}"
    if not probing.command or not all(probing.command):
        yield f"{given}, and probe_command is empty or has an empty word; write the command, or leave it out."
    if not probing.container:
        yield f"{given}, and no load balancer sends requests to this service: leave probe_from out."
    for gate in _asked_by_task(request):
        sent = gate.user_request()
        if unfit := gate.unfit_for_task:
            yield (
                f"gate {gate.name} {unfit}: leave probe_from out, take {Stage.BEFORE_TRAFFIC.value} out of the gate's "
                f"stages with probe_from={TASK_BEFORE_TRAFFIC}, or judge by GET, or by served_inference, which has a "
                "task send clips."
            )
        elif sent and sent.timeout_seconds > _LONGEST_SECONDS:
            yield (
                f"gate {gate.name}: request_timeout_seconds is {sent.timeout_seconds:g}, and with "
                f"probe_from={probing.place} at most {_LONGEST_SECONDS}."
            )


def _role_problems(request: RolloutRequest) -> Iterator[str]:
    """Headers whose values no task may read."""
    probing = request.probing
    for gate in _asked_by_task(request) if not probing.task_role_arn else ():
        if gate.secret_names():
            why = "has a task send it" if gate.by_task else f"probe_from is {probing.place}"
            away = "leave the gate out" if gate.by_task else "leave probe_from out"
            yield (
                f"gate {gate.name} sends a header whose value lies in a secret, and {why}: name the role that may "
                "read it in probe_task_role_arn (the role ecs_rollout has it from component 'service': provision that "
                f"again), {away}, or judge by a path that needs no such header."
            )


def _asked_by_task(request: RolloutRequest) -> list[Gate[Any]]:
    place = request.probing.place
    return [
        gate
        for gate in request.gates
        if gate.by_task or place == TASK or (place == TASK_BEFORE_TRAFFIC and Stage.BEFORE_TRAFFIC in gate.stages)
    ]
