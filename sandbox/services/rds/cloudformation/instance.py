# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""AWS::RDS::DBInstance, through the RDS API, so that a stack's database is real.

MiniStack's own type writes a record and starts nothing.
"""

import time
from typing import Any

from sandbox.clients import client
from sandbox.ministack import rds as emulated
from sandbox.services.cloudformation.model.types import Context, Created, Properties, ResourceType, as_bool, changed
from sandbox.services.rds.runtime import database
from sandbox.wait import until

_POLL_SECONDS = 0.1
_TIMEOUT_SECONDS = 120.0

_TEXTS = (
    "DBInstanceClass", "Engine", "EngineVersion", "DBName", "MasterUsername", "MasterUserPassword", "AvailabilityZone",
    "DBSubnetGroupName", "DBParameterGroupName", "StorageType", "KmsKeyId", "PreferredBackupWindow",
    "PreferredMaintenanceWindow", "MonitoringRoleArn", "PerformanceInsightsKMSKeyId", "CACertificateIdentifier",
    "LicenseModel", "NetworkType", "EngineLifecycleSupport", "DatabaseInsightsMode", "OptionGroupName",
)  # fmt: skip
_NUMBERS = (
    "AllocatedStorage", "MaxAllocatedStorage", "Iops", "StorageThroughput", "BackupRetentionPeriod", "Port",
    "MonitoringInterval", "PerformanceInsightsRetentionPeriod",
)  # fmt: skip
_FLAGS = (
    "MultiAZ", "PubliclyAccessible", "StorageEncrypted", "AutoMinorVersionUpgrade", "CopyTagsToSnapshot",
    "DeletionProtection", "EnablePerformanceInsights", "EnableIAMDatabaseAuthentication", "ManageMasterUserPassword",
    "DedicatedLogVolume",
)  # fmt: skip
_CREATE_ONLY = frozenset({
    "BackupTarget", "CharacterSetName", "CustomIAMInstanceProfile", "DBClusterIdentifier", "DBInstanceIdentifier",
    "DBName", "DBSubnetGroupName", "DBSystemId", "Engine", "KmsKeyId", "MasterUsername", "NcharCharacterSetName",
    "SourceDBInstanceIdentifier", "SourceRegion", "StorageEncrypted", "Timezone",
})  # fmt: skip
_OF_THE_BACKUP = frozenset({"AllocatedStorage", "DBName", "Engine"})
"""What a restored instance has from its backup."""
_NOT_IN_MODIFY = _CREATE_ONLY | {"AvailabilityZone", "Port"}
_DESCRIBED_AS = {
    "EnablePerformanceInsights": "PerformanceInsightsEnabled",
    "EnableIAMDatabaseAuthentication": "IAMDatabaseAuthenticationEnabled",
}
_UNREADABLE = {"MasterUserPassword", "ManageMasterUserPassword", "OptionGroupName"}


def _rds() -> Any:
    return client("rds")


def _request(properties: Properties) -> Properties:
    """The template's properties as parameters of the API."""
    request: Properties = {name: str(properties[name]) for name in _TEXTS if properties.get(name) not in {None, ""}}
    request |= {name: int(properties[name]) for name in _NUMBERS if properties.get(name) not in {None, ""}}
    request |= {name: as_bool(properties[name]) for name in _FLAGS if properties.get(name) is not None}
    if groups := properties.get("VPCSecurityGroups"):
        request["VpcSecurityGroupIds"] = groups
    if key := (properties.get("MasterUserSecret") or {}).get("KmsKeyId"):
        request["MasterUserSecretKmsKeyId"] = key
    return request


