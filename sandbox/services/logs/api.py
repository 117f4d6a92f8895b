# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""PutLogEvents, which makes metrics of what arrives, and PutMetricFilter, which checks its pattern."""

import time
from typing import Any

from sandbox.ministack import cloudwatch, cloudwatch_logs, responses
from sandbox.services.logs.model import metrics, patterns


def install() -> None:
    """Wrap the actions; the sandbox's ECS writes its tasks' lines by the first of them."""
    put, put_filter = cloudwatch_logs._put_log_events, cloudwatch_logs._put_metric_filter

    def put_log_events(data: dict[str, Any]) -> Any:
        answer = put(data)
        if answer[0] < 400:
            _measure(data["logGroupName"], [event.get("message", "") for event in data.get("logEvents", [])])
        return answer

    def put_metric_filter(data: dict[str, Any]) -> Any:
        try:
            patterns.check(data.get("filterPattern") or "")
        except patterns.PatternError as error:
            return responses.error_response_json("InvalidParameterException", str(error), 400)
        return put_filter(data)

    cloudwatch_logs._put_log_events = put_log_events
    cloudwatch_logs._put_metric_filter = put_metric_filter


def _measure(group: str, messages: list[str]) -> None:
    filters = [
        metric_filter for metric_filter in cloudwatch_logs._metric_filters.values()
        if metric_filter["logGroupName"] == group
    ]  # fmt: skip
    for message in messages:
        made = [datum for metric_filter in filters for datum in metrics.of_filter(metric_filter, message)]
        for datum in (*made, *metrics.embedded(message)):
            cloudwatch._store_datum(
                datum.namespace,
                datum.name,
                dict(datum.dimensions),
                time.time(),
                datum.unit,
                datum.value,
                None,
                None,
                None,
            )
