# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What a worker apart has counted, told once a minute in its log: it answers no requests, and so nobody reads /metrics.

Each line has what was counted since the one before. CloudWatch adds them up over all workers.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import TYPE_CHECKING

import structlog

from fastbreak_service import metrics
from fastbreak_service.embedded import embedded

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from prometheus_client import Counter as Metric

_SECONDS = 60.0
_OF_MESSAGES = {
    "sent": "MessagesSent",
    "not_sent": "MessagesNotSent",
    "received": "MessagesReceived",
    "other_release": "MessagesOfOtherReleases",
    "strange": "MessagesStrange",
    "refused": "MessagesRefused",
}
log = structlog.get_logger()


def counted() -> Counter[str]:
    """What this process has counted, by the names in CloudWatch."""
    found: Counter[str] = Counter()
    for outcome, value in _totals(metrics.MESSAGES):
        found[_OF_MESSAGES[outcome]] += value
    for outcome, value in _totals(metrics.ANALYSES):
        found["AnalysesSucceeded" if outcome == "succeeded" else "AnalysesFailed"] += value
    found["FramesAnalysed"] = sum(value for _, value in _totals(metrics.FRAMES))
    return found


def _totals(counter: Metric) -> list[tuple[str, int]]:
    """Its values by outcomes."""
    samples = (sample for family in counter.collect() for sample in family.samples if sample.name.endswith("_total"))
    return [(sample.labels.get("outcome", ""), round(sample.value)) for sample in samples]


async def tell(namespace: str, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
    """Tell it until this is cancelled, and then the rest of it; nothing without a namespace, or where nothing was."""
    before: Counter[str] = Counter()
    while namespace:
        try:
            await sleep(_SECONDS)
        finally:
            now = counted()
            # Whatever is less than nothing, or nothing, is left out.
            if more := now - before:
                log.info("counted", **embedded(namespace, more, time.time(), {}))
            before = now
