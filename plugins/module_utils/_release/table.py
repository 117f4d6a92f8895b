# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The release table in DynamoDB (docs/contracts.md, "The release record") through boto3."""

from __future__ import annotations

import json
import secrets
import shlex
from dataclasses import asdict, replace
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from .._errors import OperationError
from .curves import write_course, write_evidence, write_series
from .record import RECORD_PREFIX, KeptSnapshot, Lock, Outcome, Release
from .rows import KEY_BYTES, read_key, read_lock, read_release
from .sequence import SequencedTable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")

_NO_TABLE = frozenset({"ResourceNotFoundException"})
_LOCK, _KEY, _SNAPSHOT = "LOCK", "KEY", "SNAPSHOT"
_HISTORY = 200
_RENEWAL_SECONDS = 5.0

# What to do about a row that cannot be read, by what it should hold.
_RELEASE_ADVICE = (
    "If a newer version of fastbreak.aws wrote it, install that version. Otherwise correct it, restore it from a "
    "backup of the table (point-in-time recovery), or delete it: no rollback can go to a release that is deleted."
)
_KEY_ADVICE = (
    "Restore it from a backup of the table (point-in-time recovery), or delete it: the next release then makes another "
    "key, and a release of before no longer counts as the same as a later one with the same image and definition."
)
_SNAPSHOT_ADVICE = "Delete it: a release that fails then goes back to the settings that stand now."
_LOCK_ADVICE = "Delete it if nobody is rolling {service} out."