def _create(properties: Properties, context: Context) -> Created:
    identifier = (properties.get("DBInstanceIdentifier") or context.physical_name(63, lowercase=True)).lower()
    request = _request(properties) | {
        "EnableCloudwatchLogsExports": properties.get("EnableCloudwatchLogsExports") or [],
        "Tags": properties.get("Tags") or [],
    }
    later = _start(identifier, properties, request)
    try:
        instance = _wait(identifier)
        if later:
            _rds().modify_db_instance(DBInstanceIdentifier=identifier, ApplyImmediately=True, **later)
            instance = _wait(identifier)
        return identifier, _attributes(instance)
    except ValueError:
        # The engine knows no physical id of a resource that failed, so nobody else would remove it.
        _delete(identifier, {})
        raise


def _start(identifier: str, properties: Properties, request: Properties) -> Properties:
    """Make the instance, from a backup where the template names one; what is left to be modified then."""
    rds, snapshot = _rds(), properties.get("DBSnapshotIdentifier")
    source = properties.get("SourceDBInstanceIdentifier")
    if not snapshot and not source:
        rds.create_db_instance(DBInstanceIdentifier=identifier, **request)
        return {}
    action = "RestoreDBInstanceFromDBSnapshot" if snapshot else "RestoreDBInstanceToPointInTime"
    known = set(rds.meta.service_model.operation_model(action).input_shape.members) - _OF_THE_BACKUP
    sent = {name: thing for name, thing in request.items() if name in known}
    if snapshot:
        rds.restore_db_instance_from_db_snapshot(DBInstanceIdentifier=identifier, DBSnapshotIdentifier=snapshot, **sent)
    else:
        moment = {"RestoreTime": properties["RestoreTime"]} if properties.get("RestoreTime") else {}
        sent |= moment or {"UseLatestRestorableTime": as_bool(properties.get("UseLatestRestorableTime"))}
        rds.restore_db_instance_to_point_in_time(
            SourceDBInstanceIdentifier=source, TargetDBInstanceIdentifier=identifier, **sent
        )
    left = request.keys() - known - _NOT_IN_MODIFY
    return {name: request[name] for name in left if request[name] not in {"", 0}}


def _wait(identifier: str) -> Properties:
    """The instance once it is available."""

    def describe() -> Properties:
        found: Properties = _rds().describe_db_instances(DBInstanceIdentifier=identifier)["DBInstances"][0]
        return found

    until(lambda: describe()["DBInstanceStatus"] in ("available", "failed"), _TIMEOUT_SECONDS, pause=_POLL_SECONDS)
    instance = describe()
    if instance["DBInstanceStatus"] != "available":
        words = database.last_words(emulated._instances[identifier])
        raise ValueError(f"DB instance {identifier} is {instance['DBInstanceStatus']}; its log ends: {words}")
    return instance


def _attributes(instance: Properties) -> dict[str, Any]:
    certificate = instance.get("CertificateDetails") or {}
    attributes = {
        "Endpoint.Address": instance["Endpoint"]["Address"],
        "Endpoint.Port": str(instance["Endpoint"]["Port"]),
        "Endpoint.HostedZoneId": instance["Endpoint"]["HostedZoneId"],
        "DbiResourceId": instance["DbiResourceId"],
        "DBInstanceArn": instance["DBInstanceArn"],
        "InstanceCreateTime": instance["InstanceCreateTime"].isoformat(),
        "CertificateDetails.CAIdentifier": certificate.get("CAIdentifier", ""),
    }
    if secret := instance.get("MasterUserSecret"):
        attributes["MasterUserSecret.SecretArn"] = secret["SecretArn"]
    return attributes


def _update(identifier: str, old: Properties, new: Properties) -> dict[str, Any]:
    before, after = _request(old), _request(new)
    request = {name: thing for name, thing in after.items() if before.get(name) != thing and name not in _NOT_IN_MODIFY}
    if "AllocatedStorage" in request or "StorageType" in request:
        request |= {name: after[name] for name in ("AllocatedStorage", "StorageType") if name in after}
    if changed(old, new, "EnableCloudwatchLogsExports"):
        was, now = (set(side.get("EnableCloudwatchLogsExports") or []) for side in (old, new))
        request["CloudwatchLogsExportConfiguration"] = {
            "EnableLogTypes": sorted(now - was),
            "DisableLogTypes": sorted(was - now),
        }
    if request:
        _rds().modify_db_instance(DBInstanceIdentifier=identifier, ApplyImmediately=True, **request)
    instance = _wait(identifier)
    _retag(instance["DBInstanceArn"], old, new)
    return _attributes(instance)


