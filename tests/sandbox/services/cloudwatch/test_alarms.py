# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Alarms of metrics that clients put."""

import json
import uuid
from typing import Any

import httpx
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from sandbox import ACCOUNTS
from tests.sandbox.balancer import eventually
from tests.sandbox.stacks import Stack, with_properties


@pytest.fixture
def cloudwatch(sandbox: Any) -> Any:
    return sandbox.client("cloudwatch")


@pytest.fixture
def namespace() -> str:
    return f"test-{uuid.uuid4().hex[:8]}"


def alarm(name: str, **settings: Any) -> dict[str, Any]:
    return {
        "AlarmName": name,
        "EvaluationPeriods": 1,
        "Threshold": 1.0,
        "ComparisonOperator": "GreaterThanThreshold",
        **settings,
    }


def put(cloudwatch: Any, namespace: str, name: str, value: float, **dimensions: str) -> None:
    named = [{"Name": key, "Value": text} for key, text in dimensions.items()]
    cloudwatch.put_metric_data(
        Namespace=namespace, MetricData=[{"MetricName": name, "Dimensions": named, "Value": value}]
    )


def state(cloudwatch: Any, name: str) -> str:
    [found] = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return str(found["StateValue"])


def test_an_alarm_reads_its_dimensions_alone_and_tells_a_topic(sandbox: Any, cloudwatch: Any, namespace: str) -> None:
    sns, sqs = sandbox.client("sns"), sandbox.client("sqs")
    topic = sns.create_topic(Name=namespace)["TopicArn"]
    queue = sqs.create_queue(QueueName=namespace)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    read = {"Namespace": namespace, "MetricName": "M", "Statistic": "Sum", "Period": 60, "AlarmActions": [topic]}
    for color in ("red", "blue"):
        dimensions = [{"Name": "color", "Value": color}]
        cloudwatch.put_metric_alarm(
            **alarm(
                f"{namespace}-{color}",
                **read,
                Dimensions=dimensions,
                OKActions=[topic],
                TreatMissingData="notBreaching",
            )
        )
    put(cloudwatch, namespace, "M", 5.0, color="red")
    put(cloudwatch, namespace, "M", 5.0)

    def told() -> list[str]:
        messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        bodies = [json.loads(message["Body"]) for message in messages]
        heard.extend((body["AlarmName"], body["NewStateValue"]) for body in bodies)
        return heard

    heard: list[Any] = []
    red, blue = f"{namespace}-red", f"{namespace}-blue"
    assert eventually(lambda: {(red, "ALARM"), (blue, "OK")} <= set(told()) and told()[-1] == (red, "OK"))
    assert (blue, "ALARM") not in heard


def test_sdks_that_read_xml_are_told_what_an_alarm_does(sandbox: Any, cloudwatch: Any, namespace: str) -> None:
    read = {"Namespace": namespace, "MetricName": "M", "Statistic": "Sum", "Period": 60}
    topic = f"arn:aws:sns:{sandbox.state.region}:{ACCOUNTS['dev']}:{namespace}"
    cloudwatch.put_metric_alarm(**alarm(namespace, **read, AlarmActions=[topic], ActionsEnabled=False))
    asked = AWSRequest("POST", sandbox.state.endpoint_url, data={"Action": "DescribeAlarms", "Version": "2010-08-01"})
    asked.headers["Content-Type"] = "application/x-www-form-urlencoded"
    SigV4Auth(Credentials(ACCOUNTS["dev"], "sandbox"), "monitoring", sandbox.state.region).add_auth(asked)
    sent = asked.prepare()
    answer = httpx.post(sent.url, content=sent.body, headers=dict(sent.headers.items()), trust_env=False).text
    assert (
        f"{namespace}</AlarmArn><ActionsEnabled>false</ActionsEnabled><OKActions></OKActions>"
        f"<AlarmActions><member>{topic}</member></AlarmActions>"
    ) in answer


def test_an_alarm_computes(cloudwatch: Any, namespace: str) -> None:
    def query(name: str) -> dict[str, Any]:
        metric = {"Namespace": namespace, "MetricName": name}
        return {"Id": name, "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}, "ReturnData": False}

    share = {"Id": "share", "Expression": "IF(FILL(requests, 0) >= 10, 100 * FILL(errors, 0) / requests, 0)"}
    for name in ("few", "many"):
        extra = {"few": "", "many": " + 0"}[name]
        queries = [query("requests"), query("errors"), {**share, "Expression": share["Expression"] + extra}]
        cloudwatch.put_metric_alarm(**alarm(f"{namespace}-{name}", Metrics=queries, Threshold=5.0))
    [found] = cloudwatch.describe_alarms(AlarmNames=[f"{namespace}-few"])["MetricAlarms"]
    assert found["Metrics"][2]["Expression"] == share["Expression"]
    assert "MetricName" not in found
    put(cloudwatch, namespace, "requests", 9.0)
    put(cloudwatch, namespace, "errors", 9.0)
    assert eventually(lambda: state(cloudwatch, f"{namespace}-few") == "OK")
    put(cloudwatch, namespace, "requests", 20.0)
    put(cloudwatch, namespace, "errors", 2.0)
    assert eventually(lambda: state(cloudwatch, f"{namespace}-many") == "ALARM")
    assert eventually(lambda: state(cloudwatch, f"{namespace}-many") == "OK")


def test_what_is_no_metric_math_is_refused(cloudwatch: Any, namespace: str) -> None:
    with pytest.raises(ClientError, match=r"Unknown identifier b|Exactly one element|one period"):
        cloudwatch.put_metric_alarm(**alarm(namespace, Metrics=[{"Id": "a", "Expression": "b"}]))


def test_a_state_set_by_hand_stays_for_a_period(cloudwatch: Any, namespace: str) -> None:
    read = {"Namespace": namespace, "MetricName": "M", "Statistic": "Sum", "Period": 60}
    cloudwatch.put_metric_alarm(**alarm(namespace, **read, TreatMissingData="notBreaching"))
    cloudwatch.set_alarm_state(AlarmName=namespace, StateValue="ALARM", StateReason="by hand")
    assert state(cloudwatch, namespace) == "ALARM"
    assert eventually(lambda: state(cloudwatch, namespace) == "OK")


def test_a_stack_makes_an_alarm_of_metric_math(stack: Stack, cloudwatch: Any, namespace: str) -> None:
    metric = {"Namespace": namespace, "MetricName": "m"}
    queries = [
        {"Id": "m", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "p95"}, "ReturnData": False},
        {"Id": "twice", "Expression": "m * 2", "Label": "twice"},
    ]
    properties = {**alarm(namespace, Metrics=queries), "TreatMissingData": "notBreaching", "DatapointsToAlarm": 1}
    resources = {"Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": properties}}
    assert stack.create(resources) == "CREATE_COMPLETE", stack.reasons()
    assert stack.drift()["Alarm"] == "IN_SYNC"
    assert stack.update(with_properties(resources, "Alarm", Threshold=7)) == "UPDATE_COMPLETE"
    [found] = cloudwatch.describe_alarms(AlarmNames=[namespace])["MetricAlarms"]
    assert (found["Threshold"], found["Metrics"][1]["Expression"]) == (7.0, "m * 2")
    cloudwatch.put_metric_alarm(**{**properties, "Threshold": 8.0})
    assert stack.drift()["Alarm"] == "MODIFIED"
    assert stack.delete() == "DELETE_COMPLETE"
