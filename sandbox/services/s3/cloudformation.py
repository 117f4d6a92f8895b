# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""AWS::S3::Bucket: lifecycle, access logging, keeping a bucket with objects, drift; AWS::S3::BucketPolicy."""

import json
from typing import Any

from sandbox.clients import client
from sandbox.ministack import provisioners
from sandbox.services.cloudformation.model.types import DriftReader, Properties, Resources

Made = tuple[str, dict[str, Any]]
_KIND = "AWS::S3::Bucket"


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
    encryption = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    current: Properties = {
        "BucketName": name,
        "BucketEncryption": {"ServerSideEncryptionConfiguration": [_encryption(rule) for rule in encryption]},
    }
    if "PublicAccessBlockConfiguration" in properties:
        current["PublicAccessBlockConfiguration"] = s3.get_public_access_block(Bucket=name)[
            "PublicAccessBlockConfiguration"
        ]
    if "OwnershipControls" in properties:
        current["OwnershipControls"] = s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]
    if "VersioningConfiguration" in properties:
        current["VersioningConfiguration"] = {"Status": s3.get_bucket_versioning(Bucket=name).get("Status")}
    return current


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
                "VersioningConfiguration",
            }),
        ),
        "AWS::S3::BucketPolicy": DriftReader(_bucket_policy, frozenset({"Bucket", "PolicyDocument"})),
    },
    create_only={
        _KIND: ("BucketName", "BucketNamePrefix", "BucketNamespace"),
        "AWS::S3::BucketPolicy": ("Bucket",),
    },
)  # fmt: skip
