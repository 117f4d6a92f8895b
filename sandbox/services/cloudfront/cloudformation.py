# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""AWS::CloudFront::VpcOrigin."""

from typing import Any

from sandbox.clients import client
from sandbox.services.cloudformation.model.types import Context, Created, Properties, Resources, ResourceType

_FIELDS = ("Name", "Arn", "HTTPPort", "HTTPSPort", "OriginProtocolPolicy")
_PORTS = {"HTTPPort": 80, "HTTPSPort": 443}
_PROTOCOLS = ["TLSv1.2"]


def _request(properties: Properties) -> dict[str, Any]:
    given = properties["VpcOriginEndpointConfig"]
    protocols = given.get("OriginSSLProtocols") or _PROTOCOLS
    return {
        "Name": given["Name"],
        "Arn": given["Arn"],
        **{port: int(given.get(port) or default) for port, default in _PORTS.items()},
        "OriginProtocolPolicy": given.get("OriginProtocolPolicy") or "match-viewer",
        "OriginSslProtocols": {"Quantity": len(protocols), "Items": protocols},
    }


def _attributes(made: dict[str, Any]) -> dict[str, str]:
    return {name: made[name] for name in ("Id", "Arn", "Status", "CreatedTime", "LastModifiedTime")} | {
        "CreatedTime": str(made["CreatedTime"]),
        "LastModifiedTime": str(made["LastModifiedTime"]),
    }


def _create(properties: Properties, _context: Context) -> Created:
    made = client("cloudfront").create_vpc_origin(VpcOriginEndpointConfig=_request(properties))["VpcOrigin"]
    return made["Id"], _attributes(made)


def _update(identifier: str, _old: Properties, new: Properties) -> dict[str, Any]:
    cloudfront = client("cloudfront")
    tag = cloudfront.get_vpc_origin(Id=identifier)["ETag"]
    made = cloudfront.update_vpc_origin(Id=identifier, IfMatch=tag, VpcOriginEndpointConfig=_request(new))["VpcOrigin"]
    return _attributes(made)


def _delete(identifier: str, _properties: Properties) -> None:
    cloudfront = client("cloudfront")
    try:
        tag = cloudfront.get_vpc_origin(Id=identifier)["ETag"]
    except cloudfront.exceptions.EntityNotFound:
        return
    cloudfront.delete_vpc_origin(Id=identifier, IfMatch=tag)


def _read(identifier: str, properties: Properties) -> Properties | None:
    cloudfront = client("cloudfront")
    try:
        found = cloudfront.get_vpc_origin(Id=identifier)["VpcOrigin"]["VpcOriginEndpointConfig"]
    except cloudfront.exceptions.EntityNotFound:
        return None
    asked = properties.get("VpcOriginEndpointConfig", {})
    now = {name: found[name] for name in _FIELDS if name in asked}
    if "OriginSSLProtocols" in asked:
        now["OriginSSLProtocols"] = found["OriginSslProtocols"]["Items"]
    return {"VpcOriginEndpointConfig": now}


RESOURCES = Resources(
    types=(
        ResourceType(
            name="AWS::CloudFront::VpcOrigin",
            create=_create,
            update=_update,
            delete=_delete,
            read=_read,
            compared=frozenset({"VpcOriginEndpointConfig"}),
            replacing=frozenset(),
        ),
    )
)
