# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""AWS::S3::Bucket: lifecycle, encryption, access logs, keeping a bucket with objects, drift; AWS::S3::BucketPolicy."""

import json
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from sandbox.clients import client
from sandbox.ministack import provisioners
from sandbox.services.cloudformation.model.types import DriftReader, Properties, Resources, as_bool

Made = tuple[str, dict[str, Any]]
_KIND = "AWS::S3::Bucket"
_UNSET = frozenset(
    {
        "NoSuchLifecycleConfiguration",
        "NoSuchPublicAccessBlockConfiguration",
        "OwnershipControlsNotFoundError",
        "ServerSideEncryptionConfigurationNotFoundError",
    }
)


def complete() -> None:
    """Complete MiniStack's type."""
    entry = provisioners._RESOURCE_HANDLERS[_KIND]
    create, update, delete = entry["create"], entry["update"], entry["delete"]

    def create_bucket(logical_id: str, properties: Properties, stack_name: str) -> Made:
        return _completed(create(logical_id, properties, stack_name), {}, properties)

    def update_bucket(physical_id: str, old: Properties, new: Properties, *rest: Any) -> Made:
        return _completed(update(physical_id, old, new, *rest), old, new)

    def delete_bucket(name: str, properties: Properties) -> None:
        if _holds_anything(name):
            raise ValueError(
                'Resource handler returned message: "The bucket you tried to delete is not empty. You must delete all '
                'versions in the bucket. (Error Code: BucketNotEmpty, Status Code: 409)"'
            )
        delete(name, properties)

    entry.update(create=create_bucket, update=update_bucket, delete=delete_bucket)


def _completed(made: Made, old: Properties, new: Properties) -> Made:
    if old.get("LifecycleConfiguration") != new.get("LifecycleConfiguration"):
        _put_lifecycle(made[0], (new.get("LifecycleConfiguration") or {}).get("Rules") or [])
    if old.get("OwnershipControls") != new.get("OwnershipControls"):
        _put_ownership(made[0], new.get("OwnershipControls"))
    if old.get("BucketEncryption") != new.get("BucketEncryption"):
        _put_encryption(made[0], new.get("BucketEncryption"))
    if old.get("LoggingConfiguration") != new.get("LoggingConfiguration"):
        logging = new.get("LoggingConfiguration")
        target = {
            "TargetBucket": (logging or {}).get("DestinationBucketName") or made[0],
            "TargetPrefix": (logging or {}).get("LogFilePrefix", ""),
        }
        client("s3").put_bucket_logging(
            Bucket=made[0], BucketLoggingStatus={"LoggingEnabled": target} if logging else {}
        )
    return made


def _put_ownership(name: str, controls: Properties | None) -> None:
    s3 = client("s3")
    if controls:
        s3.put_bucket_ownership_controls(Bucket=name, OwnershipControls=controls)
    else:
        s3.delete_bucket_ownership_controls(Bucket=name)


def _put_encryption(name: str, encryption: Properties | None) -> None:
    s3 = client("s3")
    if not encryption:
        s3.delete_bucket_encryption(Bucket=name)
        return
    rules = [
        {
            "ApplyServerSideEncryptionByDefault": rule["ServerSideEncryptionByDefault"],
            **({"BucketKeyEnabled": as_bool(rule["BucketKeyEnabled"])} if "BucketKeyEnabled" in rule else {}),
        }
        for rule in encryption["ServerSideEncryptionConfiguration"]
    ]
    s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": rules})


def _put_lifecycle(name: str, rules: list[Properties]) -> None:
    s3 = client("s3")
    if rules:
        configuration = {"Rules": [_rule(rule) for rule in rules]}
        s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration=configuration)
    else:
        s3.delete_bucket_lifecycle(Bucket=name)


def _rule(rule: Properties) -> Properties:
    """A template's rule as S3's API words it."""
    shaped: Properties = {"Status": rule["Status"], "Filter": {"Prefix": rule.get("Prefix", "")}}
    if rule.get("Id"):
        shaped["ID"] = rule["Id"]
    if rule.get("ExpirationInDays"):
        shaped["Expiration"] = {"Days": int(rule["ExpirationInDays"])}
    if old := rule.get("NoncurrentVersionExpiration"):
        shaped["NoncurrentVersionExpiration"] = {field: int(days) for field, days in old.items()}
    if upload := rule.get("AbortIncompleteMultipartUpload"):
        shaped["AbortIncompleteMultipartUpload"] = {"DaysAfterInitiation": int(upload["DaysAfterInitiation"])}
    if moves := rule.get("Transitions"):
        shaped["Transitions"] = [
            {"StorageClass": move["StorageClass"], "Days": int(move["TransitionInDays"])} for move in moves
        ]
    return shaped