def _retag(arn: str, old: Properties, new: Properties) -> None:
    before, after = ({tag["Key"]: tag["Value"] for tag in side.get("Tags") or []} for side in (old, new))
    if gone := sorted(before.keys() - after.keys()):
        _rds().remove_tags_from_resource(ResourceName=arn, TagKeys=gone)
    if after and after != before:
        _rds().add_tags_to_resource(ResourceName=arn, Tags=new["Tags"])


def _delete(identifier: str, _properties: Properties) -> None:
    rds = _rds()
    try:
        rds.delete_db_instance(DBInstanceIdentifier=identifier, SkipFinalSnapshot=True)
    except rds.exceptions.DBInstanceNotFoundFault:
        return


def _snapshot(identifier: str, _properties: Properties) -> None:
    """What `DeletionPolicy: Snapshot` leaves; refused like the delete when the instance is protected."""
    instance = _rds().describe_db_instances(DBInstanceIdentifier=identifier)["DBInstances"][0]
    if instance["DeletionProtection"]:
        raise ValueError("Cannot delete protected DB Instance, please disable deletion protection and try again.")
    stamp = time.strftime("%Y-%m-%d-%H-%M-%S", time.gmtime())
    name = f"{identifier}-final-{stamp}"
    _rds().create_db_snapshot(DBInstanceIdentifier=identifier, DBSnapshotIdentifier=name)

    def status() -> str:
        found = _rds().describe_db_snapshots(DBSnapshotIdentifier=name)["DBSnapshots"][0]
        return str(found["Status"])

    until(lambda: status() != "creating", _TIMEOUT_SECONDS, pause=_POLL_SECONDS)
    if status() != "available":
        raise ValueError(f"The final snapshot {name} failed, so that {identifier} is not deleted.")


def _read(identifier: str, properties: Properties) -> Properties | None:
    rds = _rds()
    try:
        instance: Properties = rds.describe_db_instances(DBInstanceIdentifier=identifier)["DBInstances"][0]
    except rds.exceptions.DBInstanceNotFoundFault:
        return None
    current = {name: instance.get(_DESCRIBED_AS.get(name, name)) for name in (*_TEXTS, *_NUMBERS, *_FLAGS)}
    wanted_version = str(properties.get("EngineVersion", ""))
    if instance["EngineVersion"].startswith(f"{wanted_version}."):
        # A major version alone leaves the minor version to RDS: no drift.
        current["EngineVersion"] = wanted_version
    current |= {
        "Port": instance["Endpoint"]["Port"],
        "DBSubnetGroupName": instance["DBSubnetGroup"]["DBSubnetGroupName"],
        "DBParameterGroupName": instance["DBParameterGroups"][0]["DBParameterGroupName"],
        "VPCSecurityGroups": [group["VpcSecurityGroupId"] for group in instance["VpcSecurityGroups"]],
        "EnableCloudwatchLogsExports": instance.get("EnabledCloudwatchLogsExports", []),
        "Tags": instance.get("TagList", []),
    }
    return {name: thing for name, thing in current.items() if thing is not None}


TYPES = (
    ResourceType(
        name="AWS::RDS::DBInstance",
        create=_create,
        update=_update,
        delete=_delete,
        read=_read,
        snapshot=_snapshot,
        compared=frozenset({*_TEXTS, *_NUMBERS, *_FLAGS, "VPCSecurityGroups", "EnableCloudwatchLogsExports", "Tags"})
        - _UNREADABLE,
        replacing=_CREATE_ONLY,
        custom_name="DBInstanceIdentifier",
    ),
)
