# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What the EC2 types share."""

from typing import Any

from botocore.exceptions import ClientError

from sandbox.clients import client
from sandbox.services.cloudformation.model.types import Properties


def ec2() -> Any:
    """The emulator's EC2."""
    return client("ec2")


def tag_specifications(properties: Properties, resource: str) -> Properties:
    """The template's tags as a create call takes them."""
    tags = properties.get("Tags")
    return {"TagSpecifications": [{"ResourceType": resource, "Tags": tags}]} if tags else {}


def retag(resource_id: str, old: Properties, new: Properties) -> None:
    """Bring the resource's tags from those of the old template to those of the new."""
    before, after = tag_map(old.get("Tags")), tag_map(new.get("Tags"))
    if gone := [{"Key": key} for key in before.keys() - after.keys()]:
        ec2().delete_tags(Resources=[resource_id], Tags=gone)
    if after != before and after:
        ec2().create_tags(Resources=[resource_id], Tags=[{"Key": key, "Value": text} for key, text in after.items()])


def tag_map(tags: Any) -> dict[str, str]:
    """Tags by key."""
    return {str(tag["Key"]): str(tag["Value"]) for tag in tags or []}


def no_such_thing(error: ClientError) -> bool:
    """Whether the error says that the resource does not exist."""
    return "NotFound" in error.response["Error"]["Code"]