class ReleasesClient(SequencedTable):
    """The releases and locks of one release table."""

    def table_problem(self) -> str:
        """Why the table cannot be used, or an empty string."""
        answer = self._find(f"describe release table {self._table}", "describe_table", _NO_TABLE, TableName=self._table)
        if answer is None:
            return f"Release table {self._table} does not exist; provision component 'service', or name another."
        status = answer["Table"]["TableStatus"]
        return "" if status in ("ACTIVE", "UPDATING") else f"Release table {self._table} is {status}; wait for ACTIVE."

    def history(self, service: str) -> tuple[Release, ...]:
        """The service's newest 200 releases, the newest first."""
        attempted = f"read the releases of {service}"
        items = self._records(attempted, service, RECORD_PREFIX, Limit=_HISTORY)
        return tuple(self._read(attempted, item, read_release, _RELEASE_ADVICE) for item in islice(items, _HISTORY))

    def start(self, release: Release) -> Release:
        """Write a new record behind the newest; the record with the id that it got."""
        attempted = f"record the release of {release.version}"
        return replace(release, release_id=self._append(attempted, RECORD_PREFIX, _write_release(release)))

    def note_deployment(self, release: Release) -> None:
        """Write the deployment's id into a record that is in progress."""
        self._complete(release)

    def keep_measurements(self, release: Release) -> None:
        """Write what was measured so far into a record that is in progress. It gives up in seconds."""
        # Of the same class, with less time.
        self._quick._complete(release)  # noqa: SLF001

    def finish(self, release: Release) -> None:
        """Complete a record that is in progress."""
        self._complete(release)

    def _complete(self, release: Release) -> None:
        attempted, item = f"write release {release.release_id}", _write_release(release)
        condition, values = "outcome = :in_progress", {":in_progress": Outcome.IN_PROGRESS.value}
        if not self._put(attempted, item, condition, values) and not self._is_there(attempted, item):
            raise OperationError(
                f"Tried to write release {release.release_id} of {release.service}, but its record is not as this "
                "run left it: another run has written it. Nothing more was written; see the release history."
            )

    def kept_snapshot(self, service: str) -> KeptSnapshot | None:
        """What there was before a change that makes no release and that nobody ended."""
        attempted = f"read the snapshot of {service}"
        item = self._get(attempted, _snapshot_key(service))
        return self._read(attempted, item, _read_snapshot, _SNAPSHOT_ADVICE) if item else None

    def keep_snapshot(self, service: str, snapshot: KeptSnapshot) -> None:
        """Keep it, unless one is kept: that is of before, too."""
        item = {**_snapshot_key(service), **asdict(snapshot)}
        self._put(f"keep the snapshot of {service}", item, "attribute_not_exists(release_id)", {})

    def drop_snapshot(self, service: str) -> None:
        """Keep none any more."""
        key = _snapshot_key(service)
        self._delete(f"drop the snapshot of {service}", key, "attribute_exists(release_id)", {})

    def definition_key(self, service: str, *, make: bool) -> bytes:
        """The secret key of the fingerprints of the service's definitions, made once; empty unless *make*."""
        attempted, key = f"read the fingerprint key of {service}", {"service": service, "release_id": _KEY}
        item = self._get(attempted, key)
        if item is None and make:
            made = {**key, "key": secrets.token_bytes(KEY_BYTES)}
            self._put(f"make the fingerprint key of {service}", made, "attribute_not_exists(release_id)", {})
            # Another run may have been quicker.
            item = self._get(attempted, key)
        return self._read(attempted, item, read_key, _KEY_ADVICE) if item else b""

    def read_lock(self, service: str) -> Lock | None:
        """The lock as it stands, held or not."""
        attempted = f"read the lock of {service}"
        item = self._get(attempted, _lock_key(service))
        return self._read(attempted, item, read_lock, _LOCK_ADVICE.format(service=service)) if item else None

    def write_lock(self, service: str, lock: Lock, *, seen: Lock | None) -> bool:
        """Write the lock over that which was *seen*, if that still stands; whether it did."""
        condition, values = "attribute_not_exists(release_id)", {}
        if seen:
            condition = "#owner = :owner AND (lease = :lease OR attribute_not_exists(lease))"
            values = {":owner": seen.owner, ":lease": seen.lease}
        attempted, item = f"take the lock of {service}", {**_lock_key(service), **asdict(lock)}
        return self._put(attempted, item, condition, values) or self._is_there(attempted, item)

    @cached_property
    def _quick(self) -> ReleasesClient:
        quick = ReleasesClient(lambda: self._client, self._table)
        quick.seconds = _RENEWAL_SECONDS
        return quick

    def renew_lock(self, service: str, lock: Lock, *, seen: Lock) -> Lock | None:
        """Write the lock over that which was *seen*; the lock that stands then.

        Each call ends in seconds: a renewal is tried again soon, and what waits for it must not wait for long.
        """
        return lock if self._quick.write_lock(service, lock, seen=seen) else self._quick.read_lock(service)

    def drop_lock(self, service: str, owner: str) -> None:
        """Give the lock up, when it is still ours. It gives up in seconds: the next run takes the lock over then."""
        key, values = _lock_key(service), {":owner": owner}
        # Of the same class, with less time.
        self._quick._delete(f"give up the lock of {service}", key, "#owner = :owner", values)  # noqa: SLF001

    def _read(self, attempted: str, item: Mapping[str, Any], read: Callable[[Mapping[str, Any]], T], advice: str) -> T:
        """*item* as *read* reads it. Raises OperationError when it is not what the contract says: nothing is guessed.

        *advice* says what may be done about it.
        """
        try:
            return read(item)
        except ValueError as error:
            row = {name: {"S": str(item[name])} for name in ("service", "release_id")}
            where = f"--table-name {self._table} --key {shlex.quote(json.dumps(row))}"
            raise OperationError(
                f"Tried to {attempted}, but the row {item['release_id']} of release table {self._table} cannot be "
                f"read: {error}. Look at it: aws dynamodb get-item {where}. {advice} To delete it: aws dynamodb "
                f"delete-item {where}",
                row=item["release_id"],
            ) from error


def _snapshot_key(service: str) -> dict[str, str]:
    return {"service": service, "release_id": _SNAPSHOT}


def _read_snapshot(item: Mapping[str, Any]) -> KeptSnapshot:
    text, after = item.get("text"), item.get("after")
    if not isinstance(text, str) or not isinstance(after, str):
        raise ValueError("its text or after is no text")  # noqa: TRY004 - as every row that cannot be read
    return KeptSnapshot(text, after)


def _lock_key(service: str) -> dict[str, str]:
    return {"service": service, "release_id": _LOCK}


def _write_release(release: Release) -> dict[str, Any]:
    gates = [
        {**asdict(gate), "verdict": gate.verdict.value, "series": write_series(gate.series)} for gate in release.gates
    ]
    return {
        **asdict(release),
        "outcome": release.outcome.value,
        "gates": gates,
        "services": list(release.services),
        "course": write_course(release.course),
        "evidence": write_evidence(release.evidence),
    }
