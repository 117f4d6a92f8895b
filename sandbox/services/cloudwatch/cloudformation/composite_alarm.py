# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""AWS::CloudWatch::CompositeAlarm."""

from typing import Any

from sandbox.clients import client
from sandbox.services.cloudformation.model.types import Context, Created, Properties, ResourceType, as_bool, given

_TEXTS = ("AlarmRule", "AlarmDescription", "AlarmActions", "OKActions", "InsufficientDataActions", "ActionsSuppressor")
_NUMBERS = ("ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod")


def _cloudwatch() -> Any:
    return client("cloudwatch")


def _put(name: str, properties: Properties) -> dict[str, str]:
    _cloudwatch().put_composite_alarm(
        AlarmName=name,
        **given(properties, *_TEXTS),
        **{field: int(properties[field]) for field in _NUMBERS if properties.get(field) is not None},
        ActionsEnabled=as_bool(properties.get("ActionsEnabled", True)),
        # CloudWatch takes no tags of AWS's own over its API; CloudFormation sets them behind it.
        Tags=[tag for tag in properties.get("Tags") or [] if not tag["Key"].startswith("aws:")],
    )
    found = _alarm(name)
    if found is None:
        raise ValueError(f"the alarm {name} did not come into being")
    return {"Arn": found["AlarmArn"]}


def _alarm(name: str) -> Properties | None:
    found = _cloudwatch().describe_alarms(AlarmNames=[name], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    return found[0] if found else None


def _create(properties: Properties, context: Context) -> Created:
    name = properties.get("AlarmName") or context.physical_name()
    return name, _put(name, properties)


def _update(name: str, _old: Properties, new: Properties) -> dict[str, str]:
    return _put(name, new)


def _delete(name: str, _properties: Properties) -> None:
    _cloudwatch().delete_alarms(AlarmNames=[name])


def _read(name: str, _properties: Properties) -> Properties | None:
    return _alarm(name)


TYPES = (
    ResourceType(
        name="AWS::CloudWatch::CompositeAlarm",
        create=_create,
        update=_update,
        delete=_delete,
        read=_read,
        compared=frozenset({"AlarmName", *_TEXTS, *_NUMBERS, "ActionsEnabled"}),
        replacing=frozenset({"AlarmName"}),
        custom_name="AlarmName",
    ),
)
