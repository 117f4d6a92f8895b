# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The deployment circuit breaker's and the retry throttle's arithmetic."""

import math
from collections.abc import Mapping
from typing import Any

_FREE_RETRIES = 2
_LONGEST_PAUSE = 30.0


def threshold(configuration: Mapping[str, Any], desired: int) -> int | None:
    """How many failed tasks end the deployment; None when the breaker is off.

    `configuration` is `DeploymentConfiguration.deploymentCircuitBreaker`. By default half of the desired count, rounded
    up, between 3 and 200; `thresholdConfiguration` may ask for another percentage, unbounded, or for a plain count.
    """
    if not configuration.get("enable"):
        return None
    wanted = configuration.get("thresholdConfiguration") or {}
    kind, value = wanted.get("type", "BOUNDED_PERCENT"), float(wanted.get("value", 50))
    if kind == "COUNT":
        return max(1, int(value))
    share = math.ceil(value * desired / 100)
    return max(1, share) if kind == "UNBOUNDED_PERCENT" else min(200, max(3, share))


def pause(consecutive_failures: int) -> float:
    """Seconds to wait before the next start after so many failures in a row.

    ECS throttles restarts up to 15 minutes; here the longest pause is half a minute.
    """
    excess = consecutive_failures - _FREE_RETRIES
    return 0.0 if excess <= 0 else min(_LONGEST_PAUSE, 2.0 ** (excess - 1))