def _as_written(rule: Properties, names: set[str]) -> Properties:
    """A rule of S3's API as a template words it. A rule that the template gave none of its names was named by S3."""
    shaped: Properties = {"Status": rule["Status"]}
    if rule.get("ID") in names:
        shaped["Id"] = rule["ID"]
    if prefix := rule.get("Filter", {}).get("Prefix") or rule.get("Prefix"):
        shaped["Prefix"] = prefix
    if days := rule.get("Expiration", {}).get("Days"):
        shaped["ExpirationInDays"] = days
    if old := rule.get("NoncurrentVersionExpiration"):
        shaped["NoncurrentVersionExpiration"] = old
    if upload := rule.get("AbortIncompleteMultipartUpload"):
        shaped["AbortIncompleteMultipartUpload"] = upload
    if moves := rule.get("Transitions"):
        shaped["Transitions"] = [
            {"StorageClass": move["StorageClass"], "TransitionInDays": move["Days"]} for move in moves
        ]
    return shaped


def _holds_anything(name: str) -> bool:
    s3 = client("s3")
    try:
        found = s3.list_object_versions(Bucket=name, MaxKeys=1)
    except s3.exceptions.NoSuchBucket:
        return False
    return bool(found.get("Versions") or found.get("DeleteMarkers"))


def _bucket(name: str, properties: Properties) -> Properties | None:
    s3 = client("s3")
    s3.head_bucket(Bucket=name)
    encryption = _setting(s3.get_bucket_encryption, name, "ServerSideEncryptionConfiguration") or {}
    current: Properties = {
        "BucketName": name,
        "BucketEncryption": {
            "ServerSideEncryptionConfiguration": [_encryption(rule) for rule in encryption.get("Rules", [])]
        },
    }
    for key, read in (
        ("PublicAccessBlockConfiguration", s3.get_public_access_block),
        ("OwnershipControls", s3.get_bucket_ownership_controls),
    ):
        if key in properties and (found := _setting(read, name, key)) is not None:
            current[key] = found
    if lifecycle := properties.get("LifecycleConfiguration"):
        names = {rule["Id"] for rule in lifecycle["Rules"] if "Id" in rule}
        rules = _setting(s3.get_bucket_lifecycle_configuration, name, "Rules") or []
        current["LifecycleConfiguration"] = {"Rules": [_as_written(rule, names) for rule in rules]} if rules else None
    if "VersioningConfiguration" in properties:
        current["VersioningConfiguration"] = {"Status": s3.get_bucket_versioning(Bucket=name).get("Status")}
    return current


def _setting(read: Callable[..., Any], name: str, key: str) -> Any:
    """A setting of a bucket; None when the bucket, which is there, has none."""
    try:
        return read(Bucket=name)[key]
    except ClientError as error:
        if error.response["Error"]["Code"] in _UNSET:
            return None
        raise


def _encryption(rule: Properties) -> Properties:
    return {**rule, "ServerSideEncryptionByDefault": rule.get("ApplyServerSideEncryptionByDefault", {})}


def _bucket_policy(_name: str, properties: Properties) -> Properties | None:
    policy = client("s3").get_bucket_policy(Bucket=properties["Bucket"])["Policy"]
    return {"Bucket": properties["Bucket"], "PolicyDocument": json.loads(policy)}


RESOURCES = Resources(
    completions=(complete,),
    on_worker=frozenset({_KIND}),
    drift_readers={
        _KIND: DriftReader(
            _bucket,
            frozenset({
                "BucketName", "BucketEncryption", "PublicAccessBlockConfiguration", "OwnershipControls",
                "LifecycleConfiguration", "VersioningConfiguration",
            }),
        ),
        "AWS::S3::BucketPolicy": DriftReader(_bucket_policy, frozenset({"Bucket", "PolicyDocument"})),
    },
    create_only={
        _KIND: ("BucketName", "BucketNamePrefix", "BucketNamespace"),
        "AWS::S3::BucketPolicy": ("Bucket",),
    },
)  # fmt: skip
