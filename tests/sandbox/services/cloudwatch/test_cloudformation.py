# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""CloudFormation's types of CloudWatch."""

from typing import Any

from tests.sandbox.stacks import Stack, with_properties

RULE = "ALARM(high)"


def test_composite_alarm(stack: Stack, sandbox: Any) -> None:
    resources = {
        "High": {
            "Type": "AWS::CloudWatch::Alarm",
            "Properties": {
                "AlarmName": "high",
                "Namespace": "N",
                "MetricName": "M",
                "Statistic": "Sum",
                "Period": 60,
                "EvaluationPeriods": 1,
                "Threshold": 1,
                "ComparisonOperator": "GreaterThanThreshold",
            },
        },
        "Both": {
            "Type": "AWS::CloudWatch::CompositeAlarm",
            "DependsOn": "High",
            "Properties": {"AlarmName": "both", "AlarmRule": RULE},
        },
    }
    assert stack.create(resources) == "CREATE_COMPLETE"
    cloudwatch = sandbox.client("cloudwatch")
    [alarm] = cloudwatch.describe_alarms(AlarmNames=["both"], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    assert alarm["AlarmRule"] == RULE
    assert stack.drift()["Both"] == "IN_SYNC"
    assert stack.update(with_properties(resources, "Both", AlarmRule=f"NOT {RULE}")) == "UPDATE_COMPLETE"
    assert stack.delete() == "DELETE_COMPLETE"
    assert not cloudwatch.describe_alarms(AlarmNames=["both"], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
