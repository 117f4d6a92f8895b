# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What waits, as CloudWatch reads it from the log."""

from __future__ import annotations

import asyncio

import psycopg
import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from fastbreak_service import metrics
from fastbreak_service.api import backlog
from fastbreak_service.store.work import Backlog


class Queue:
    """Answers in turn."""

    def __init__(self, *answers: Backlog | Exception) -> None:
        self._answers = list(answers)

    def waiting(self) -> int:
        return 7

    def backlog(self) -> Backlog:
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_it_is_told_in_the_embedded_metric_format_also_after_the_database_was_away() -> None:
    queue = Queue(psycopg.OperationalError("away"), Backlog(3, 12.34, 1, 5))
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 2:
            raise asyncio.CancelledError

    with capture_logs() as lines, pytest.raises(asyncio.CancelledError):
        asyncio.run(backlog.tell(queue, "Fastbreak/dev", sleep))  # type: ignore[arg-type] # a stand-in
    away, told = lines
    assert REGISTRY.get_sample_value("fastbreak_queue_depth") == 7
    assert (away["event"], slept) == ("backlog not told", [60.0, 60.0])
    (directive,) = told["_aws"]["CloudWatchMetrics"]
    assert (directive["Namespace"], directive["Dimensions"]) == ("Fastbreak/dev", [[]])
    values = {metric["Name"]: (told[metric["Name"]], metric["Unit"]) for metric in directive["Metrics"]}
    assert values == {
        "QueueWaiting": (3, "Count"),
        "QueueAgeSeconds": (12.3, "Seconds"),
        "QueueDeadLetters": (1, "Count"),
        "QueueBacklog": (5, "Count"),
    }


def test_without_a_namespace_a_replica_still_counts_what_waits() -> None:
    metrics.QUEUE_DEPTH.set(0)

    async def once(_: float) -> None:
        raise asyncio.CancelledError

    with capture_logs() as lines, pytest.raises(asyncio.CancelledError):
        asyncio.run(backlog.tell(Queue(), "", once))  # type: ignore[arg-type] # a stand-in
    assert (lines, REGISTRY.get_sample_value("fastbreak_queue_depth")) == ([], 7)
