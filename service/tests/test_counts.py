# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What a worker apart has counted, as CloudWatch reads it from the log."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

import fastbreak_service
from fastbreak_service import metrics
from fastbreak_service.worker import counts


def told(namespace: str, *minutes: dict[str, int]) -> list[dict[str, Any]]:
    """The lines of some minutes in which so many messages were counted; in the last one it is ended."""
    left, slept = list(minutes), 0.0

    async def sleep(seconds: float) -> None:
        nonlocal slept
        slept += seconds
        for outcome, count in left.pop(0).items():
            metrics.MESSAGES.labels(outcome=outcome).inc(count)
        if not left:
            raise asyncio.CancelledError

    with capture_logs() as lines, pytest.raises(asyncio.CancelledError):
        asyncio.run(counts.tell(namespace, sleep))
    assert slept == 60 * len(minutes)
    return [dict(line) for line in lines]


def test_each_minutes_counts_are_told_once_and_the_last_at_the_end() -> None:
    metrics.FRAMES.inc(7)
    for outcome in ("succeeded", "worker_died", "timed_out"):
        metrics.ANALYSES.labels(outcome=outcome).inc()
    first, *lines = told("Fastbreak/dev", {"received": 2}, {}, {"refused": 1, "received": 1}, {"strange": 4})
    assert first["FramesAnalysed"] >= 7
    assert first["AnalysesFailed"] >= 2 * first["AnalysesSucceeded"] >= 2
    names = set(counts._OF_MESSAGES.values())
    assert [{name: line[name] for name in line.keys() & names} for line in lines] == [
        {"MessagesRefused": 1, "MessagesReceived": 1},
        {"MessagesStrange": 4},
    ]
    (directive,) = lines[0]["_aws"]["CloudWatchMetrics"]
    assert (directive["Namespace"], directive["Dimensions"]) == ("Fastbreak/dev", [[]])
    assert {metric["Name"]: metric["Unit"] for metric in directive["Metrics"]} == {
        "MessagesRefused": "Count",
        "MessagesReceived": "Count",
    }


def test_without_a_namespace_nothing_is_told() -> None:
    with capture_logs() as lines:
        asyncio.run(counts.tell(""))
    assert lines == []


def test_every_outcome_of_a_message_has_a_name() -> None:
    sources = [path.read_text() for path in Path(fastbreak_service.__file__).parent.rglob("*.py")]
    said = [call for text in sources for call in re.findall(r"MESSAGES\.labels\((.*?)\)\.inc", text)]
    assert {name for call in said for name in re.findall(r'"([a-z_]+)"', call)} == set(counts._OF_MESSAGES)
