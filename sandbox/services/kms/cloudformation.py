# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""AWS::KMS::Key and AWS::KMS::Alias: how they are now, which MiniStack does not look at."""

import json

from sandbox.clients import client
from sandbox.services.cloudformation.model.types import DriftReader, Properties, Resources


def _key(identifier: str, _properties: Properties) -> Properties | None:
    kms = client("kms")
    key = kms.describe_key(KeyId=identifier)["KeyMetadata"]
    if key["KeyState"] == "PendingDeletion":
        return None
    tags = kms.list_resource_tags(KeyId=identifier)["Tags"]
    return {
        "Description": key.get("Description", ""),
        "Enabled": key["Enabled"],
        "EnableKeyRotation": kms.get_key_rotation_status(KeyId=identifier)["KeyRotationEnabled"],
        "KeyPolicy": json.loads(kms.get_key_policy(KeyId=identifier, PolicyName="default")["Policy"]),
        "Tags": [{"Key": tag["TagKey"], "Value": tag["TagValue"]} for tag in tags],
    }


def _alias(name: str, properties: Properties) -> Properties | None:
    aliases = client("kms").list_aliases()["Aliases"]
    alias = next((known for known in aliases if known["AliasName"] == name), None)
    if alias is None:
        return None
    wanted = str(properties["TargetKeyId"])
    same = wanted.rsplit("/", maxsplit=1)[-1] == alias.get("TargetKeyId")
    return {"AliasName": name, "TargetKeyId": wanted if same else alias.get("TargetKeyId")}


RESOURCES = Resources(
    drift_readers={
        "AWS::KMS::Key": DriftReader(
            _key, frozenset({"Description", "Enabled", "EnableKeyRotation", "KeyPolicy", "Tags"})
        ),
        "AWS::KMS::Alias": DriftReader(_alias, frozenset({"AliasName", "TargetKeyId"})),
    },
    create_only={"AWS::KMS::Alias": ("AliasName",), "AWS::KMS::Key": ()},
)
