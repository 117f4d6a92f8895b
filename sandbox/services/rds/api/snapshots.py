# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Snapshots that hold the rows: by hand, the automated one that a new instance begins with, and the final one.

AWS: API reference CreateDBSnapshot, DeleteDBSnapshot, DBSnapshot; User guide, "Introduction to backups".
"""

import contextvars
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from docker.errors import DockerException

from sandbox.ministack import rds
from sandbox.services.rds.api.query import Answer, Parameters, error, refused, value
from sandbox.services.rds.model import snapshots
from sandbox.services.rds.runtime import copies, database

Record = dict[str, Any]
logger = logging.getLogger("sandbox.rds")


def install() -> None:
    """Wrap the actions, and have a database copied before it is first available."""
    rds._ACTION_MAP["CreateDBSnapshot"] = _creating(rds._ACTION_MAP["CreateDBSnapshot"])
    rds._ACTION_MAP["DeleteDBSnapshot"] = _deleting(rds._ACTION_MAP["DeleteDBSnapshot"])
    database.on_first_answer(_begin)


def _creating(create: Callable[[Parameters], Answer]) -> Callable[[Parameters], Answer]:
    def handle(parameters: Parameters) -> Answer:
        instance = rds._resolve_instance(value(parameters, "DBInstanceIdentifier"))
        if instance and not _is_ours(instance):
            return create(parameters)
        if instance and instance["DBInstanceStatus"] != "available":
            status = instance["DBInstanceStatus"]
            return error("InvalidDBInstanceState", f"Database instance is not in available state but in {status}.")
        answer = create(parameters)
        if refused(answer) or instance is None:
            return answer
        snapshot = rds._snapshots[value(parameters, "DBSnapshotIdentifier")]
        snapshot.update(Status="creating", PercentProgress=0)
        instance["DBInstanceStatus"] = "backing-up"
        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(_finish, snapshot, instance), daemon=True).start()
        return _answer("CreateDBSnapshot", snapshot)

    return handle


def _answer(action: str, snapshot: Record) -> Answer:
    inner = f"<DBSnapshot>{rds._snapshot_xml(snapshot)}</DBSnapshot>"
    return rds._xml(200, f"{action}Response", f"<{action}Result>{inner}</{action}Result>")  # type: ignore[no-any-return]


def _finish(snapshot: Record, instance: Record) -> None:
    fill(snapshot, instance)
    if instance["DBInstanceStatus"] == "backing-up":
        instance["DBInstanceStatus"] = "available"


def fill(snapshot: Record, instance: Record) -> None:
    """Put the rows of a running database into its snapshot, which is available then, or failed."""
    known = snapshots.of_snapshot(snapshot)
    known.retention_days = instance["BackupRetentionPeriod"]
    try:
        known.copy = copies.take(instance, snapshots.Folder.place)
    except (ValueError, DockerException):
        logger.exception("the snapshot %s failed", snapshot["DBSnapshotIdentifier"])
        snapshot["Status"] = "failed"
        return
    snapshot.update(Status="available", PercentProgress=100, SnapshotCreateTime=snapshots.moment(known.copy.whole_at))
    for name in ("OriginalSnapshotCreateTime", "SnapshotDatabaseTime"):
        snapshot[name] = snapshot["SnapshotCreateTime"]


def final(identifier: str, instance: Record) -> Callable[[], None]:
    """Copy an instance that is about to be deleted; what to do with the copy once its final snapshot is there."""
    if not _is_ours(instance) or not database.running(instance):
        return lambda: None
    held = {**instance}
    copy = copies.take(held, snapshots.Folder.place)

    def keep() -> None:
        known = snapshots.of_snapshot(rds._snapshots[identifier])
        known.copy, known.retention_days = copy, held["BackupRetentionPeriod"]

    return keep


def drop_automated(instance: Record) -> None:
    """Delete the automated snapshots of an instance, which go with it."""
    for snapshot in snapshots.of_instance(instance):
        if snapshot["SnapshotType"] == snapshots.AUTOMATED:
            snapshots.drop(snapshot)
            rds._snapshots.pop(snapshot["DBSnapshotIdentifier"], None)


def _deleting(delete: Callable[[Parameters], Answer]) -> Callable[[Parameters], Answer]:
    def handle(parameters: Parameters) -> Answer:
        snapshot = rds._snapshots.get(value(parameters, "DBSnapshotIdentifier"))
        if snapshot and snapshot["SnapshotType"] == snapshots.AUTOMATED:
            return error("InvalidDBSnapshotState", "Only manual snapshots may be deleted.")
        if snapshot:
            snapshots.drop(snapshot)
        return delete(parameters)

    return handle


def _begin(instance: Record) -> None:
    """The automated snapshot that an instance with backups begins with, after which it is available."""
    if not _is_ours(instance) or not instance["BackupRetentionPeriod"]:
        return
    instance["DBInstanceStatus"] = "backing-up"
    stamp = time.strftime("%Y-%m-%d-%H-%M", time.gmtime())
    identifier = f"rds:{instance['DBInstanceIdentifier']}-{stamp}"
    snapshot = rds._create_snapshot_internal(identifier, instance)
    snapshot.update(SnapshotType=snapshots.AUTOMATED, Status="creating", PercentProgress=0)
    fill(snapshot, instance)


def _is_ours(instance: Record) -> bool:
    return rds._is_postgres_engine(instance["Engine"]) and not instance.get("DBClusterIdentifier")
