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
                # As a parameter gives it.
                "Threshold": "1",
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
    assert stack.drift() == {"High": "IN_SYNC", "Both": "IN_SYNC"}
    assert stack.update(with_properties(resources, "Both", AlarmRule=f"NOT {RULE}")) == "UPDATE_COMPLETE"
    assert stack.delete() == "DELETE_COMPLETE"
    assert not cloudwatch.describe_alarms(AlarmNames=["both"], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]


def test_a_composite_alarm_loses_the_tags_that_its_template_loses(stack: Stack, sandbox: Any) -> None:
    tags = [{"Key": "Team", "Value": "video"}, {"Key": "Old", "Value": "yes"}]
    resources = {
        "Never": {
            "Type": "AWS::CloudWatch::CompositeAlarm",
            "Properties": {"AlarmName": "never", "AlarmRule": "FALSE", "Tags": tags},
        }
    }
    assert stack.create(resources) == "CREATE_COMPLETE", stack.reasons()
    assert stack.update(with_properties(resources, "Never", Tags=tags[:1])) == "UPDATE_COMPLETE", stack.reasons()
    cloudwatch = sandbox.client("cloudwatch")
    [alarm] = cloudwatch.describe_alarms(AlarmNames=["never"], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    assert cloudwatch.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"] == tags[:1]


def test_a_dashboard_drifts(stack: Stack, sandbox: Any) -> None:
    body = '{"widgets": [{"type": "text", "properties": {"markdown": "release"}}]}'
    resources = {
        "Board": {"Type": "AWS::CloudWatch::Dashboard", "Properties": {"DashboardName": "b", "DashboardBody": body}}
    }
    assert stack.create(resources) == "CREATE_COMPLETE", stack.reasons()
    cloudwatch = sandbox.client("cloudwatch")
    cloudwatch.put_dashboard(DashboardName="b", DashboardBody=body.replace(" ", ""))
    assert stack.drift() == {"Board": "IN_SYNC"}
    cloudwatch.put_dashboard(DashboardName="b", DashboardBody='{"widgets": []}')
    assert stack.drift() == {"Board": "MODIFIED"}
    assert stack.drifted_properties("Board") == ["/DashboardBody"]
    cloudwatch.delete_dashboards(DashboardNames=["b"])
    assert stack.drift() == {"Board": "DELETED"}
