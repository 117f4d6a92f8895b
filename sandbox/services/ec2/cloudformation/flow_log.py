# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""AWS::EC2::FlowLog."""

from sandbox.services.cloudformation.model.types import Context, Created, Properties, ResourceType, given
from sandbox.services.ec2.cloudformation.tags import ec2, retag, tag_specifications

_FIELDS = (
    "ResourceType",
    "TrafficType",
    "LogDestinationType",
    "LogDestination",
    "LogGroupName",
    "DeliverLogsPermissionArn",
    "LogFormat",
)


def _create(properties: Properties, _context: Context) -> Created:
    request = given({"TrafficType": "ALL", **properties}, *_FIELDS)
    if interval := properties.get("MaxAggregationInterval"):
        request["MaxAggregationInterval"] = int(interval)
    made = ec2().create_flow_logs(
        ResourceIds=[properties["ResourceId"]], **request, **tag_specifications(properties, "vpc-flow-log")
    )
    if made.get("Unsuccessful"):
        raise ValueError(made["Unsuccessful"][0]["Error"]["Message"])
    identifier = made["FlowLogIds"][0]
    return identifier, {"Id": identifier}


def _update(identifier: str, old: Properties, new: Properties) -> dict[str, str]:
    retag(identifier, old, new)
    return {"Id": identifier}


def _delete(identifier: str, _properties: Properties) -> None:
    ec2().delete_flow_logs(FlowLogIds=[identifier])


def _read(identifier: str, _properties: Properties) -> Properties | None:
    found = ec2().describe_flow_logs(FlowLogIds=[identifier])["FlowLogs"]
    return found[0] if found else None


TYPES = (
    ResourceType(
        name="AWS::EC2::FlowLog",
        create=_create,
        update=_update,
        delete=_delete,
        read=_read,
        compared=frozenset({*_FIELDS, "ResourceId", "MaxAggregationInterval", "Tags"}) - {"ResourceType"},
        replacing=frozenset(
            {
                *_FIELDS,
                "ResourceId",
                "MaxAggregationInterval",
                "DeliverCrossAccountRole",
                "DestinationOptions",
                "TagFieldSpecifications",
            }
        ),
    ),
)
