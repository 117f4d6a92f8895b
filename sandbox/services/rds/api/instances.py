# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Creating, describing and deleting an instance: what it is asked to be, it says that it is.

AWS: API reference CreateDBInstance, DBInstance.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.ministack import rds
from sandbox.services.rds.api import parameter_groups, secrets, snapshots
from sandbox.services.rds.api.query import Answer, Parameters, error, flag, members, refused, value
from sandbox.services.rds.model import state
from sandbox.services.rds.model.classes import most_connections
from sandbox.services.rds.model.snapshots import Copy, moment
from sandbox.services.rds.model.storage import Storage
from sandbox.services.rds.runtime import copies, database, events
from sandbox.services.rds.runtime.copies import Recovery

Instance = dict[str, Any]

_emulated: dict[str, Callable[[Parameters], Answer]] = {}
_EXTENDED_SUPPORT = "open-source-rds-extended-support"


@dataclass(frozen=True)
class Restored:
    """What a new instance begins with instead of an empty database."""

    copy: Copy
    recovery: Recovery | None


def install() -> None:
    """Wrap the actions and the XML of an instance."""
    _emulated["create"] = rds._ACTION_MAP["CreateDBInstance"]
    rds._ACTION_MAP["CreateDBInstance"] = _creating(rds._ACTION_MAP["CreateDBInstance"])
    rds._ACTION_MAP["DeleteDBInstance"] = _deleting(rds._ACTION_MAP["DeleteDBInstance"])
    rds._instance_xml = _described(rds._instance_xml)


def _creating(create: Callable[[Parameters], Answer]) -> Callable[[Parameters], Answer]:
    def handle(parameters: Parameters) -> Answer:
        if not _is_standalone_postgres(parameters):
            return create(parameters)
        return make(parameters, None, "CreateDBInstance")

    return handle


def make(parameters: Parameters, restored: Restored | None, action: str) -> Answer:
    """Make an instance, and answer as `action` does."""
    secret, identifier = None, value(parameters, "DBInstanceIdentifier")
    if restored is not None and not flag(parameters, "ManageMasterUserPassword"):
        parameters = {**parameters, "MasterUserPassword": [restored.copy.password]}
    if problem := _problem(parameters):
        return error(*problem)
    if flag(parameters, "ManageMasterUserPassword"):
        password = secrets.new_password()
        secret = secrets.create(
            instance_id=identifier,
            username=value(parameters, "MasterUsername"),
            password=password,
            kms_key_id=value(parameters, "MasterUserSecretKmsKeyId"),
        )
        parameters = {**parameters, "MasterUserPassword": [password]}
    answer = _launched(parameters, restored)
    if refused(answer):
        if secret:
            secrets.delete(secret)
        return answer
    instance = rds._instances[identifier]
    state.of_instance(instance).secret = secret
    _keep(instance, parameters)
    events.tell(instance, events.RESTORED if restored else events.CREATED)
    return rds._single_instance_response(f"{action}Response", f"{action}Result", instance)  # type: ignore[no-any-return]


def _launched(parameters: Parameters, restored: Restored | None) -> Answer:
    """MiniStack's answer, with the database started in the way of this sandbox."""
    launch = _launch(parameters, restored)
    if restored is not None:
        volume = rds._rds_docker_volume_name(value(parameters, "DBInstanceIdentifier"))
        copies.lay_out(volume, _version(parameters), restored.copy, launch, restored.recovery)
    token = database.launching.set(launch)
    try:
        return _emulated["create"](parameters)
    finally:
        database.launching.reset(token)


def _is_standalone_postgres(parameters: Parameters) -> bool:
    return value(parameters, "Engine") == "postgres" and not value(parameters, "DBClusterIdentifier")


def _version(parameters: Parameters) -> str:
    return value(parameters, "EngineVersion") or str(rds._default_engine_version("postgres"))


def _problem(parameters: Parameters) -> tuple[str, str] | None:
    """Error code and message of a request that AWS, or this sandbox, refuses."""
    group = value(parameters, "DBSubnetGroupName")
    if value(parameters, "DBInstanceIdentifier") in rds._instances:
        return "DBInstanceAlreadyExists", "DB instance already exists"
    if group and group not in rds._subnet_groups:
        return "DBSubnetGroupNotFoundFault", f"DB subnet group '{group}' does not exist."
    if problem := _master_problem(parameters):
        return problem
    if storage_problem := _storage_of(parameters).problem():
        return "InvalidParameterCombination", storage_problem
    missing = database.missing_image(_version(parameters))
    return ("SandboxCannotRunDatabase", missing) if missing else None


