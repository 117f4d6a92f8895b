# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Events of database instances, and the topics that subscribed to them.

AWS: RDS user guide, "Amazon RDS event categories and event messages", "Subscribing to Amazon RDS event notification".
"""

import json
import logging
import time
import uuid
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from sandbox.clients import client
from sandbox.ministack import rds
from sandbox.services.rds.model.subscriptions import SUBSCRIPTIONS

logger = logging.getLogger("sandbox.rds")
_SOURCE = "db-instance"


@dataclass(frozen=True)
class Event:
    """An event of the user guide's table."""

    number: str
    category: str
    message: str


CREATED = Event("RDS-EVENT-0005", "creation", "DB instance created.")
RESTORED = Event("RDS-EVENT-0043", "restoration", "Restored from a DB snapshot or to a point in time.")
DELETED = Event("RDS-EVENT-0003", "deletion", "DB instance deleted.")
RESTARTED = Event("RDS-EVENT-0006", "availability", "DB instance restarted.")


def tell(instance: dict[str, Any], event: Event) -> None:
    """Keep the event, and send it to every subscription that asks for it."""
    now = time.time()
    rds._events[str(uuid.uuid4())] = {
        "SourceIdentifier": instance["DBInstanceIdentifier"],
        "SourceType": _SOURCE,
        "SourceArn": instance.get("DBInstanceArn", ""),
        "Message": event.message,
        "Date": now,
        "EventCategories": [event.category],
    }
    send(instance, event)


def send(instance: dict[str, Any], event: Event) -> None:
    """Send the event to every subscription that asks for it."""
    identifier = instance["DBInstanceIdentifier"]
    for subscription in list(SUBSCRIPTIONS.values()):
        if not _wants(subscription, identifier, event):
            continue
        try:
            client("sns").publish(
                TopicArn=subscription["SnsTopicArn"],
                Subject="RDS Notification Message",
                Message=json.dumps(_notification(identifier, instance, event)),
            )
        except ClientError as error:
            logger.warning("%s of %s was not delivered: %s", event.number, identifier, error)


def _wants(subscription: dict[str, Any], identifier: str, event: Event) -> bool:
    return (
        subscription["Enabled"]
        and subscription["SourceType"] in {"", _SOURCE}
        and (not subscription["SourceIds"] or identifier in subscription["SourceIds"])
        and (not subscription["EventCategories"] or event.category in subscription["EventCategories"])
    )


def _notification(identifier: str, instance: dict[str, Any], event: Event) -> dict[str, str]:
    documentation = "http://docs.amazonwebservices.com/AmazonRDS/latest/UserGuide/USER_Events.html"
    return {
        "Event Source": _SOURCE,
        "Event Time": time.strftime("%Y-%m-%d %H:%M:%S.000", time.gmtime()),
        "Identifier Link": f"https://console.aws.amazon.com/rds/home#dbinstance:id={identifier}",
        "Source ID": identifier,
        "Source ARN": instance.get("DBInstanceArn", ""),
        "Event ID": f"{documentation}#{event.number}",
        "Event Message": event.message,
    }
