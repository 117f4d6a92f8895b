# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What a snapshot holds beside its record: the rows, as a base backup on disk."""

from dataclasses import dataclass
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path
from typing import Any

from sandbox.ministack import rds
from sandbox.side_table import Record, SideTable

AUTOMATED = "automated"


@dataclass(frozen=True)
class Copy:
    """A base backup on disk: when it was whole, and the master password that is in it."""

    file: Path
    whole_at: float
    password: str


@dataclass
class Snapshot:
    """The copy; None while it is being made, and of an instance that is no PostgreSQL of the sandbox."""

    copy: Copy | None = None
    retention_days: int = 1
    """What the instance had: a restored one has it too."""


class Folder:
    """Where the copies are: in the sandbox's own folder, from when it is installed on."""

    place = Path()


def _holds(snapshot: Record) -> bool:
    return any(held is snapshot for held in rds._snapshots.all_values())


_SNAPSHOTS = SideTable(itemgetter("DBSnapshotArn"), _holds, Snapshot)
of_snapshot = _SNAPSHOTS.of


def forget() -> None:
    """Forget every copy."""
    _SNAPSHOTS.clear()
    for file in Folder.place.glob("*.tar"):
        file.unlink()


def drop(snapshot: Record) -> None:
    """Delete what a snapshot holds."""
    copy = of_snapshot(snapshot).copy
    if copy is not None:
        copy.file.unlink(missing_ok=True)


def of_instance(instance: Record) -> list[dict[str, Any]]:
    """The snapshots of an instance, of this one alone: not those of an earlier one of its name."""
    resource = instance["DbiResourceId"]
    return [snapshot for snapshot in rds._snapshots.values() if snapshot["DbiResourceId"] == resource]


def moment(seconds: float) -> str:
    """A time as RDS writes it, to the millisecond."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
