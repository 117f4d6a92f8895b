# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Snapshots asked for page by page, those that tell no time before all others, and each once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import boto3
from ansible_collections.fastbreak.aws.plugins.module_utils._aws.database_backups import (
    Backup,
    DatabaseBackups,
    oldest_first,
)
from botocore.stub import Stubber

OF_IT = {"DBInstanceIdentifier": "fastbreak-prod"}


def test_every_page_of_both_lists_is_read_and_each_snapshot_told_once() -> None:
    client: Any = boto3.client("rds", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    own, recovery = ({"DBSnapshotIdentifier": name} for name in ("own", "awsbackup:job-1"))
    of_type = {**OF_IT, "SnapshotType": "awsbackup"}
    with Stubber(client) as stub:
        stub.add_response("describe_db_instances", {"DBInstances": [{"DbiResourceId": "db-1"}]}, OF_IT)
        stub.add_response("describe_db_snapshots", {"DBSnapshots": [own], "Marker": "m"}, OF_IT)
        stub.add_response("describe_db_snapshots", {"DBSnapshots": [own]}, {**OF_IT, "Marker": "m"})
        stub.add_response("describe_db_snapshots", {"DBSnapshots": [own, recovery]}, of_type)
        found = DatabaseBackups(lambda: client).of("fastbreak-prod", {})
        stub.assert_no_pending_responses()
    client.close()
    assert [one.identifier for one in found] == ["awsbackup:job-1", "own"]


def test_those_that_tell_no_time_are_before_all_others() -> None:
    moments = {"b": None, "late": datetime(2026, 3, 2, tzinfo=UTC), "a": None, "soon": datetime(2026, 3, 1, tzinfo=UTC)}
    backups = [Backup(name, "manual", moment, earlier=False, problem="") for name, moment in moments.items()]
    assert [one.identifier for one in oldest_first(backups)] == ["a", "b", "soon", "late"]
