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
    from ..service.access import Ingress, ListenerAccess
    from ..session import Session


def reach_problems(session: Session, facts: Facts) -> Iterator[str]:
    """Why the test listener cannot be reached: who may is said by the security groups of its load balancer."""
    request = session.request
    if not facts.plan.judges or not request.test_url or not any(gate.user_request() for gate in request.gates):
        return
    look = session.ports.surroundings
    for listener in sorted({rule.listener_arn for rule in request.rules if rule.is_test}):
        access = session.ports.balancing.listener_access(listener)
        if access is None or not access.groups:
            continue
        rules = allowed(session, "who reaches test_url", lambda groups=access.groups: look.ingress(groups))  # type: ignore[misc]
        if rules is not None and not _reaches(session, access, admitted(access, rules)):
            yield _unreached(session, listener, access, admitted(access, rules))


def _reaches(session: Session, access: ListenerAccess, rules: tuple[Ingress, ...]) -> bool:
    request = session.request
    if request.probing.place == CONTROLLER:
        return lets_machine_in(access, rules, session.ports.probe.own_address(request.test_url))
    network = request.settings.network
    if network is None:
        return True
    look = session.ports.surroundings
    cidrs = allowed(session, "the addresses of network.subnets", lambda: look.subnet_cidrs(network.subnets))
    return cidrs is None or lets_tasks_in(access, rules, network.security_groups, frozenset(cidrs.values()))


def _unreached(session: Session, listener: str, access: ListenerAccess, rules: tuple[Ingress, ...]) -> str:
    from_where = sorted({place for rule in rules for place in (*rule.cidrs, *rule.groups)})
    only = f"only {', '.join(from_where)}" if from_where else "nobody"
    groups = ", ".join(sorted(access.groups))
    probing = session.request.probing
    if probing.place != CONTROLLER:
        place, advice = f"a task in network.subnets (probe_from={probing.place})", "Let network.security_groups in"
    else:
        place = "this machine (probe_from=controller)"
        advice = (
            f"Set probe_from={TASK_BEFORE_TRAFFIC}, which asks from the network of the tasks, leave test_url out, or "
            "let it in"
        )
    return (
        f"{place} cannot reach test_url {session.request.test_url}: security group {groups} of listener {listener} "
        f"lets {only} in on port {access.port}. {advice}."
    )
