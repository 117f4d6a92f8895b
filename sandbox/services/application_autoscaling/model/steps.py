# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""How many tasks a step scaling policy asks for. Follows the user guide, "How step scaling works"."""

import math
from collections.abc import Mapping
from typing import Any


def asked(desired: int, configuration: Mapping[str, Any], beyond: float) -> int:
    """The count that the policy asks for where its alarm's metric is `beyond` the threshold; `desired` for no change.

    A step holds from its lower bound to below its upper one; where the metric is below the threshold, from above its
    lower bound to its upper one.
    """
    for step in configuration.get("StepAdjustments") or []:
        lower, upper = step.get("MetricIntervalLowerBound"), step.get("MetricIntervalUpperBound")
        low, high = _bound(lower, -math.inf), _bound(upper, math.inf)
        if (low <= beyond < high) if beyond >= 0 and lower is not None else (low < beyond <= high):
            return max(0, _adjusted(desired, configuration, int(step["ScalingAdjustment"])))
    return desired


def _bound(given: object, otherwise: float) -> float:
    return otherwise if given is None else float(str(given))


def _adjusted(desired: int, configuration: Mapping[str, Any], adjustment: int) -> int:
    kind = configuration["AdjustmentType"]
    if kind == "ExactCapacity":
        return adjustment
    if kind == "ChangeInCapacity":
        return desired + adjustment
    share = desired * adjustment / 100
    least = int(configuration.get("MinAdjustmentMagnitude") or 1)
    change = math.copysign(max(math.floor(abs(share)), least), share) if share else 0
    return desired + int(change)


def settled(desired: int, followed: int, steps: list[int], minimum: int, maximum: int) -> int:
    """What comes of what target tracking `followed` and what `steps` ask for, within the bounds.

    The most tasks win where any asks for more. Where none does, the fewest do: step policies wait for no other.
    """
    most = max([followed, *steps])
    if most > desired:
        return min(most, max(maximum, desired))
    fewest = min([followed, *steps])
    return max(fewest, min(minimum, desired))
