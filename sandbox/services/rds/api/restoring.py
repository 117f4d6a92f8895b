# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A second instance out of a snapshot, or out of another instance's backups as of a moment, with the rows.

AWS: API reference RestoreDBInstanceFromDBSnapshot, RestoreDBInstanceToPointInTime.
"""

import time
from datetime import datetime
from typing import Any

from sandbox.ministack import rds
from sandbox.services.rds.api import instances
from sandbox.services.rds.api.query import Answer, Parameters, error, flag, value
from sandbox.services.rds.model import snapshots
from sandbox.services.rds.model.snapshots import Copy
from sandbox.services.rds.runtime.copies import Recovery

Record = dict[str, Any]
_FROM_SNAPSHOT, _TO_POINT = "RestoreDBInstanceFromDBSnapshot", "RestoreDBInstanceToPointInTime"
# What a copy has of the original unless it is asked for otherwise, and what it has in any case.
_INHERITED = ("DBInstanceClass", "AllocatedStorage", "StorageType", "LicenseModel")
_FIXED = ("Engine", "EngineVersion", "MasterUsername", "DBName", "KmsKeyId")


def install() -> None:
    """Put the actions in the place of MiniStack's, which start no database."""
    others = rds._ACTION_MAP[_FROM_SNAPSHOT]

    def from_snapshot(parameters: Parameters) -> Answer:
        snapshot = rds._snapshots.get(value(parameters, "DBSnapshotIdentifier"))
        if snapshot and not rds._is_postgres_engine(snapshot["Engine"]):
            return others(parameters)  # type: ignore[no-any-return]
        return _from_snapshot(parameters)

    rds._ACTION_MAP[_FROM_SNAPSHOT] = from_snapshot
    rds._ACTION_MAP[_TO_POINT] = _to_point


def _from_snapshot(parameters: Parameters) -> Answer:
    identifier = value(parameters, "DBSnapshotIdentifier").rpartition(":snapshot:")[2]
    snapshot = rds._snapshots.get(identifier)
    if snapshot is None:
        return error("DBSnapshotNotFound", f"DBSnapshot {identifier} not found.", 404)
    known = snapshots.of_snapshot(snapshot)
    if snapshot["Status"] != "available" or known.copy is None:
        return error("InvalidDBSnapshotState", f"The snapshot {identifier} is not in available state.")
    asked = _asked(parameters, snapshot, known.retention_days)
    return instances.make(asked, instances.Restored(known.copy, None), _FROM_SNAPSHOT)


def _to_point(parameters: Parameters) -> Answer:
    source = rds._resolve_instance(value(parameters, "SourceDBInstanceIdentifier"))
    name = value(parameters, "SourceDBInstanceIdentifier")
    if source is None:
        return error("DBInstanceNotFound", f"DBInstance {name} not found.", 404)
    if not source["BackupRetentionPeriod"]:
        return error("PointInTimeRestoreNotEnabled", f"Automated backups are not enabled for {name}.")
    given, latest = value(parameters, "RestoreTime"), flag(parameters, "UseLatestRestorableTime")
    if bool(given) == bool(latest):
        return error("InvalidParameterCombination", "Specify either RestoreTime or UseLatestRestorableTime.")
    until = datetime.fromisoformat(given).timestamp() if given else None
    copy = _copy_before(source, until)
    if copy is None or (until is not None and until > time.time()):
        return error("InvalidRestoreFault", f"The instance {name} cannot be restored to {given}.")
    asked = _asked(parameters, {**source, "Port": source["Endpoint"]["Port"]}, source["BackupRetentionPeriod"])
    asked["DBInstanceIdentifier"] = [value(parameters, "TargetDBInstanceIdentifier")]
    return instances.make(asked, instances.Restored(copy, Recovery(source, until)), _TO_POINT)


def _copy_before(source: Record, until: float | None) -> Copy | None:
    """The last copy that was whole at a moment, from where the log leads on."""
    held = [snapshots.of_snapshot(snapshot).copy for snapshot in snapshots.of_instance(source)]
    whole = [copy for copy in held if copy is not None and (until is None or copy.whole_at <= until)]
    return max(whole, key=lambda copy: copy.whole_at, default=None)


def _asked(parameters: Parameters, original: Record, retention_days: int) -> Parameters:
    """The request as one for a new instance."""
    inherited = {name: [str(original[name])] for name in _INHERITED if original.get(name)}
    fixed = {name: [str(original[name])] for name in _FIXED if original.get(name)}
    fixed["StorageEncrypted"] = [str(original["StorageEncrypted"]).lower()]
    defaults = {"Port": [str(original["Port"])], "BackupRetentionPeriod": [str(retention_days)]}
    return {**defaults, **inherited, **parameters, **fixed}
