# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""AWS::SNS::Topic: its key, and drift; the drift of AWS::SNS::TopicPolicy."""

import json
from typing import Any

from sandbox.clients import client
from sandbox.ministack import provisioners
from sandbox.services.cloudformation.model.types import DriftReader, Properties, Resources, changed

Made = tuple[str, dict[str, Any]]
_TOPIC = "AWS::SNS::Topic"
_ATTRIBUTES = ("DisplayName", "KmsMasterKeyId")


def complete() -> None:
    """Complete MiniStack's topic, which forgets its key."""
    entry = provisioners._RESOURCE_HANDLERS[_TOPIC]
    create, update = entry["create"], entry["update"]

    def create_topic(logical_id: str, properties: Properties, stack_name: str) -> Made:
        return _with_key(create(logical_id, properties, stack_name), {}, properties)

    def update_topic(physical_id: str, old: Properties, new: Properties, *rest: Any) -> Made:
        return _with_key(update(physical_id, old, new, *rest), old, new)

    entry.update(create=create_topic, update=update_topic)


def _with_key(made: Made, old: Properties, new: Properties) -> Made:
    if changed(old, new, "KmsMasterKeyId"):
        key = new.get("KmsMasterKeyId") or ""
        client("sns").set_topic_attributes(TopicArn=made[0], AttributeName="KmsMasterKeyId", AttributeValue=key)
    return made


def _topic(arn: str, _properties: Properties) -> Properties | None:
    sns = client("sns")
    attributes = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    current = {name: attributes.get(name, "") for name in _ATTRIBUTES}
    tags = sns.list_tags_for_resource(ResourceArn=arn)["Tags"]
    return {"TopicName": arn.rpartition(":")[2], "Tags": tags, **current}


def _topic_policy(_id: str, properties: Properties) -> Properties | None:
    """The first policy that is another than the template's, for every topic has the same."""
    sns, wanted = client("sns"), properties["PolicyDocument"]
    found = [
        json.loads(sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"]) for topic in properties["Topics"]
    ]
    return {"Topics": properties["Topics"], "PolicyDocument": next((each for each in found if each != wanted), wanted)}


RESOURCES = Resources(
    completions=(complete,),
    on_worker=frozenset({_TOPIC}),
    drift_readers={
        _TOPIC: DriftReader(_topic, frozenset({"TopicName", "Tags", *_ATTRIBUTES})),
        "AWS::SNS::TopicPolicy": DriftReader(_topic_policy, frozenset({"Topics", "PolicyDocument"})),
    },
    create_only={_TOPIC: ("FifoTopic", "TopicName")},
)
