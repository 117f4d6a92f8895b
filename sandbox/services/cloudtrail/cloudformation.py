# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""AWS::CloudTrail::Trail."""

from typing import Any

from sandbox.clients import client
from sandbox.services.cloudformation.model.types import (
    Context,
    Created,
    Properties,
    Resources,
    ResourceType,
    as_bool,
    given,
)

_TEXTS = ("S3BucketName", "S3KeyPrefix", "SnsTopicName", "CloudWatchLogsLogGroupArn", "CloudWatchLogsRoleArn")
_FLAGS = ("IsMultiRegionTrail", "IncludeGlobalServiceEvents", "EnableLogFileValidation")


def _cloudtrail() -> Any:
    return client("cloudtrail")


def _request(name: str, properties: Properties) -> Properties:
    flags = {flag: as_bool(properties[flag]) for flag in _FLAGS if properties.get(flag) is not None}
    key = {"KmsKeyId": properties["KMSKeyId"]} if properties.get("KMSKeyId") else {}
    return {"Name": name, **given(properties, *_TEXTS), **flags, **key}


def _log(name: str, properties: Properties) -> None:
    cloudtrail = _cloudtrail()
    (cloudtrail.start_logging if as_bool(properties["IsLogging"]) else cloudtrail.stop_logging)(Name=name)


def _create(properties: Properties, context: Context) -> Created:
    name = properties.get("TrailName") or context.physical_name(128)
    made = _cloudtrail().create_trail(**_request(name, properties))
    _log(name, properties)
    return name, {"Arn": made["TrailARN"]}


def _update(name: str, _old: Properties, new: Properties) -> dict[str, str]:
    changed = _cloudtrail().update_trail(**_request(name, new))
    _log(name, new)
    return {"Arn": changed["TrailARN"]}


def _delete(name: str, _properties: Properties) -> None:
    _cloudtrail().delete_trail(Name=name)


def _read(name: str, _properties: Properties) -> Properties | None:
    cloudtrail = _cloudtrail()
    found = cloudtrail.describe_trails(trailNameList=[name])["trailList"]
    if not found:
        return None
    [trail] = found
    return {
        "TrailName": name,
        **{text: trail.get(text, "") for text in _TEXTS},
        "KMSKeyId": trail.get("KmsKeyId"),
        "IsLogging": cloudtrail.get_trail_status(Name=name)["IsLogging"],
        "IsMultiRegionTrail": trail["IsMultiRegionTrail"],
        "IncludeGlobalServiceEvents": trail["IncludeGlobalServiceEvents"],
        "EnableLogFileValidation": trail["LogFileValidationEnabled"],
    }


RESOURCES = Resources(
    types=(
        ResourceType(
            name="AWS::CloudTrail::Trail",
            create=_create,
            update=_update,
            delete=_delete,
            read=_read,
            compared=frozenset({"TrailName", *_TEXTS, *_FLAGS, "KMSKeyId", "IsLogging"}),
            replacing=frozenset({"TrailName"}),
            custom_name="TrailName",
        ),
    )
)
