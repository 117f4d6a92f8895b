# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether requests can come from where they are sent to the listeners by which a release is reached: by gates before
there are users, and where users ask.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..request.model import CONTROLLER, TASK, TASK_BEFORE_TRAFFIC
from ..service.access import admitted, lets_machine_in, lets_tasks_in
from ..service.requests import names_host
from ..stages import Stage
from ..strategies.table import strategy_named
from .allowed import allowed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..plan.read import Facts
    from ..request.model import RolloutRequest
    from ..service.access import Ingress, ListenerAccess
    from ..session import Session

# Where a gate asks from that always has a task ask, in words.
_TASK_OF_GATE = "of a gate served_inference"


@dataclass(frozen=True, slots=True)
class _Way:
    """From a *place* to the *url* that an *option* gives, by the test listeners or those of users.

    ``certain``: the address is the load balancer's own. By another one requests may come through somebody else.
    """

    place: str
    url: str
    option: str
    is_test: bool
    certain: bool

    def leads_to(self, access: ListenerAccess) -> bool:
        """Whether it is this listener that is asked: of users there may be several."""
        parts = urlsplit(self.url)
        return self.is_test or access.port == (parts.port or {"https": 443}.get(parts.scheme, 80))


def reach_problems(session: Session, facts: Facts) -> Iterator[str]:
    """Why a listener cannot be reached: who may is said by the security groups of its load balancer."""
    if not facts.plan.judges:
        return
    ways = _ways(session.request)
    for listener, is_test in sorted({(rule.listener_arn, rule.is_test) for rule in session.request.rules}):
        leading = [way for way in ways if way.is_test is is_test]
        yield from _closed(session, listener, leading) if leading else ()


def _closed(session: Session, listener: str, ways: list[_Way]) -> Iterator[str]:
    """Which *ways* to a listener its security groups close. Of an address that is not certain it is a warning."""
    look = partial(session.ports.balancing.listener_access, listener)
    access = allowed(session, f"where listener {listener} is", look)
    if access is None or not access.groups:
        return
    rules = allowed(
        session, f"who reaches {ways[0].option}", partial(session.ports.surroundings.ingress, access.groups)
    )
    if rules is None:
        return
    let_in = admitted(access, rules)
    for way in ways:
        if not way.leads_to(access) or _reaches(session, way, access, let_in):
            continue
        told = _unreached(way, listener, access, let_in)
        if way.certain:
            yield told
        else:
            session.warn_once(f"{told} If somebody else takes the requests there, such as a CDN, all is well")


def _ways(request: RolloutRequest) -> list[_Way]:
    """From where gates ask: some always have a task do it."""
    ways: set[_Way] = set()
    stages = strategy_named(request.settings.deployment.strategy).stages
    for gate in request.gates:
        if not (users := gate.users_url):
            continue
        place, parts = request.probing.place, urlsplit(users)
        if request.test_url:
            before = _TASK_OF_GATE if gate.by_task else place
            ways.add(_Way(before, request.test_url, "test_url", is_test=True, certain=True))
        if stages & {*gate.stages} - {Stage.BEFORE_TRAFFIC}:
            later = _TASK_OF_GATE if gate.by_task else place if place == TASK else CONTROLLER
            url = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
            ways.add(_Way(later, url, "url", is_test=False, certain=not names_host(url, {})))
    return sorted(ways, key=lambda way: (way.option, way.place))


def _reaches(session: Session, way: _Way, access: ListenerAccess, rules: tuple[Ingress, ...]) -> bool:
    request = session.request
    if way.place == CONTROLLER:
        return lets_machine_in(access, rules, session.ports.probe.own_address(way.url))
    network = request.settings.network
    if network is None:
        return True
    look = session.ports.surroundings
    cidrs = allowed(session, "the addresses of network.subnets", lambda: look.subnet_cidrs(network.subnets))
    return cidrs is None or lets_tasks_in(access, rules, network.security_groups, frozenset(cidrs.values()))


def _unreached(way: _Way, listener: str, access: ListenerAccess, rules: tuple[Ingress, ...]) -> str:
    from_where = sorted({place for rule in rules for place in (*rule.cidrs, *rule.groups)})
    only = f"only {', '.join(from_where)}" if from_where else "nobody"
    groups = ", ".join(sorted(access.groups))
    if way.place != CONTROLLER:
        told = way.place if way.place == _TASK_OF_GATE else f"probe_from={way.place}"
        where, advice = f"a task in network.subnets ({told})", "Let network.security_groups in"
    else:
        where = "this machine (probe_from=controller)" if way.is_test else "this machine"
        network = TASK_BEFORE_TRAFFIC if way.is_test else TASK
        without = "leave test_url out" if way.is_test else "run this where users ask from"
        advice = f"Set probe_from={network}, which asks from the network of the tasks, {without}, or let it in"
    return (
        f"{where} cannot reach {way.option} {way.url}: security group {groups} of listener {listener} "
        f"lets {only} in on port {access.port}. {advice}."
    )
