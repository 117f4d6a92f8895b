# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Metrics of what is logged: filter patterns, metric filters, the embedded metric format."""

import json
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.services.logs.model import patterns
from sandbox.services.logs.model.metrics import embedded

EVENT = json.dumps({"level": "error", "status": 503, "took": 1.5, "user": None, "ok": False, "at": {"path": ["/a"]}})


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ("", True),
        ("error", True),
        ("Error", False),
        ('"\\"status\\": 503"', True),
        ("error -status", False),
        ("?nothing ?error", True),
        ('{ $.level = "error" }', True),
        ('{ $.level != "error" }', False),
        ('{ $.level = "e*" }', True),
        ("{ $.status >= 500 }", True),
        ("{ $.status < 500 }", False),
        ('{ ($.level = "info") || ($.status = 503) }', True),
        ('{ $.level = "error" && $.status = 500 }', False),
        ("{ $.user IS NULL }", True),
        ("{ $.ok IS FALSE }", True),
        ("{ $.none EXISTS }", False),
        ("{ $.none NOT EXISTS }", True),
        ('{ $.at.path[0] = "/a" }', True),
        ('{ $.none = "x" }', False),
    ],
)
def test_a_pattern_chooses_events(pattern: str, matches: bool) -> None:
    assert patterns.matches(pattern, EVENT) is matches


def test_a_json_pattern_chooses_no_plain_line() -> None:
    assert not patterns.matches('{ $.level = "error" }', "error")


@pytest.mark.parametrize("pattern", ["{ $.a }", "{ $.a = 1", "{ a = 1 }", "[ip, user]"])
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(patterns.PatternError):
        patterns.check(pattern)


@pytest.mark.parametrize(
    "message",
    [
        "{",
        '{"_aws": 1}',
        '{"_aws": {"CloudWatchMetrics": [{"Namespace": "N", "Metrics": [{"Name": "m"}], "Dimensions": [["d"]]}]}}',
        '{"_aws": {"CloudWatchMetrics": [{"Namespace": "N", "Metrics": [{"Name": "m"}]}]}, "m": "one"}',
    ],
)
def test_a_malformed_event_makes_no_metric(message: str) -> None:
    assert list(embedded(message)) == []


def test_logged_events_become_metrics(sandbox: Any) -> None:
    logs, cloudwatch, name = sandbox.client("logs"), sandbox.client("cloudwatch"), f"test-{uuid.uuid4().hex[:8]}"
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName="s")
    change = {"metricNamespace": name, "metricName": "took", "metricValue": "$.took"}
    logs.put_metric_filter(
        logGroupName=name, filterName="f", filterPattern='{ $.level = "error" }', metricTransformations=[change]
    )
    with pytest.raises(ClientError, match="InvalidParameterException"):
        logs.put_metric_filter(logGroupName=name, filterName="g", filterPattern="{ a }", metricTransformations=[change])
    directive = {"Namespace": name, "Dimensions": [["zone"]], "Metrics": [{"Name": "frames", "Unit": "Count"}]}
    emf = {"_aws": {"Timestamp": 0, "CloudWatchMetrics": [directive]}, "zone": "a", "frames": [3, 4]}
    now = int(time.time() * 1000)
    lines = [EVENT, EVENT.replace("error", "info"), json.dumps(emf)]
    events = [{"timestamp": now, "message": line} for line in lines]
    logs.put_log_events(logGroupName=name, logStreamName="s", logEvents=events)

    def total(metric: str, dimensions: list[dict[str, str]]) -> float:
        points = cloudwatch.get_metric_statistics(
            Namespace=name,
            MetricName=metric,
            Dimensions=dimensions,
            StartTime=datetime.now(UTC) - timedelta(minutes=5),
            EndTime=datetime.now(UTC) + timedelta(minutes=5),
            Period=60,
            Statistics=["Sum"],
        )["Datapoints"]
        return float(sum(point["Sum"] for point in points))

    assert total("took", []) == 1.5
    assert total("frames", [{"Name": "zone", "Value": "a"}]) == 7.0
