# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The snapshots of a database: RDS's own, those that people made, and AWS Backup's recovery points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .api import AwsClient

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

# AWS Backup's are told only to whoever asks for them.
_TYPES: tuple[dict[str, str], ...] = ({}, {"SnapshotType": "awsbackup"})
# The first one that is there is when the rows are of: that of a copy is when it was copied.
_TIMES = ("SnapshotDatabaseTime", "OriginalSnapshotCreateTime", "SnapshotCreateTime")


@dataclass(frozen=True)
class Backup:
    """A snapshot. `moment`: when its rows are of. `problem`: why nobody can restore it here; empty when one can.

    `earlier`: it is of an earlier instance that had the same name, or of one that cannot be told.
    """

    identifier: str
    kind: str
    moment: datetime | None
    earlier: bool
    problem: str


class DatabaseBackups(AwsClient):
    """The snapshots of one account and region."""

    label = "RDS"

    def of(self, instance: str, tags: Mapping[str, str]) -> list[Backup]:
        """The snapshots of an instance's name, those with the oldest rows first."""
        resource = self._resource_of(instance)
        found = [_backup(one, resource, tags) for how in _TYPES for one in self._snapshots(instance, how)]
        return oldest_first({one.identifier: one for one in found}.values())

    def _resource_of(self, instance: str) -> str:
        """What RDS calls the instance that has this name now; empty when there is none."""
        attempted = f"read the database instance {instance}"
        missing = frozenset({"DBInstanceNotFound"})
        pages = self._pages(attempted, "describe_db_instances", missing, DBInstanceIdentifier=instance)
        return next((one.get("DbiResourceId", "") for page in pages for one in page["DBInstances"]), "")

    def _snapshots(self, instance: str, how: Mapping[str, str]) -> Iterable[dict[str, Any]]:
        attempted = f"list the snapshots of {instance}"
        pages = self._pages(attempted, "describe_db_snapshots", DBInstanceIdentifier=instance, **how)
        return [one for page in pages for one in page["DBSnapshots"]]


def oldest_first(backups: Iterable[Backup]) -> list[Backup]:
    """In the order of the moments that they hold; those that tell none are before all others."""
    return sorted(
        backups, key=lambda one: (one.moment is not None, one.moment and one.moment.timestamp(), one.identifier)
    )


def _backup(snapshot: Mapping[str, Any], resource: str, tags: Mapping[str, str]) -> Backup:
    moment = next((snapshot[name] for name in _TIMES if snapshot.get(name)), None)
    return Backup(
        identifier=snapshot["DBSnapshotIdentifier"],
        kind=snapshot.get("SnapshotType", ""),
        moment=moment,
        earlier=not resource or snapshot.get("DbiResourceId") != resource,
        problem=_problem(snapshot, moment, tags),
    )


def _problem(snapshot: Mapping[str, Any], moment: datetime | None, tags: Mapping[str, str]) -> str:
    if snapshot.get("Status") != "available":
        return f"it is {snapshot.get('Status') or 'in no state'}, not available"
    if not snapshot.get("Encrypted"):
        return "it is not encrypted"
    if moment is None:
        return "it does not tell when its rows are of"
    there = {tag["Key"]: tag["Value"] for tag in snapshot.get("TagList") or []}
    lacking = [f"{name}={value}" for name, value in sorted(tags.items()) if there.get(name) != value]
    return f"it lacks the tags {', '.join(lacking)}, by which it may be restored" if lacking else ""
