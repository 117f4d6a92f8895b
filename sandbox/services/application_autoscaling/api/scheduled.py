# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Scheduled actions. They are kept and described; `due` runs them.

AWS: API reference PutScheduledAction, DescribeScheduledActions, DeleteScheduledAction.
"""

import re
import time
import uuid
from zoneinfo import available_timezones

from sandbox.ministack import responses
from sandbox.services.application_autoscaling.model.records import Data, Refusal, key_of, page, registered, store

_TARGET = ("ServiceNamespace", "ResourceId", "ScalableDimension")
_KEPT = ("Schedule", "Timezone", "ScalableTargetAction")
_MOMENTS = ("StartTime", "EndTime")
_SCHEDULE = re.compile(
    r"at\(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\)|rate\([1-9]\d* (minute|hour|day)s?\)|cron\(\S+( \S+){5}\)"
)


def _action_key(data: Data, name: str) -> str:
    return f"{key_of(data)}|{name}"


def _put(data: Data) -> Data:
    registered(data)
    name = data["ScheduledActionName"]
    known: Data = store.scheduled.get(_action_key(data, name)) or {}
    # What is left out keeps its old value, but for the moments.
    given = {field: data.get(field) or known.get(field) for field in _KEPT}
    given |= {field: data[field] for field in _MOMENTS if data.get(field)}
    _check(given)
    store.scheduled[_action_key(data, name)] = {
        "ScheduledActionName": name,
        "ScheduledActionARN": known.get("ScheduledActionARN") or _arn(data, name),
        **{field: data[field] for field in _TARGET},
        **{field: value for field, value in given.items() if value},
        "CreationTime": known.get("CreationTime") or time.time(),
    }
    return {}


def _check(given: Data) -> None:
    if not _SCHEDULE.fullmatch(given["Schedule"] or ""):
        raise Refusal("ValidationException", f"Schedule expression is not valid: {given['Schedule']}")
    if given["Timezone"] and given["Timezone"] not in available_timezones():
        raise Refusal("ValidationException", f"Timezone is not valid: {given['Timezone']}")
    bounds: Data = given["ScalableTargetAction"] or {}
    lowest, highest = bounds.get("MinCapacity"), bounds.get("MaxCapacity")
    if lowest is None and highest is None:
        raise Refusal("ValidationException", "Either MinCapacity or MaxCapacity must be specified")
    if lowest is not None and highest is not None and lowest > highest:
        raise Refusal("ValidationException", "Maximum capacity cannot be less than minimum capacity")


def _arn(data: Data, name: str) -> str:
    return (
        f"arn:aws:autoscaling:{responses.get_region()}:{responses.get_account_id()}:scheduledAction:{uuid.uuid4()}:"
        f"resource/{data['ServiceNamespace']}/{data['ResourceId']}:scheduledActionName/{name}"
    )


def _describe(data: Data) -> Data:
    names = data.get("ScheduledActionNames")
    chosen = [
        action
        for action in store.scheduled.values()
        if all(data.get(field) in {None, action[field]} for field in _TARGET)
        and (not names or action["ScheduledActionName"] in names)
    ]
    return page(data, "ScheduledActions", chosen)


def _delete(data: Data) -> Data:
    key = _action_key(data, data["ScheduledActionName"])
    if key not in store.scheduled:
        raise Refusal(
            "ObjectNotFoundException",
            f"No scheduled action found for service namespace: {data['ServiceNamespace']}, resource ID: "
            f"{data['ResourceId']}, scheduled action name: {data['ScheduledActionName']}",
        )
    del store.scheduled[key]
    return {}


def forget_target(data: Data) -> None:
    """Delete the scheduled actions of a target that goes."""
    for key in [key for key in store.scheduled if key.startswith(f"{key_of(data)}|")]:
        del store.scheduled[key]


ACTIONS = {
    "PutScheduledAction": _put,
    "DescribeScheduledActions": _describe,
    "DeleteScheduledAction": _delete,
}
