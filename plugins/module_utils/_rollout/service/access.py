# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who gets through the security groups of a load balancer to one of its listeners. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from ipaddress import IPv4Network, IPv6Network


@dataclass(frozen=True, slots=True)
class Ingress:
    """A rule of a security group: from where to which ports; ``elsewhere`` are prefix lists, whose contents vary."""

    first_port: int
    last_port: int
    cidrs: tuple[str, ...] = ()
    groups: frozenset[str] = frozenset()
    elsewhere: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ListenerAccess:
    """Where a listener is: its port, the security groups before it, and whether its addresses are private."""

    port: int
    groups: frozenset[str]
    internal: bool


def admitted(access: ListenerAccess, rules: Iterable[Ingress]) -> tuple[Ingress, ...]:
    """Those *rules* that are about the listener's port."""
    return tuple(rule for rule in rules if rule.first_port <= access.port <= rule.last_port)


def lets_tasks_in(
    access: ListenerAccess, rules: Iterable[Ingress], groups: frozenset[str], cidrs: frozenset[str]
) -> bool:
    """Whether tasks with these security *groups* in subnets of these *cidrs* may get through.

    To public addresses they come from that of a NAT gateway, and not as themselves.
    """
    every = tuple(rules)
    if any(rule.elsewhere for rule in every):
        return True
    networks = [network for rule in every for network in map(_network, rule.cidrs)]
    if not access.internal:
        return any(not network.is_private for network in networks)
    if any(rule.groups & groups for rule in every):
        return True
    return bool(cidrs) and all(any(_within(subnet, network) for network in networks) for subnet in map(_network, cidrs))


def lets_machine_in(access: ListenerAccess, rules: Iterable[Ingress], address: str) -> bool:
    """Whether the machine of *address*, as it knows itself, may get through. Not known: it may."""
    every = tuple(rules)
    if not address or any(rule.elsewhere or rule.groups for rule in every):
        return True
    own = ip_address(address)
    if own.is_loopback:
        # The load balancer is on this very machine.
        return True
    networks = [network for rule in every for network in map(_network, rule.cidrs)]
    if any(own in network for network in networks):
        return True
    # Behind a NAT it is seen by another address, which it does not know.
    return not access.internal and not own.is_global and any(not network.is_private for network in networks)


def _network(cidr: str) -> IPv4Network | IPv6Network:
    return ip_network(cidr, strict=False)


def _within(inner: IPv4Network | IPv6Network, outer: IPv4Network | IPv6Network) -> bool:
    return inner.version == outer.version and inner.subnet_of(outer)  # type: ignore[arg-type]
