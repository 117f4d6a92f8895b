# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether requests can come from where they are sent to the listener by which a release is reached before users."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..request.model import CONTROLLER, TASK_BEFORE_TRAFFIC
from ..service.access import admitted, lets_machine_in, lets_tasks_in
from .allowed import allowed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..plan.read import Facts
    from ..request.model import RolloutRequest
    from ..service.access import Ingress, ListenerAccess
    from ..session import Session

# Where a gate asks from that always has a task ask, in words.
_TASK_OF_GATE = "of a gate served_inference"


def reach_problems(session: Session, facts: Facts) -> Iterator[str]:
    """Why the test listener cannot be reached: who may is said by the security groups of its load balancer."""
    request = session.request
    if not facts.plan.judges or not request.test_url:
        return
    places = _places(request)
    look = session.ports.surroundings
    for listener in sorted({rule.listener_arn for rule in request.rules if rule.is_test}):
        access = session.ports.balancing.listener_access(listener)
        if access is None or not access.groups:
            continue
        rules = allowed(session, "who reaches test_url", lambda groups=access.groups: look.ingress(groups))  # type: ignore[misc]
        if rules is None:
            continue
        for place in places:
            if not _reaches(session, place, access, admitted(access, rules)):
                yield _unreached(session, place, listener, access, admitted(access, rules))


def _places(request: RolloutRequest) -> list[str]:
    """From where gates ask there: some always have a task do it."""
    asking = [gate for gate in request.gates if gate.by_task or gate.user_request()]
    return sorted({_TASK_OF_GATE if gate.by_task else request.probing.place for gate in asking})


def _reaches(session: Session, place: str, access: ListenerAccess, rules: tuple[Ingress, ...]) -> bool:
    request = session.request
    if place == CONTROLLER:
        return lets_machine_in(access, rules, session.ports.probe.own_address(request.test_url))
    network = request.settings.network
    if network is None:
        return True
    look = session.ports.surroundings
    cidrs = allowed(session, "the addresses of network.subnets", lambda: look.subnet_cidrs(network.subnets))
    return cidrs is None or lets_tasks_in(access, rules, network.security_groups, frozenset(cidrs.values()))


def _unreached(session: Session, place: str, listener: str, access: ListenerAccess, rules: tuple[Ingress, ...]) -> str:
    from_where = sorted({place for rule in rules for place in (*rule.cidrs, *rule.groups)})
    only = f"only {', '.join(from_where)}" if from_where else "nobody"
    groups = ", ".join(sorted(access.groups))
    if place != CONTROLLER:
        told = place if place == _TASK_OF_GATE else f"probe_from={place}"
        where, advice = f"a task in network.subnets ({told})", "Let network.security_groups in"
    else:
        where = "this machine (probe_from=controller)"
        advice = (
            f"Set probe_from={TASK_BEFORE_TRAFFIC}, which asks from the network of the tasks, leave test_url out, or "
            "let it in"
        )
    return (
        f"{where} cannot reach test_url {session.request.test_url}: security group {groups} of listener {listener} "
        f"lets {only} in on port {access.port}. {advice}."
    )
