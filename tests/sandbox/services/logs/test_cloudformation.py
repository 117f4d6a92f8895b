# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""CloudFormation's types of CloudWatch Logs."""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.sandbox.stacks import Stack, ref, with_properties


def test_a_metric_filter_measures_drifts_and_goes_with_its_stack(stack: Stack, sandbox: Any) -> None:
    transformation = {
        "MetricNamespace": "Stacks",
        "MetricName": "Failed",
        "MetricValue": "1",
        "Unit": "Count",
        "Dimensions": [{"Key": "Version", "Value": "$.version"}],
    }
    resources = {
        "Group": {"Type": "AWS::Logs::LogGroup"},
        "Failed": {
            "Type": "AWS::Logs::MetricFilter",
            "Properties": {
                "LogGroupName": ref("Group"),
                "FilterPattern": "{ $.status >= 500 }",
                "MetricTransformations": [transformation],
            },
        },
    }
    assert stack.create(resources) == "CREATE_COMPLETE", stack.reasons()
    logs, group, name = sandbox.client("logs"), stack.physical_id("Group"), stack.physical_id("Failed")
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    line = json.dumps({"status": 503, "version": "1.0.0"})
    event = {"timestamp": int(time.time() * 1000), "message": line}
    logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=[event])
    found = sandbox.client("cloudwatch").get_metric_statistics(
        Namespace="Stacks",
        MetricName="Failed",
        Dimensions=[{"Name": "Version", "Value": "1.0.0"}],
        StartTime=datetime.now(UTC) - timedelta(hours=1),
        EndTime=datetime.now(UTC) + timedelta(minutes=1),
        Period=7200,
        Statistics=["Sum"],
    )
    assert sum(point["Sum"] for point in found["Datapoints"]) == 1.0
    assert stack.drift() == {"Group": "IN_SYNC", "Failed": "IN_SYNC"}
    changed = with_properties(resources, "Failed", FilterPattern="{ $.status >= 400 }")
    assert stack.update(changed) == "UPDATE_COMPLETE", stack.reasons()
    [now] = logs.describe_metric_filters(logGroupName=group)["metricFilters"]
    assert (now["filterName"], now["filterPattern"]) == (name, "{ $.status >= 400 }")
    logs.put_metric_filter(
        logGroupName=group,
        filterName=name,
        filterPattern="{ $.status >= 400 }",
        metricTransformations=[{**now["metricTransformations"][0], "metricValue": "2"}],
    )
    assert stack.drift()["Failed"] == "MODIFIED"
    assert stack.drifted_properties("Failed") == ["/MetricTransformations/0/MetricValue"]
    logs.delete_metric_filter(logGroupName=group, filterName=name)
    assert stack.drift()["Failed"] == "DELETED"
