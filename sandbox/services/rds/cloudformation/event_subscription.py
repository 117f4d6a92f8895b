# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""AWS::RDS::EventSubscription."""

from typing import Any

from sandbox.clients import client
from sandbox.services.cloudformation.model.types import Context, Created, Properties, ResourceType, as_bool, given

_FIELDS = ("SnsTopicArn", "SourceType", "EventCategories")


def _rds() -> Any:
    return client("rds")


def _request(properties: Properties) -> Properties:
    enabled = {"Enabled": as_bool(properties["Enabled"])} if properties.get("Enabled") is not None else {}
    return {**given(properties, *_FIELDS), **enabled}


def _create(properties: Properties, context: Context) -> Created:
    name = properties.get("SubscriptionName") or context.physical_name(lowercase=True)
    _rds().create_event_subscription(
        SubscriptionName=name, **_request(properties), **given(properties, "SourceIds", "Tags")
    )
    return name, {"SubscriptionName": name}


def _update(name: str, old: Properties, new: Properties) -> dict[str, str]:
    rds = _rds()
    rds.modify_event_subscription(SubscriptionName=name, **_request(new))
    before, after = (set(side.get("SourceIds") or []) for side in (old, new))
    for source in sorted(after - before):
        rds.add_source_identifier_to_subscription(SubscriptionName=name, SourceIdentifier=source)
    for source in sorted(before - after):
        rds.remove_source_identifier_from_subscription(SubscriptionName=name, SourceIdentifier=source)
    return {"SubscriptionName": name}


def _delete(name: str, _properties: Properties) -> None:
    rds = _rds()
    try:
        rds.delete_event_subscription(SubscriptionName=name)
    except rds.exceptions.SubscriptionNotFoundFault:
        return


def _read(name: str, _properties: Properties) -> Properties | None:
    rds = _rds()
    try:
        found = rds.describe_event_subscriptions(SubscriptionName=name)["EventSubscriptionsList"][0]
    except rds.exceptions.SubscriptionNotFoundFault:
        return None
    return {
        "SubscriptionName": name,
        "SnsTopicArn": found["SnsTopicArn"],
        "SourceType": found.get("SourceType", ""),
        "SourceIds": found.get("SourceIdsList", []),
        "EventCategories": found.get("EventCategoriesList", []),
        "Enabled": found["Enabled"],
    }


TYPES = (
    ResourceType(
        name="AWS::RDS::EventSubscription",
        create=_create,
        update=_update,
        delete=_delete,
        read=_read,
        compared=frozenset({"SubscriptionName", *_FIELDS, "SourceIds", "Enabled"}),
        replacing=frozenset({"SubscriptionName", "SnsTopicArn"}),
        custom_name="SubscriptionName",
    ),
)
