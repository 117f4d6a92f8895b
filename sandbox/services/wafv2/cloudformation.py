# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""AWS::WAFv2::WebACLAssociation."""

from sandbox.clients import client
from sandbox.services.cloudformation.model.types import Context, Created, Properties, Resources, ResourceType


def _create(properties: Properties, _context: Context) -> Created:
    acl, resource = properties["WebACLArn"], properties["ResourceArn"]
    client("wafv2").associate_web_acl(WebACLArn=acl, ResourceArn=resource)
    return f"{acl}|{resource}", {}


def _delete(_identifier: str, properties: Properties) -> None:
    if _read("", properties):
        client("wafv2").disassociate_web_acl(ResourceArn=properties["ResourceArn"])


def _read(_identifier: str, properties: Properties) -> Properties | None:
    wafv2 = client("wafv2")
    try:
        found = wafv2.get_web_acl_for_resource(ResourceArn=properties["ResourceArn"]).get("WebACL")
    except wafv2.exceptions.WAFNonexistentItemException:
        return None
    if not found or found["ARN"] != properties["WebACLArn"]:
        return None
    return {"WebACLArn": found["ARN"], "ResourceArn": properties["ResourceArn"]}


TYPES = (
    ResourceType(
        name="AWS::WAFv2::WebACLAssociation",
        create=_create,
        delete=_delete,
        read=_read,
        compared=frozenset({"WebACLArn", "ResourceArn"}),
        replacing=frozenset({"WebACLArn", "ResourceArn"}),
        tags=None,
    ),
)


RESOURCES = Resources(types=TYPES)
