# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""CloudFormation's types of SNS."""

import json
from typing import Any

from tests.sandbox.stacks import Stack, ref, with_properties


def test_a_topic_has_its_key_and_drifts_with_its_policy(stack: Stack, sandbox: Any) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": "*",
    }
    document = {"Version": "2012-10-17", "Statement": [statement]}
    resources = {
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "told", "KmsMasterKeyId": "alias/first"}},
        "Other": {"Type": "AWS::SNS::Topic"},
        "Policy": {
            "Type": "AWS::SNS::TopicPolicy",
            "Properties": {"Topics": [ref("Topic"), ref("Other")], "PolicyDocument": document},
        },
    }
    assert stack.create(resources) == "CREATE_COMPLETE", stack.reasons()
    sns, topic, other = sandbox.client("sns"), stack.physical_id("Topic"), stack.physical_id("Other")

    def key() -> str:
        return str(sns.get_topic_attributes(TopicArn=topic)["Attributes"].get("KmsMasterKeyId", ""))

    assert key() == "alias/first"
    assert set(stack.drift().values()) == {"IN_SYNC"}
    assert stack.update(with_properties(resources, "Topic", KmsMasterKeyId="alias/second")) == "UPDATE_COMPLETE"
    assert key() == "alias/second"
    sns.set_topic_attributes(TopicArn=topic, AttributeName="KmsMasterKeyId", AttributeValue="")
    opened = {"Version": "2012-10-17", "Statement": [{**statement, "Principal": "*"}]}
    sns.set_topic_attributes(TopicArn=other, AttributeName="Policy", AttributeValue=json.dumps(opened))
    assert stack.drift() == {"Topic": "MODIFIED", "Other": "IN_SYNC", "Policy": "MODIFIED"}
    assert stack.drifted_properties("Topic") == ["/KmsMasterKeyId"]
    sns.delete_topic(TopicArn=other)
    assert stack.drift()["Other"] == "DELETED"
