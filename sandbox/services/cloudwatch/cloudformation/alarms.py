# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""AWS::CloudWatch::Alarm, with metric math, which MiniStack's refuses, and AWS::CloudWatch::CompositeAlarm."""

from dataclasses import dataclass
from typing import Any

from sandbox.clients import client
from sandbox.services.cloudformation.model.types import Context, Created, Properties, ResourceType, as_bool, given

_BOTH = ("AlarmDescription", "AlarmActions", "OKActions", "InsufficientDataActions")


@dataclass(frozen=True, kw_only=True)
class _Kind:
    """A kind of alarm: its name in DescribeAlarms, the call that puts it, and its properties by their type."""

    name: str
    operation: str
    texts: tuple[str, ...]
    integers: tuple[str, ...]
    floats: tuple[str, ...] = ()

    def put(self, name: str, properties: Properties) -> dict[str, str]:
        put = getattr(client("cloudwatch"), self.operation)
        put(
            AlarmName=name,
            **given(properties, *_BOTH, *self.texts),
            **{field: int(value) for field, value in given(properties, *self.integers).items()},
            **{field: float(value) for field, value in given(properties, *self.floats).items()},
            **({"Metrics": _queries(properties["Metrics"])} if properties.get("Metrics") else {}),
            ActionsEnabled=as_bool(properties.get("ActionsEnabled", True)),
            Tags=_tags(properties),
        )
        found = self.find(name)
        if found is None:
            raise ValueError(f"the alarm {name} did not come into being")
        return {"Arn": found["AlarmArn"]}

    def find(self, name: str) -> Properties | None:
        answer = client("cloudwatch").describe_alarms(AlarmNames=[name], AlarmTypes=[self.name])
        found: list[Properties] = answer[f"{self.name}s"]
        return found[0] if found else None

    def create(self, properties: Properties, context: Context) -> Created:
        name = properties.get("AlarmName") or context.physical_name()
        return name, self.put(name, properties)

    def update(self, name: str, _old: Properties, new: Properties) -> dict[str, str]:
        attributes = self.put(name, new)
        _retag(attributes["Arn"], _tags(new))
        return attributes

    def read(self, name: str, properties: Properties) -> Properties | None:
        found: Any = self.find(name)
        if found is None:
            return None
        return {**found, "Metrics": _as_template(found.get("Metrics"), properties.get("Metrics"))}


def _tags(properties: Properties) -> list[Properties]:
    """CloudWatch takes no tags of AWS's own over its API; CloudFormation sets them behind it."""
    return [tag for tag in properties.get("Tags") or [] if not tag["Key"].startswith("aws:")]


def _retag(arn: str, tags: list[Properties]) -> None:
    """To put an alarm that exists leaves its tags alone."""
    cloudwatch = client("cloudwatch")
    kept = {tag["Key"] for tag in tags}
    before = cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"]
    if gone := [tag["Key"] for tag in before if tag["Key"] not in kept]:
        cloudwatch.untag_resource(ResourceARN=arn, TagKeys=gone)
    if tags:
        cloudwatch.tag_resource(ResourceARN=arn, Tags=tags)


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


def _as_template(now: list[Properties] | None, template: list[Properties] | None) -> list[Properties] | None:
    """The queries as the template has them, where they say the same."""
    return template if now and template and _queries(template) == _queries(now) else now


def _delete(name: str, _properties: Properties) -> None:
    client("cloudwatch").delete_alarms(AlarmNames=[name])


def _type(name: str, kind: _Kind, *others: str) -> ResourceType:
    compared = {"AlarmName", "ActionsEnabled", *_BOTH, *kind.texts, *kind.integers, *kind.floats, *others}
    return ResourceType(
        name=name,
        create=kind.create,
        update=kind.update,
        delete=_delete,
        read=kind.read,
        compared=frozenset(compared),
        replacing=frozenset({"AlarmName"}),
        custom_name="AlarmName",
    )


_METRIC = _Kind(
    name="MetricAlarm",
    operation="put_metric_alarm",
    texts=(
        "ComparisonOperator", "Dimensions", "ExtendedStatistic", "MetricName", "Namespace", "Statistic",
        "TreatMissingData", "Unit",
    ),
    integers=("DatapointsToAlarm", "EvaluationPeriods", "Period"),
    floats=("Threshold",),
)  # fmt: skip
_COMPOSITE = _Kind(
    name="CompositeAlarm",
    operation="put_composite_alarm",
    texts=("AlarmRule", "ActionsSuppressor"),
    integers=("ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod"),
)

TYPES = (
    _type("AWS::CloudWatch::Alarm", _METRIC, "Metrics"),
    _type("AWS::CloudWatch::CompositeAlarm", _COMPOSITE),
)
