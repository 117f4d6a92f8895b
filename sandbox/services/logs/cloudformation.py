# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Drift of AWS::Logs::LogGroup with its key, which MiniStack does not compare, and of AWS::Logs::MetricFilter."""

from sandbox.clients import client
from sandbox.ministack import drift
from sandbox.services.cloudformation.model.types import DriftReader, Properties, Resources

_MINISTACK = drift._DRIFT_READERS["AWS::Logs::LogGroup"]


def _log_group(name: str, properties: Properties) -> Properties | None:
    current: Properties | None = _MINISTACK[0](name, properties)
    if current is None:
        return None
    groups = client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    key = next((group.get("kmsKeyId") for group in groups if group["logGroupName"] == name), None)
    return {**current, "KmsKeyId": key} if key else current


def _metric_filter(name: str, properties: Properties) -> Properties | None:
    group = properties["LogGroupName"]
    filters = client("logs").describe_metric_filters(logGroupName=group, filterNamePrefix=name)["metricFilters"]
    found = next((each for each in filters if each["filterName"] == name), None)
    if found is None:
        return None
    return {
        "LogGroupName": group,
        "FilterPattern": found["filterPattern"],
        "MetricTransformations": [_transformation(each) for each in found["metricTransformations"]],
    }


def _transformation(found: Properties) -> Properties:
    """A transformation as templates have it."""
    named = {f"{name[0].upper()}{name[1:]}": value for name, value in found.items() if name != "dimensions"}
    dimensions = [{"Key": key, "Value": value} for key, value in (found.get("dimensions") or {}).items()]
    return {**named, "Dimensions": dimensions} if dimensions else named


RESOURCES = Resources(
    drift_readers={
        "AWS::Logs::LogGroup": DriftReader(_log_group, _MINISTACK[1] | {"KmsKeyId"}),
        "AWS::Logs::MetricFilter": DriftReader(
            _metric_filter, frozenset({"LogGroupName", "FilterPattern", "MetricTransformations"})
        ),
    },
    create_only={
        "AWS::Logs::LogGroup": ("LogGroupName",),
        "AWS::Logs::MetricFilter": ("FilterName", "LogGroupName"),
    },
)
