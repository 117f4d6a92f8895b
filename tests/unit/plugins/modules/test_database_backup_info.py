# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which snapshots there are, in the order of what they hold, whose they are, and what is wrong with them."""

from datetime import UTC, datetime

import boto3
import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.clock import SystemClock
from ansible_collections.fastbreak.aws.plugins.module_utils._common.entry import Context
from ansible_collections.fastbreak.aws.plugins.module_utils._common.progress import Silence
from ansible_collections.fastbreak.aws.plugins.modules.database_backup_info import perform
from botocore.stub import Stubber

TAGS = {"Environment": "prod", "Project": "fastbreak"}
OF_IT = {"DBInstanceIdentifier": "fastbreak-prod"}


@pytest.fixture
def rds():
    client = boto3.client("rds", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(client) as stub:
        yield client, stub
        stub.assert_no_pending_responses()


def day(number):
    return datetime(2026, 3, number, 4, tzinfo=UTC)


def snapshot(identifier, created, **more):
    tags = [{"Key": name, "Value": value} for name, value in TAGS.items()]
    usual = {"Status": "available", "Encrypted": True, "DbiResourceId": "db-2", "TagList": tags}
    return {
        "DBSnapshotIdentifier": identifier,
        "SnapshotType": "manual",
        "SnapshotCreateTime": created,
        **usual,
        **more,
    }


def listed(rds, own, of_backup=(), resource="db-2"):
    client, stub = rds
    if resource is None:
        stub.add_client_error("describe_db_instances", "DBInstanceNotFound", expected_params=OF_IT)
    else:
        stub.add_response("describe_db_instances", {"DBInstances": [{"DbiResourceId": resource}]}, OF_IT)
    stub.add_response("describe_db_snapshots", {"DBSnapshots": list(own)}, OF_IT)
    of_type = {**OF_IT, "SnapshotType": "awsbackup"}
    stub.add_response("describe_db_snapshots", {"DBSnapshots": list(of_backup)}, of_type)
    context = Context(lambda _service: client, SystemClock(), Silence(), check_mode=False)
    return perform({"db_instance_identifier": "fastbreak-prod", "tags": TAGS}, context)["backups"]


def test_they_are_in_the_order_of_the_moments_that_they_hold(rds):
    """Not of the moments at which copies were made; AWS Backup's among them."""
    copied = snapshot("copy", day(9), OriginalSnapshotCreateTime=day(2))
    final = snapshot("final", day(8), OriginalSnapshotCreateTime=day(7), SnapshotDatabaseTime=day(1))
    recovery = snapshot("awsbackup:job-1", day(3), SnapshotType="awsbackup")
    found = listed(rds, [snapshot("own", day(4)), copied, final], [recovery])
    assert [one["identifier"] for one in found] == ["final", "copy", "awsbackup:job-1", "own"]
    assert found[0]["moment"] == "2026-03-01T04:00:00+00:00"
    assert {(one["earlier"], one["problem"]) for one in found} == {(False, "")}


def test_what_is_of_an_earlier_instance_of_the_name_is_told_apart(rds):
    unknown = snapshot("unknown", day(2))
    del unknown["DbiResourceId"]
    found = listed(rds, [snapshot("before", day(1), DbiResourceId="db-1"), unknown, snapshot("own", day(3))])
    assert [one["earlier"] for one in found] == [True, True, False]


@pytest.mark.parametrize("resource", [None, ""])
def test_without_an_instance_all_are_of_an_earlier_one(rds, resource):
    unknown = snapshot("unknown", day(2), DbiResourceId="")
    assert [one["earlier"] for one in listed(rds, [snapshot("before", day(1)), unknown], resource=resource)] == [
        True,
        True,
    ]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"Status": "creating"}, "it is creating, not available"),
        ({"Encrypted": False}, "it is not encrypted"),
        ({"SnapshotCreateTime": None}, "it does not tell when its rows are of"),
        (
            {"TagList": [{"Key": "Environment", "Value": "dev"}]},
            "it lacks the tags Environment=prod, Project=fastbreak",
        ),
        ({"TagList": None}, "it lacks the tags"),
    ],
)
def test_what_cannot_be_restored_says_why(rds, change, problem):
    changed = {name: value for name, value in {**snapshot("s", day(1)), **change}.items() if value is not None}
    [one] = listed(rds, [changed])
    assert one["problem"].startswith(problem)
