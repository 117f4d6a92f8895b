# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""RDS: snapshots hold the rows of their moment, and what is restored from them is a second real PostgreSQL."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from botocore.exceptions import ClientError

from tests.sandbox.stacks import att, ref, stack_in

SOURCE = {
    "Engine": "postgres",
    "EngineVersion": "17.5",
    "DBInstanceClass": "db.t4g.micro",
    "MasterUsername": "fastbreak",
    "DBName": "inference",
    "AllocatedStorage": 20,
    "StorageType": "gp3",
    "ManageMasterUserPassword": True,
    "StorageEncrypted": True,
    "BackupRetentionPeriod": 7,
}


@pytest.fixture(scope="module")
def rds(sandbox: Any) -> Any:
    return sandbox.client("rds")


@pytest.fixture(scope="module")
def seen() -> list[str]:
    return []


@pytest.fixture(scope="module")
def source(rds: Any, seen: list[str]) -> Iterator[dict[str, Any]]:
    rds.create_db_instance(DBInstanceIdentifier="source", **SOURCE)
    yield available(rds, "source", seen)
    rds.delete_db_instance(DBInstanceIdentifier="source", SkipFinalSnapshot=True)


@pytest.fixture
def ends(rds: Any) -> Iterator[list[str]]:
    """Names of instances that end with the test."""
    names: list[str] = []
    yield names
    for name in names:
        rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)


def describe(rds: Any, name: str) -> dict[str, Any]:
    found: dict[str, Any] = rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]
    return found


def available(rds: Any, name: str, seen: list[str] | None = None) -> dict[str, Any]:
    deadline = time.monotonic() + 120
    while True:
        found = describe(rds, name)
        if seen is not None and found["DBInstanceStatus"] not in seen:
            seen.append(found["DBInstanceStatus"])
        if found["DBInstanceStatus"] == "available":
            return found
        assert time.monotonic() < deadline
        time.sleep(0.02)


def connect(sandbox: Any, instance: dict[str, Any]) -> psycopg.Connection[Any]:
    secret = sandbox.client("secretsmanager").get_secret_value(SecretId=instance["MasterUserSecret"]["SecretArn"])
    return psycopg.connect(
        host=instance["Endpoint"]["Address"],
        port=instance["Endpoint"]["Port"],
        user="fastbreak",
        password=json.loads(secret["SecretString"])["password"],
        dbname="inference",
        sslmode="require",
        autocommit=True,
    )


def keep(sandbox: Any, instance: dict[str, Any], row: str) -> None:
    with connect(sandbox, instance) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (row text)")
        connection.execute("INSERT INTO kept VALUES (%s)", [row])


def kept(sandbox: Any, instance: dict[str, Any]) -> list[str]:
    with connect(sandbox, instance) as connection:
        return [row for (row,) in connection.execute("SELECT row FROM kept ORDER BY row")]


def rotate(rds: Any) -> None:
    rds.modify_db_instance(DBInstanceIdentifier="source", RotateMasterUserPassword=True, ApplyImmediately=True)


def snapshot_of(rds: Any, name: str) -> dict[str, Any]:
    deadline = time.monotonic() + 120
    while True:
        found: dict[str, Any] = rds.describe_db_snapshots(DBSnapshotIdentifier=name)["DBSnapshots"][0]
        if found["Status"] != "creating":
            return found
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_an_instance_begins_with_a_backup(rds: Any, source: dict[str, Any], seen: list[str]) -> None:
    assert seen == ["creating", "backing-up", "available"]
    [snapshot] = rds.describe_db_snapshots(DBInstanceIdentifier="source", SnapshotType="automated")["DBSnapshots"]
    assert snapshot["DBSnapshotIdentifier"].startswith("rds:source-")
    assert (snapshot["Status"], snapshot["Encrypted"]) == ("available", True)
    assert source["LatestRestorableTime"] >= snapshot["SnapshotCreateTime"]
    with pytest.raises(ClientError, match="Only manual snapshots"):
        rds.delete_db_snapshot(DBSnapshotIdentifier=snapshot["DBSnapshotIdentifier"])


def test_a_snapshot_holds_the_rows_of_its_moment(
    sandbox: Any, rds: Any, source: dict[str, Any], ends: list[str]
) -> None:
    keep(sandbox, source, "a before")
    made = rds.create_db_snapshot(DBInstanceIdentifier="source", DBSnapshotIdentifier="by-hand")["DBSnapshot"]
    assert (made["Status"], made["PercentProgress"]) == ("creating", 0)
    assert snapshot_of(rds, "by-hand")["Status"] == "available"
    keep(sandbox, available(rds, "source"), "b after")
    with pytest.raises(ClientError, match="InvalidRestoreFault"):
        rds.restore_db_instance_to_point_in_time(
            SourceDBInstanceIdentifier="source",
            TargetDBInstanceIdentifier="never",
            RestoreTime=datetime.now(UTC) - timedelta(days=1),
        )

    ends.append("copied")
    answer = rds.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier="copied", DBSnapshotIdentifier="by-hand", ManageMasterUserPassword=True
    )["DBInstance"]
    assert answer["DBInstanceStatus"] == "creating"
    copied = available(rds, "copied")
    assert kept(sandbox, copied) == ["a before"]
    assert kept(sandbox, source) == ["a before", "b after"]
    assert copied["MasterUserSecret"]["SecretArn"] != source["MasterUserSecret"]["SecretArn"]
    assert (copied["StorageEncrypted"], copied["BackupRetentionPeriod"]) == (True, 7)
    keep(sandbox, copied, "c of the copy")
    assert "c of the copy" not in kept(sandbox, source)


