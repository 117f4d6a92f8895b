# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""CloudFormation's types of RDS; the one of an instance is tested with the database."""

from typing import Any

import pytest

from tests.sandbox.stacks import Stack, ref, with_properties


def test_event_subscription(stack: Stack, sandbox: Any) -> None:
    resources = {
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "database-events"}},
        "Subscription": {
            "Type": "AWS::RDS::EventSubscription",
            "Properties": {
                "SnsTopicArn": ref("Topic"),
                "SourceType": "db-instance",
                "EventCategories": ["failure", "maintenance"],
            },
        },
    }
    assert stack.create(resources) == "CREATE_COMPLETE"
    rds, name = sandbox.client("rds"), stack.physical_id("Subscription")
    found = rds.describe_event_subscriptions(SubscriptionName=name)["EventSubscriptionsList"][0]
    assert (found["SourceType"], sorted(found["EventCategoriesList"])) == ("db-instance", ["failure", "maintenance"])
    assert stack.drift()["Subscription"] == "IN_SYNC"
    rds.modify_event_subscription(SubscriptionName=name, Enabled=False, EventCategories=["failure"])
    assert stack.drift()["Subscription"] == "MODIFIED"
    assert stack.drifted_properties("Subscription") == ["/EventCategories/1"]
    assert stack.update(with_properties(resources, "Subscription", Enabled=True)) == "UPDATE_COMPLETE"
    assert rds.describe_event_subscriptions(SubscriptionName=name)["EventSubscriptionsList"][0]["Enabled"] is True
    assert stack.delete() == "DELETE_COMPLETE"
    with pytest.raises(rds.exceptions.SubscriptionNotFoundFault):
        rds.describe_event_subscriptions(SubscriptionName=name)