def _master_problem(parameters: Parameters) -> tuple[str, str] | None:
    managed, password = flag(parameters, "ManageMasterUserPassword"), value(parameters, "MasterUserPassword")
    if managed and password:
        return (
            "InvalidParameterCombination",
            "You can't specify MasterUserPassword for an instance with ManageMasterUserPassword enabled.",
        )
    required = {"MasterUserPassword": managed or password, "MasterUsername": value(parameters, "MasterUsername")}
    for name, given in required.items():
        if not given:
            return "InvalidParameterValue", f"The parameter {name} must be provided and must not be blank."
    return None


def _storage_of(parameters: Parameters) -> Storage:
    return Storage(
        value(parameters, "StorageType") or "gp2",
        int(value(parameters, "AllocatedStorage") or "20"),
        value(parameters, "Iops"),
        value(parameters, "StorageThroughput"),
    )


def _launch(parameters: Parameters, restored: Restored | None) -> database.Launch:
    group, version = value(parameters, "DBParameterGroupName"), _version(parameters)
    connections = most_connections(value(parameters, "DBInstanceClass"))
    return database.Launch(
        port=int(value(parameters, "Port") or "5432"),
        force_ssl=parameter_groups.forces_ssl(group, version),
        # The last one counts.
        settings=f"max_connections = '{connections}'\n{parameter_groups.settings_of(group)}",
        identifier=value(parameters, "DBInstanceIdentifier"),
        restored=restored is not None,
    )


def _keep(instance: Instance, parameters: Parameters) -> None:
    """Put into the record what MiniStack leaves out of it."""
    iops, throughput = _storage_of(parameters).figures()
    insights_key = value(parameters, "PerformanceInsightsKMSKeyId")
    instance.update(
        Iops=iops,
        StorageThroughput=throughput,
        EnabledCloudwatchLogsExports=members(parameters, "EnableCloudwatchLogsExports"),
        PerformanceInsightsKMSKeyId=insights_key,
    )
    known = state.of_instance(instance)
    known.has_dedicated_log_volume = flag(parameters, "DedicatedLogVolume") or False
    known.engine_lifecycle_support = value(parameters, "EngineLifecycleSupport") or _EXTENDED_SUPPORT
    known.insights_mode = value(parameters, "DatabaseInsightsMode")
    for name in ("PreferredBackupWindow", "CACertificateIdentifier", "NetworkType"):
        if text := value(parameters, name):
            instance[name] = text
    instance["CertificateDetails"]["CAIdentifier"] = instance["CACertificateIdentifier"]


def _described(render: Callable[[Instance], str]) -> Callable[[Instance], str]:
    """MiniStack's XML of an instance with what it leaves out."""

    def instance_xml(instance: Instance) -> str:
        if instance.get("BackupRetentionPeriod"):
            # AWS is behind by up to five minutes.
            instance["LatestRestorableTime"] = moment(time.time())
        exports = "".join(f"<member>{name}</member>" for name in instance.get("EnabledCloudwatchLogsExports", []))
        text = render(instance).replace(
            "<EnabledCloudwatchLogsExports/>",
            f"<EnabledCloudwatchLogsExports>{exports}</EnabledCloudwatchLogsExports>",
        )
        if not instance.get("PerformanceInsightsEnabled"):
            text = text.replace("<PerformanceInsightsRetentionPeriod>7</PerformanceInsightsRetentionPeriod>", "")
        known = state.of_instance(instance)
        shown = {
            "PerformanceInsightsKMSKeyId": instance.get("PerformanceInsightsKMSKeyId"),
            "DedicatedLogVolume": str(known.has_dedicated_log_volume).lower(),
            "EngineLifecycleSupport": known.engine_lifecycle_support,
            "DatabaseInsightsMode": known.insights_mode,
        }
        optional = "".join(f"<{name}>{part}</{name}>" for name, part in shown.items() if part)
        return text + optional + secrets.xml(known.secret)

    return instance_xml


def _deleting(delete: Callable[[Parameters], Answer]) -> Callable[[Parameters], Answer]:
    def handle(parameters: Parameters) -> Answer:
        instance = rds._resolve_instance(value(parameters, "DBInstanceIdentifier"))
        final, skip = value(parameters, "FinalDBSnapshotIdentifier"), flag(parameters, "SkipFinalSnapshot")
        if instance and not instance.get("DBClusterIdentifier"):
            if not skip and not final:
                return error(
                    "InvalidParameterCombination",
                    "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.",
                )
            if final in rds._snapshots:
                return error(
                    "DBSnapshotAlreadyExists", f"Cannot create the snapshot because one called {final} already exists."
                )
        secret = state.of_instance(instance).secret if instance else None
        if instance and instance.get("DeletionProtection"):
            return delete(parameters)
        keep = snapshots.final(final, instance) if instance and final and not skip else None
        answer = delete(parameters)
        if instance and not refused(answer):
            if keep:
                keep()
            snapshots.drop_automated(instance)
        if secret and not refused(answer):
            secrets.delete(secret)
        if instance and not refused(answer):
            events.tell(instance, events.DELETED)
        return answer

    return handle
