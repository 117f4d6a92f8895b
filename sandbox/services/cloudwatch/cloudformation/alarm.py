# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""AWS::CloudWatch::Alarm, with metric math, which MiniStack's refuses."""

from typing import Any

from sandbox.clients import client
from sandbox.services.cloudformation.model.types import Context, Created, Properties, ResourceType, as_bool, given

_TEXTS = (
    "AlarmDescription", "AlarmActions", "OKActions", "InsufficientDataActions", "ComparisonOperator", "Dimensions",
    "ExtendedStatistic", "MetricName", "Namespace", "Statistic", "TreatMissingData", "Unit",
)  # fmt: skip
_INTEGERS = ("DatapointsToAlarm", "EvaluationPeriods", "Period")


def _put(name: str, properties: Properties) -> dict[str, str]:
    client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        **given(properties, *_TEXTS),
        **{field: int(properties[field]) for field in _INTEGERS if properties.get(field) is not None},
        **({"Threshold": float(properties["Threshold"])} if properties.get("Threshold") is not None else {}),
        **({"Metrics": _queries(properties["Metrics"])} if properties.get("Metrics") else {}),
        ActionsEnabled=as_bool(properties.get("ActionsEnabled", True)),
        # CloudWatch takes no tags of AWS's own over its API; CloudFormation sets them behind it.
        Tags=[tag for tag in properties.get("Tags") or [] if not tag["Key"].startswith("aws:")],
    )
    found = _alarm(name)
    if found is None:
        raise ValueError(f"the alarm {name} did not come into being")
    return {"Arn": found["AlarmArn"]}


def _queries(queries: list[Properties]) -> list[Properties]:
    """The template's queries with numbers as numbers."""
    made = []
    for query in queries:
        fields = {**query}
        if "ReturnData" in query:
            fields["ReturnData"] = as_bool(query["ReturnData"])
        if stat := query.get("MetricStat"):
            fields["MetricStat"] = {**stat, "Period": int(stat["Period"])}
        made.append(fields)
    return made


def _alarm(name: str) -> Properties | None:
    found: list[Properties] = client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return found[0] if found else None


def _create(properties: Properties, context: Context) -> Created:
    name = properties.get("AlarmName") or context.physical_name()
    return name, _put(name, properties)


def _update(name: str, _old: Properties, new: Properties) -> dict[str, str]:
    cloudwatch = client("cloudwatch")
    attributes = _put(name, new)
    # PutMetricAlarm leaves the tags of an alarm that exists alone.
    tags = [tag for tag in new.get("Tags") or [] if not tag["Key"].startswith("aws:")]
    kept = {tag["Key"] for tag in tags}
    before = cloudwatch.list_tags_for_resource(ResourceARN=attributes["Arn"])["Tags"]
    if gone := [tag["Key"] for tag in before if tag["Key"] not in kept]:
        cloudwatch.untag_resource(ResourceARN=attributes["Arn"], TagKeys=gone)
    if tags:
        cloudwatch.tag_resource(ResourceARN=attributes["Arn"], Tags=tags)
    return attributes


def _delete(name: str, _properties: Properties) -> None:
    client("cloudwatch").delete_alarms(AlarmNames=[name])


def _read(name: str, properties: Properties) -> Properties | None:
    found: Any = _alarm(name)
    if found is None:
        return None
    return {**found, "Metrics": _as_template(found.get("Metrics"), properties.get("Metrics"))}


def _as_template(now: list[Properties] | None, template: list[Properties] | None) -> list[Properties] | None:
    """The queries as the template has them, where they say the same."""
    return template if now and template and _queries(template) == _queries(now) else now


TYPES = (
    ResourceType(
        name="AWS::CloudWatch::Alarm",
        create=_create,
        update=_update,
        delete=_delete,
        read=_read,
        compared=frozenset({"AlarmName", *_TEXTS, *_INTEGERS, "Threshold", "Metrics", "ActionsEnabled"}),
        replacing=frozenset({"AlarmName"}),
        custom_name="AlarmName",
    ),
)
