# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""AWS::SQS::Queue and AWS::SQS::QueuePolicy: how they are now. MiniStack does not look at keys and policies."""

import json

from sandbox.clients import client
from sandbox.services.cloudformation.model.types import DriftReader, Properties, Resources

_ATTRIBUTES = (
    *("DelaySeconds", "KmsDataKeyReusePeriodSeconds", "KmsMasterKeyId", "MaximumMessageSize"),
    *("MessageRetentionPeriod", "ReceiveMessageWaitTimeSeconds", "VisibilityTimeout"),
)


def _queue(url: str, _properties: Properties) -> Properties | None:
    sqs = client("sqs")
    try:
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    except sqs.exceptions.QueueDoesNotExist:
        return None
    tags = sqs.list_queue_tags(QueueUrl=url).get("Tags", {})
    redrive = attributes.get("RedrivePolicy")
    return {
        "QueueName": url.rpartition("/")[2],
        "RedrivePolicy": json.loads(redrive) if redrive else None,
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
        **{name: attributes.get(name, "") for name in _ATTRIBUTES},
    }


def _queue_policy(_id: str, properties: Properties) -> Properties | None:
    """The first policy that is another than the template's, for every queue has the same."""
    sqs, wanted = client("sqs"), properties["PolicyDocument"]
    answers = [
        sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"]).get("Attributes", {})
        for url in properties["Queues"]
    ]
    found = [json.loads(answer.get("Policy") or "{}") for answer in answers]
    return {"Queues": properties["Queues"], "PolicyDocument": next((each for each in found if each != wanted), wanted)}


RESOURCES = Resources(
    drift_readers={
        "AWS::SQS::Queue": DriftReader(_queue, frozenset({"QueueName", "RedrivePolicy", "Tags", *_ATTRIBUTES})),
        "AWS::SQS::QueuePolicy": DriftReader(_queue_policy, frozenset({"Queues", "PolicyDocument"})),
    },
    create_only={"AWS::SQS::Queue": ("FifoQueue", "QueueName")},
)