def test_a_moment_between_two_backups_is_restored(
    sandbox: Any, rds: Any, source: dict[str, Any], ends: list[str]
) -> None:
    # Neither is the password that is in the copy from which the log leads on.
    rotate(rds)
    keep(sandbox, source, "d before")
    with connect(sandbox, source) as connection:
        [moment] = connection.execute("SELECT clock_timestamp()").fetchone() or ()
        connection.execute("SELECT pg_sleep(0.01)")
    rotate(rds)
    keep(sandbox, source, "e after")
    ends += ["earlier", "latest"]
    rds.restore_db_instance_to_point_in_time(
        SourceDBInstanceIdentifier="source",
        TargetDBInstanceIdentifier="earlier",
        RestoreTime=moment.astimezone(UTC) + timedelta(milliseconds=1),
        ManageMasterUserPassword=True,
    )
    rds.restore_db_instance_to_point_in_time(
        SourceDBInstanceIdentifier="source",
        TargetDBInstanceIdentifier="latest",
        UseLatestRestorableTime=True,
        ManageMasterUserPassword=True,
    )
    assert kept(sandbox, available(rds, "earlier"))[-1] == "d before"
    assert kept(sandbox, available(rds, "latest"))[-1] == "e after"
    keep(sandbox, describe(rds, "earlier"), "f of the copy")


def test_the_last_snapshot_holds_the_rows_and_the_automated_ones_go(sandbox: Any, rds: Any, ends: list[str]) -> None:
    rds.create_db_instance(DBInstanceIdentifier="ended", **SOURCE)
    keep(sandbox, available(rds, "ended"), "kept")
    rds.delete_db_instance(DBInstanceIdentifier="ended", FinalDBSnapshotIdentifier="ended-final")
    [left] = rds.describe_db_snapshots(DBInstanceIdentifier="ended")["DBSnapshots"]
    assert (left["DBSnapshotIdentifier"], left["SnapshotType"]) == ("ended-final", "manual")
    ends.append("again")
    rds.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier="again", DBSnapshotIdentifier="ended-final", ManageMasterUserPassword=True
    )
    assert kept(sandbox, available(rds, "again")) == ["kept"]


def test_what_cannot_be_restored_is_refused(rds: Any, source: dict[str, Any]) -> None:
    with pytest.raises(ClientError, match="DBSnapshotNotFound"):
        rds.restore_db_instance_from_db_snapshot(DBInstanceIdentifier="never", DBSnapshotIdentifier="missing")
    for moment in ({}, {"UseLatestRestorableTime": True, "RestoreTime": datetime.now(UTC)}):
        with pytest.raises(ClientError, match="InvalidParameterCombination"):
            rds.restore_db_instance_to_point_in_time(
                SourceDBInstanceIdentifier="source", TargetDBInstanceIdentifier="never", **moment
            )


def test_a_stack_restores_what_its_template_names(sandbox: Any, rds: Any, source: dict[str, Any]) -> None:
    keep(sandbox, source, "g for a stack")
    group = {
        "Type": "AWS::RDS::DBParameterGroup",
        "Properties": {"Family": "postgres17", "Description": "copy", "Parameters": {"log_connections": "1"}},
    }
    copied = {
        "Type": "AWS::RDS::DBInstance",
        "DeletionPolicy": "Delete",
        "Properties": {
            "DBInstanceIdentifier": "copy-of-a-stack",
            "DBInstanceClass": "db.t4g.micro",
            "SourceDBInstanceIdentifier": "source",
            "UseLatestRestorableTime": True,
            "ManageMasterUserPassword": True,
            "MaxAllocatedStorage": "60",
            "DBParameterGroupName": ref("Group"),
        },
    }
    with stack_in(sandbox, "copy") as stack:
        outputs = {"Secret": att("Copy", "MasterUserSecret.SecretArn")}
        assert stack.create({"Group": group, "Copy": copied}, outputs) == "CREATE_COMPLETE"
        instance = describe(rds, "copy-of-a-stack")
        assert instance["MasterUserSecret"]["SecretArn"] == stack.outputs()["Secret"]
        assert instance["MaxAllocatedStorage"] == 60
        assert "g for a stack" in kept(sandbox, instance)
        with connect(sandbox, instance) as connection:
            assert connection.execute("SHOW log_connections").fetchone() == ("on",)
        assert stack.delete() == "DELETE_COMPLETE"
    assert not rds.describe_db_snapshots(DBInstanceIdentifier="copy-of-a-stack")["DBSnapshots"]
