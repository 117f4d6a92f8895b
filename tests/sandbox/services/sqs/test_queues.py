# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Queues of SQS: those of stacks, and what becomes of messages."""

import json
from typing import Any

from tests.sandbox.stacks import Stack, att, ref, with_properties

DENIED = {"Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": "*"}
TLS_ONLY = {**DENIED, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
RESOURCES = {
    "Dead": {"Type": "AWS::SQS::Queue", "Properties": {"MessageRetentionPeriod": 1209600}},
    "Work": {
        "Type": "AWS::SQS::Queue",
        "Properties": {
            "KmsMasterKeyId": "alias/first",
            "RedrivePolicy": {"deadLetterTargetArn": att("Dead", "Arn"), "maxReceiveCount": 2},
        },
    },
    "Policy": {
        "Type": "AWS::SQS::QueuePolicy",
        "Properties": {
            "Queues": [ref("Work")],
            "PolicyDocument": {"Version": "2012-10-17", "Statement": [TLS_ONLY]},
        },
    },
}


def test_a_queue_has_its_key_and_drifts_with_its_policy(stack: Stack, sandbox: Any) -> None:
    assert stack.create(RESOURCES) == "CREATE_COMPLETE", stack.reasons()
    sqs, work = sandbox.client("sqs"), stack.physical_id("Work")
    assert set(stack.drift().values()) == {"IN_SYNC"}
    assert stack.update(with_properties(RESOURCES, "Work", KmsMasterKeyId="alias/second")) == "UPDATE_COMPLETE"
    found = sqs.get_queue_attributes(QueueUrl=work, AttributeNames=["All"])["Attributes"]
    assert found["KmsMasterKeyId"] == "alias/second"
    opened = json.dumps({"Version": "2012-10-17", "Statement": [{**DENIED, "Effect": "Allow"}]})
    sqs.set_queue_attributes(QueueUrl=work, Attributes={"KmsMasterKeyId": "alias/third", "Policy": opened})
    assert stack.drift() == {"Dead": "IN_SYNC", "Work": "MODIFIED", "Policy": "MODIFIED"}
    assert stack.drifted_properties("Work") == ["/KmsMasterKeyId"]
    sqs.delete_queue(QueueUrl=stack.physical_id("Dead"))
    assert stack.drift()["Dead"] == "DELETED"


def test_a_message_is_hidden_seen_again_and_after_so_many_receptions_a_dead_letter(stack: Stack, sandbox: Any) -> None:
    assert stack.create(RESOURCES) == "CREATE_COMPLETE", stack.reasons()
    sqs, work, dead = sandbox.client("sqs"), stack.physical_id("Work"), stack.physical_id("Dead")
    entry = {"Id": "0", "MessageBody": "there is work", "DelaySeconds": 0}
    sqs.send_message_batch(QueueUrl=work, Entries=[entry])
    for _ in range(2):
        # A long poll ends with the first message.
        [message] = sqs.receive_message(QueueUrl=work, WaitTimeSeconds=20, VisibilityTimeout=600)["Messages"]
        assert message["Body"] == "there is work"
        assert "Messages" not in sqs.receive_message(QueueUrl=work)
        this = {"QueueUrl": work, "ReceiptHandle": message["ReceiptHandle"]}
        sqs.change_message_visibility(**this, VisibilityTimeout=0)
    assert "Messages" not in sqs.receive_message(QueueUrl=work)
    [letter] = sqs.receive_message(QueueUrl=dead)["Messages"]
    assert letter["Body"] == "there is work"
    sqs.delete_message(QueueUrl=dead, ReceiptHandle=letter["ReceiptHandle"])
    assert "Messages" not in sqs.receive_message(QueueUrl=dead, VisibilityTimeout=0)
