# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The registered targets of all target groups, and what the load balancers know of each."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.services.elbv2.model import records
from sandbox.services.elbv2.model.health import (
    CHECKING,
    DRAINING,
    NOT_IN_USE,
    NOT_REGISTERED,
    REGISTERING,
    Health,
    State,
)


@dataclass(eq=False)
class Target:
    """One registration: an address and a port in a target group."""

    group_arn: str
    address: str
    port: int
    health: Health = REGISTERING
    in_flight: int = 0
    slow_start_since: float | None = None
    drained_at: float | None = None
    """When a draining target is gone (`time.monotonic`); None while it is registered."""
    current_weight: float = 0.0
    """The running weight of smooth weighted round robin."""


@dataclass
class Registry:
    """All targets; safe from any thread."""

    scaled: Callable[[float], float] = lambda seconds: seconds
    on_change: Callable[[], None] = lambda: None
    _targets: dict[str, dict[tuple[str, int], Target]] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def register(self, group_arn: str, address: str, port: int) -> None:
        """Register a target; what is registered stays as it is, what drains begins again."""
        if records.target_group(group_arn) is None:
            raise KeyError(group_arn)
        with self._lock:
            group = self._targets.setdefault(group_arn, {})
            known = group.get((address, port))
            if known is None or known.health.state is State.DRAINING:
                group[address, port] = Target(group_arn, address, port)
        self.on_change()

    def deregister(self, group_arn: str, address: str, port: int) -> None:
        """Let a target drain for the group's deregistration delay; at once when no load balancer uses the group."""
        with self._lock:
            target = self._targets.get(group_arn, {}).get((address, port))
            group = records.target_group(group_arn)
            if target is None or target.drained_at is not None:
                return
            delay = group.deregistration_delay_seconds if group and records.load_balancers_using(group_arn) else 0.0
            target.health = DRAINING
            target.drained_at = time.monotonic() + self.scaled(delay)
            if delay == 0.0:
                del self._targets[group_arn][address, port]
        self.on_change()

    def deregister_address(self, group_arn: str, address: str) -> None:
        """Deregister every port of an address, as DeregisterTargets does when it is given no port."""
        for target in self.of_group(group_arn):
            if target.address == address:
                self.deregister(group_arn, address, target.port)

    def of_group(self, group_arn: str) -> list[Target]:
        """The group's targets, draining ones included."""
        with self._lock:
            return list(self._targets.get(group_arn, {}).values())

    def all(self) -> list[Target]:
        """The targets of every group."""
        with self._lock:
            return [target for group in self._targets.values() for target in group.values()]

    def health(self, group_arn: str, address: str, port: int) -> Health:
        """What DescribeTargetHealth tells about the target."""
        with self._lock:
            target = self._targets.get(group_arn, {}).get((address, port))
        return target.health if target else NOT_REGISTERED

    def is_current(self, target: Target) -> bool:
        """Whether this registration still stands."""
        with self._lock:
            return self._targets.get(target.group_arn, {}).get((target.address, target.port)) is target

    def settle(self) -> None:
        """Remove what has drained and what lost its group; mark groups that came into or went out of use."""
        now = time.monotonic()
        with self._lock:
            for group_arn in list(self._targets):
                if records.target_group(group_arn) is None:
                    del self._targets[group_arn]
                    continue
                in_use = bool(records.load_balancers_using(group_arn))
                for key, target in list(self._targets[group_arn].items()):
                    if target.drained_at is not None:
                        if target.drained_at <= now:
                            del self._targets[group_arn][key]
                    elif not in_use:
                        target.health = NOT_IN_USE
                    elif target.health in (NOT_IN_USE, REGISTERING):
                        target.health = CHECKING

    def record(self, target: Target, health: Health, slow_start_seconds: float) -> None:
        """Note the result of a check, unless the target was deregistered meanwhile."""
        with self._lock:
            if target.drained_at is not None or target.health is NOT_IN_USE or not self.is_current(target):
                return
            became_healthy = health.state is State.HEALTHY and target.health.state is not State.HEALTHY
            if became_healthy and slow_start_seconds and self._has_warm_peer(target):
                target.slow_start_since = time.monotonic()
            target.health = health

    def _has_warm_peer(self, target: Target) -> bool:
        """Slow start needs a healthy target beside it that is past its own; alone a target gets everything anyway."""
        return any(
            peer.health.state is State.HEALTHY and peer.slow_start_since is None
            for peer in self.of_group(target.group_arn)
            if peer is not target
        )

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._targets.clear()
        self.on_change()


registry = Registry()


def register_target(target_group_arn: str, address: str, port: int) -> None:
    """Register `address:port`; registering it twice changes nothing. KeyError when there is no such target group."""
    registry.register(target_group_arn, address, port)


def deregister_target(target_group_arn: str, address: str, port: int) -> None:
    """Deregister `address:port`: it drains, then it is gone. One that is not registered is left alone."""
    registry.deregister(target_group_arn, address, port)


def target_state(target_group_arn: str, address: str, port: int) -> str:
    """The target's state as DescribeTargetHealth names it; "unused" when it is not registered."""
    return registry.health(target_group_arn, address, port).state.value
