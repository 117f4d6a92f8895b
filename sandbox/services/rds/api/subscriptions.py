# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Event subscriptions: `runtime.events` sends them what happens to instances.

AWS: API reference CreateEventSubscription, EventSubscription.
"""

from typing import Any

from sandbox.ministack import rds, responses
from sandbox.services.rds.api.query import Answer, Parameters, error, flag, members, value
from sandbox.services.rds.model.subscriptions import SUBSCRIPTIONS


def install() -> None:
    """Serve the actions."""
    rds._ACTION_MAP.update(
        CreateEventSubscription=_create,
        DescribeEventSubscriptions=_describe,
        ModifyEventSubscription=_modify,
        DeleteEventSubscription=_delete,
        AddSourceIdentifierToSubscription=_add_source,
        RemoveSourceIdentifierFromSubscription=_remove_source,
    )


def _create(parameters: Parameters) -> Answer:
    name = value(parameters, "SubscriptionName")
    if name in SUBSCRIPTIONS:
        return error("SubscriptionAlreadyExist", f"Subscription {name} already exists.")
    SUBSCRIPTIONS[name] = {
        "CustomerAwsId": responses.get_account_id(),
        "CustSubscriptionId": name,
        "SnsTopicArn": value(parameters, "SnsTopicArn"),
        "Status": "active",
        "SubscriptionCreationTime": responses.now_iso(),
        "SourceType": value(parameters, "SourceType"),
        "SourceIds": members(parameters, "SourceIds"),
        "EventCategories": members(parameters, "EventCategories"),
        "Enabled": flag(parameters, "Enabled") is not False,
        "EventSubscriptionArn": f"arn:aws:rds:{responses.get_region()}:{responses.get_account_id()}:es:{name}",
    }
    rds._tags[SUBSCRIPTIONS[name]["EventSubscriptionArn"]] = rds._parse_tags(parameters)
    return _answer("CreateEventSubscription", name)


def _describe(parameters: Parameters) -> Answer:
    name = value(parameters, "SubscriptionName")
    if name and name not in SUBSCRIPTIONS:
        return _not_found(name)
    chosen = [name] if name else sorted(SUBSCRIPTIONS)
    items = "".join(
        f"<EventSubscription>{_xml(SUBSCRIPTIONS[subscription])}</EventSubscription>" for subscription in chosen
    )
    return rds._xml(  # type: ignore[no-any-return]
        200,
        "DescribeEventSubscriptionsResponse",
        f"<DescribeEventSubscriptionsResult><EventSubscriptionsList>{items}</EventSubscriptionsList>"
        "</DescribeEventSubscriptionsResult>",
    )


def _modify(parameters: Parameters) -> Answer:
    name = value(parameters, "SubscriptionName")
    if name not in SUBSCRIPTIONS:
        return _not_found(name)
    subscription = SUBSCRIPTIONS[name]
    for field in ("SnsTopicArn", "SourceType"):
        if text := value(parameters, field):
            subscription[field] = text
    if categories := members(parameters, "EventCategories"):
        subscription["EventCategories"] = categories
    if (enabled := flag(parameters, "Enabled")) is not None:
        subscription["Enabled"] = enabled
    return _answer("ModifyEventSubscription", name)


def _delete(parameters: Parameters) -> Answer:
    name = value(parameters, "SubscriptionName")
    if name not in SUBSCRIPTIONS:
        return _not_found(name)
    answer = _answer("DeleteEventSubscription", name)
    del SUBSCRIPTIONS[name]
    return answer


def _add_source(parameters: Parameters) -> Answer:
    name, source = value(parameters, "SubscriptionName"), value(parameters, "SourceIdentifier")
    if name not in SUBSCRIPTIONS:
        return _not_found(name)
    if source not in SUBSCRIPTIONS[name]["SourceIds"]:
        SUBSCRIPTIONS[name]["SourceIds"].append(source)
    return _answer("AddSourceIdentifierToSubscription", name)


def _remove_source(parameters: Parameters) -> Answer:
    name, source = value(parameters, "SubscriptionName"), value(parameters, "SourceIdentifier")
    if name not in SUBSCRIPTIONS:
        return _not_found(name)
    if source not in SUBSCRIPTIONS[name]["SourceIds"]:
        return error("SourceNotFound", f"Source {source} is not one of subscription {name}.", 404)
    SUBSCRIPTIONS[name]["SourceIds"].remove(source)
    return _answer("RemoveSourceIdentifierFromSubscription", name)


def _not_found(name: str) -> Answer:
    return error("SubscriptionNotFound", f"Subscription {name} could not be found.", 404)


def _answer(action: str, name: str) -> Answer:
    return rds._xml(  # type: ignore[no-any-return]
        200,
        f"{action}Response",
        f"<{action}Result><EventSubscription>{_xml(SUBSCRIPTIONS[name])}</EventSubscription></{action}Result>",
    )


def _xml(subscription: dict[str, Any]) -> str:
    lists = {"SourceIds": ("SourceIdsList", "SourceId"), "EventCategories": ("EventCategoriesList", "EventCategory")}
    text = ""
    for field, content in subscription.items():
        if field in lists:
            element, item = lists[field]
            text += f"<{element}>" + "".join(f"<{item}>{entry}</{item}>" for entry in content) + f"</{element}>"
        elif content != "":
            text += f"<{field}>{str(content).lower() if isinstance(content, bool) else content}</{field}>"
    return text
