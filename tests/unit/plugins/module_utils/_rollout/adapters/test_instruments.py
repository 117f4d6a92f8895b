# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""CloudWatch's metrics through boto3."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters.instruments import AwsInstruments
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.metrics import MetricQuery

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.stub import Stubber

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
QUERIES = (
    MetricQuery("AWS/ApplicationELB", "RequestCount", (("TargetGroup", "targetgroup/blue/1"),), "Sum", 60),
    MetricQuery("Mine", "Depth", (), "p99", 60),
)


def request(token: str = "") -> dict[str, Any]:
    def query(name: str, metric: dict[str, Any], statistic: str) -> dict[str, Any]:
        return {"Id": name, "MetricStat": {"Metric": metric, "Period": 60, "Stat": statistic}, "ReturnData": True}

    group = [{"Name": "TargetGroup", "Value": "targetgroup/blue/1"}]
    asked = {
        "MetricDataQueries": [
            query("m0", {"Namespace": "AWS/ApplicationELB", "MetricName": "RequestCount", "Dimensions": group}, "Sum"),
            query("m1", {"Namespace": "Mine", "MetricName": "Depth", "Dimensions": []}, "p99"),
        ],
        "StartTime": BEGIN,
        "EndTime": BEGIN + 3 * MINUTE,
    }
    return {**asked, "NextToken": token} if token else asked


def result(name: str, minutes: dict[datetime, float], status: str = "Complete") -> dict[str, Any]:
    return {"Id": name, "Label": name, "Timestamps": [*minutes], "Values": [*minutes.values()], "StatusCode": status}


def test_values_of_all_pages_are_told_by_query_and_minute(stubbed: Callable[[str], tuple[Any, Stubber]]) -> None:
    client, stub = stubbed("cloudwatch")
    elsewhere = (BEGIN + MINUTE).astimezone(timezone(timedelta(hours=2)))
    first = {"MetricDataResults": [result("m0", {elsewhere: 7.0}, "PartialData")], "NextToken": "t"}
    stub.add_response("get_metric_data", first, request())
    stub.add_response(
        "get_metric_data", {"MetricDataResults": [result("m0", {BEGIN: 5.0}), result("m1", {})]}, request("t")
    )
    series = AwsInstruments(lambda _service: client).metric_series(QUERIES, BEGIN, BEGIN + 3 * MINUTE)
    assert series == ({BEGIN: 5.0, BEGIN + MINUTE: 7.0}, {})


def test_metric_that_cloudwatch_does_not_give_is_an_error(stubbed: Callable[[str], tuple[Any, Stubber]]) -> None:
    client, stub = stubbed("cloudwatch")
    stub.add_response("get_metric_data", {"MetricDataResults": [result("m1", {}, "Forbidden")]}, request())
    with pytest.raises(OperationError, match="did not give metric m1: Forbidden"):
        AwsInstruments(lambda _service: client).metric_series(QUERIES, BEGIN, BEGIN + 3 * MINUTE)
