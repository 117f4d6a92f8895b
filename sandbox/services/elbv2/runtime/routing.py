# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Which target group and which target gets a request."""

import random
import time
from collections.abc import Callable, Iterable, Mapping

from sandbox.services.elbv2.model.health import State
from sandbox.services.elbv2.model.records import TargetGroup
from sandbox.services.elbv2.model.targets import Target


def choose_group(weights: Mapping[str, int], generator: random.Random) -> str | None:
    """The target group of the next request, drawn by weight; None when all weights are 0."""
    weighted = {arn: weight for arn, weight in weights.items() if weight > 0}
    if not weighted:
        return None
    return generator.choices(list(weighted), list(weighted.values()))[0]


def choose_target(
    group: TargetGroup, targets: Iterable[Target], scaled: Callable[[float], float], generator: random.Random
) -> Target | None:
    """The healthy target that gets the next request by the group's algorithm; None when no target is healthy."""
    healthy = [target for target in targets if target.health.state is State.HEALTHY]
    if not healthy:
        return None
    if group.algorithm == "least_outstanding_requests":
        return min(healthy, key=lambda target: target.in_flight)
    if group.algorithm == "weighted_random":
        return generator.choice(healthy)
    moment = time.monotonic()
    weights = [_weight(target, scaled(group.slow_start_seconds), moment) for target in healthy]
    for target, weight in zip(healthy, weights, strict=True):
        target.current_weight += weight
    chosen = max(healthy, key=lambda target: target.current_weight)
    chosen.current_weight -= sum(weights)
    return chosen


def _weight(target: Target, duration: float, now: float) -> float:
    """1 for a warm target; during slow start a share that grows linearly."""
    if target.slow_start_since is None:
        return 1.0
    passed = now - target.slow_start_since
    if passed >= duration:
        target.slow_start_since = None
        return 1.0
    return max(0.01, passed / duration)
