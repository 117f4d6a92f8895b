"""AWS::S3::Bucket: lifecycle, access logging, and keeping a bucket with objects, which MiniStack's type leaves out."""

from typing import Any

from ministack.services.cloudformation import provisioners

from sandbox.clients import client
from sandbox.services.cloudformation.model import types
from sandbox.services.cloudformation.model.types import Properties

Made = tuple[str, dict[str, Any]]
_KIND = "AWS::S3::Bucket"


def install() -> None:
    """Complete MiniStack's type."""
    types.run_on_worker(_KIND)
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
