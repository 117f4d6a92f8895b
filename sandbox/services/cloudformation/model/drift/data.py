"""Keys, buckets, repositories, tables, log groups, roles and the database's groups."""

import json
from typing import Any

from ministack.services.cloudformation import drift as engine

from sandbox.clients import client

Properties = dict[str, Any]


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
    alias = next((one for one in aliases if one["AliasName"] == name), None)
    if alias is None:
        return None
    wanted = str(properties["TargetKeyId"])
    same = wanted.rsplit("/", maxsplit=1)[-1] == alias.get("TargetKeyId")
    return {"AliasName": name, "TargetKeyId": wanted if same else alias.get("TargetKeyId")}


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


def _repository(name: str, properties: Properties) -> Properties | None:
    ecr = client("ecr")
    repository = ecr.describe_repositories(repositoryNames=[name])["repositories"][0]
    current: Properties = {
        "RepositoryName": name,
        "ImageTagMutability": repository["imageTagMutability"],
        "ImageScanningConfiguration": {"ScanOnPush": repository["imageScanningConfiguration"]["scanOnPush"]},
        "Tags": ecr.list_tags_for_resource(resourceArn=repository["repositoryArn"])["tags"],
    }
    if wanted := (properties.get("LifecyclePolicy") or {}).get("LifecyclePolicyText"):
        current["LifecyclePolicy"] = {"LifecyclePolicyText": _same_json(wanted, _lifecycle(ecr, name))}
    if filters := repository.get("imageTagMutabilityExclusionFilters"):
        current["ImageTagMutabilityExclusionFilters"] = [
            {
                "ImageTagMutabilityExclusionFilterType": one["filterType"],
                "ImageTagMutabilityExclusionFilterValue": one["filter"],
            }
            for one in filters
        ]
    if "RepositoryPolicyText" in properties:
        current["RepositoryPolicyText"] = _policy(ecr, name, properties["RepositoryPolicyText"])
    return current


def _policy(ecr: Any, name: str, wanted: Any) -> Any:
    """The repository's policy, in the form that the template has it in; None when there is none."""
    try:
        found = str(ecr.get_repository_policy(repositoryName=name)["policyText"])
    except ecr.exceptions.RepositoryPolicyNotFoundException:
        return None
    return _same_json(wanted, found) if isinstance(wanted, str) else json.loads(found)


def _lifecycle(ecr: Any, name: str) -> str:
    try:
        return str(ecr.get_lifecycle_policy(repositoryName=name)["lifecyclePolicyText"])
    except ecr.exceptions.LifecyclePolicyNotFoundException:
        return "{}"


def _same_json(wanted: str, found: str) -> str:
    """`wanted` when both mean the same: how a document is laid out is no drift."""
    return wanted if json.loads(wanted) == json.loads(found) else found


def _table(name: str, properties: Properties) -> Properties | None:
    dynamodb = client("dynamodb")
    current: Properties | None = _MINISTACK_TABLE[0](name, properties)
    if current is None:
        return None
    table = dynamodb.describe_table(TableName=name)["Table"]
    backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    recovery = backups.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus")
    sse = table.get("SSEDescription") or {}
    return {
        **current,
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": recovery == "ENABLED"},
        "SSESpecification": {
            "SSEEnabled": sse.get("Status") == "ENABLED",
            "SSEType": sse.get("SSEType"),
            "KMSMasterKeyId": sse.get("KMSMasterKeyArn"),
        },
    }


def _log_group(name: str, properties: Properties) -> Properties | None:
    current: Properties | None = _MINISTACK_LOG_GROUP[0](name, properties)
    if current is None:
        return None
    groups = client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    key = next((group.get("kmsKeyId") for group in groups if group["logGroupName"] == name), None)
    return {**current, "KmsKeyId": key} if key else current


def _role(name: str, properties: Properties) -> Properties | None:
    current: Properties | None = _MINISTACK_ROLE[0](name, properties)
    if current is None:
        return None
    iam = client("iam")
    inline = iam.list_role_policies(RoleName=name)["PolicyNames"]
    attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    return {
        **current,
        "Policies": [
            {
                "PolicyName": one,
                "PolicyDocument": iam.get_role_policy(RoleName=name, PolicyName=one)["PolicyDocument"],
            }
            for one in inline
        ],
        "ManagedPolicyArns": [one["PolicyArn"] for one in attached],
    }


def _parameter_group(name: str, _properties: Properties) -> Properties | None:
    rds = client("rds")
    group = rds.describe_db_parameter_groups(DBParameterGroupName=name)["DBParameterGroups"][0]
    values = rds.describe_db_parameters(DBParameterGroupName=name, Source="user")["Parameters"]
    return {
        "DBParameterGroupName": name,
        "Description": group["Description"],
        "Family": group["DBParameterGroupFamily"],
        "Parameters": {one["ParameterName"]: one["ParameterValue"] for one in values},
        "Tags": rds.list_tags_for_resource(ResourceName=group["DBParameterGroupArn"])["TagList"],
    }


def _subnet_group(name: str, _properties: Properties) -> Properties | None:
    rds = client("rds")
    group = rds.describe_db_subnet_groups(DBSubnetGroupName=name)["DBSubnetGroups"][0]
    return {
        "DBSubnetGroupName": name,
        "DBSubnetGroupDescription": group["DBSubnetGroupDescription"],
        "SubnetIds": [subnet["SubnetIdentifier"] for subnet in group["Subnets"]],
        "Tags": rds.list_tags_for_resource(ResourceName=group["DBSubnetGroupArn"])["TagList"],
    }


_MINISTACK_TABLE = engine._DRIFT_READERS["AWS::DynamoDB::Table"]
_MINISTACK_LOG_GROUP = engine._DRIFT_READERS["AWS::Logs::LogGroup"]
_MINISTACK_ROLE = engine._DRIFT_READERS["AWS::IAM::Role"]

READERS = {
    "AWS::KMS::Key": (_key, frozenset({"Description", "Enabled", "EnableKeyRotation", "KeyPolicy", "Tags"})),
    "AWS::KMS::Alias": (_alias, frozenset({"AliasName", "TargetKeyId"})),
    "AWS::S3::Bucket": (
        _bucket,
        frozenset({
            "BucketName", "BucketEncryption", "PublicAccessBlockConfiguration", "OwnershipControls",
            "VersioningConfiguration",
        }),
    ),
    "AWS::S3::BucketPolicy": (_bucket_policy, frozenset({"Bucket", "PolicyDocument"})),
    "AWS::ECR::Repository": (
        _repository,
        frozenset({
            "RepositoryName", "ImageTagMutability", "ImageTagMutabilityExclusionFilters", "ImageScanningConfiguration",
            "LifecyclePolicy", "RepositoryPolicyText", "Tags",
        }),
    ),
    "AWS::DynamoDB::Table": (
        _table,
        _MINISTACK_TABLE[1] | {"PointInTimeRecoverySpecification", "SSESpecification"},
    ),
    "AWS::Logs::LogGroup": (_log_group, _MINISTACK_LOG_GROUP[1] | {"KmsKeyId"}),
    "AWS::IAM::Role": (_role, _MINISTACK_ROLE[1] | {"Policies", "ManagedPolicyArns"}),
    "AWS::RDS::DBParameterGroup": (
        _parameter_group,
        frozenset({"DBParameterGroupName", "Description", "Family", "Parameters", "Tags"}),
    ),
    "AWS::RDS::DBSubnetGroup": (
        _subnet_group,
        frozenset({"DBSubnetGroupName", "DBSubnetGroupDescription", "SubnetIds", "Tags"}),
    ),
}  # fmt: skip
