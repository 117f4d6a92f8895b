# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""`ModifyDBInstance`: the settings MiniStack does not know, and the managed password.

AWS: API reference ModifyDBInstance.
"""

from collections.abc import Callable
from typing import Any

from sandbox.ministack import rds
from sandbox.services.rds.api import parameter_groups, secrets
from sandbox.services.rds.api.query import Answer, Parameters, error, flag, members, refused, value
from sandbox.services.rds.model import state
from sandbox.services.rds.model.storage import Storage
from sandbox.services.rds.runtime import database

Instance = dict[str, Any]
# Applied at once, whatever ApplyImmediately says.
_FLAGS = {
    "AutoMinorVersionUpgrade": "AutoMinorVersionUpgrade",
    "EnablePerformanceInsights": "PerformanceInsightsEnabled",
}


def install() -> None:
    """Wrap the action."""
    rds._ACTION_MAP["ModifyDBInstance"] = _modifying(rds._ACTION_MAP["ModifyDBInstance"])


def _modifying(modify: Callable[[Parameters], Answer]) -> Callable[[Parameters], Answer]:
    def handle(parameters: Parameters) -> Answer:
        instance = rds._resolve_instance(value(parameters, "DBInstanceIdentifier"))
        if not instance or instance.get("DBClusterIdentifier"):
            return modify(parameters)
        problem = _problem(instance, parameters)
        if problem:
            return error("InvalidParameterCombination", problem)
        answer = modify(parameters)
        if refused(answer):
            return answer
        _settings(instance, parameters)
        _password(instance, parameters)
        _group(instance, parameters)
        return rds._single_instance_response(  # type: ignore[no-any-return]
            "ModifyDBInstanceResponse", "ModifyDBInstanceResult", instance
        )

    return handle


def _storage_of(instance: Instance, parameters: Parameters) -> Storage:
    return Storage(
        value(parameters, "StorageType") or instance["StorageType"],
        int(value(parameters, "AllocatedStorage") or instance["AllocatedStorage"]),
        value(parameters, "Iops"),
        value(parameters, "StorageThroughput"),
    )


def _problem(instance: Instance, parameters: Parameters) -> str | None:
    if problem := _storage_of(instance, parameters).problem():
        return problem
    secret, managed = state.of_instance(instance).secret, flag(parameters, "ManageMasterUserPassword")
    if value(parameters, "MasterUserPassword") and (managed or (secret and managed is None)):
        return "You can't specify MasterUserPassword for an instance with ManageMasterUserPassword enabled."
    if managed is False and secret and not value(parameters, "MasterUserPassword"):
        return "You must specify MasterUserPassword when you turn ManageMasterUserPassword off."
    if flag(parameters, "RotateMasterUserPassword") and not (secret or managed):
        return "You can't specify RotateMasterUserPassword for an instance whose password RDS does not manage."
    return None


def _settings(instance: Instance, parameters: Parameters) -> None:
    for parameter, field in _FLAGS.items():
        if (given := flag(parameters, parameter)) is not None:
            instance[field] = given
    known = state.of_instance(instance)
    known.insights_mode = value(parameters, "DatabaseInsightsMode") or known.insights_mode
    known.engine_lifecycle_support = value(parameters, "EngineLifecycleSupport") or known.engine_lifecycle_support
    if key := value(parameters, "PerformanceInsightsKMSKeyId"):
        instance["PerformanceInsightsKMSKeyId"] = key
    if days := value(parameters, "PerformanceInsightsRetentionPeriod"):
        instance["PerformanceInsightsRetentionPeriod"] = int(days)
    if any(value(parameters, name) for name in ("StorageType", "AllocatedStorage", "Iops", "StorageThroughput")):
        instance["Iops"], instance["StorageThroughput"] = _storage_of(instance, parameters).figures()
    prefix = "CloudwatchLogsExportConfiguration"
    exports = [*instance.get("EnabledCloudwatchLogsExports", []), *members(parameters, f"{prefix}.EnableLogTypes")]
    disabled = members(parameters, f"{prefix}.DisableLogTypes")
    instance["EnabledCloudwatchLogsExports"] = sorted(set(exports) - set(disabled))
    instance["CertificateDetails"]["CAIdentifier"] = instance["CACertificateIdentifier"]


def _password(instance: Instance, parameters: Parameters) -> None:
    known, managed = state.of_instance(instance), flag(parameters, "ManageMasterUserPassword")
    secret = known.secret
    if managed is False and secret:
        secrets.delete(secret)
        known.secret = None
    elif managed and not secret:
        password = _rotate(instance)
        known.secret = secrets.create(
            instance_id=instance["DBInstanceIdentifier"],
            username=instance["MasterUsername"],
            password=password,
            kms_key_id=value(parameters, "MasterUserSecretKmsKeyId"),
        )
    elif secret and flag(parameters, "RotateMasterUserPassword"):
        secrets.replace(secret, username=instance["MasterUsername"], password=_rotate(instance))


def _rotate(instance: Instance) -> str:
    """Give the running database a new master password."""
    password, old = secrets.new_password(), instance["_MasterUserPassword"]
    rds._rotate_instance_password(instance, old, password)
    instance["_MasterUserPassword"] = password
    return password


def _group(instance: Instance, parameters: Parameters) -> None:
    """A newly chosen parameter group waits for a reboot, as on AWS; its file is written now."""
    group = value(parameters, "DBParameterGroupName")
    if not group or not database.running(instance):
        return
    parameter_groups.adopt(instance, group)
    instance["DBParameterGroups"][0]["ParameterApplyStatus"] = "pending-reboot"
