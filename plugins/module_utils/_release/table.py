# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The release table in DynamoDB (docs/contracts.md, "The release record") through boto3."""

from __future__ import annotations

from dataclasses import asdict
from itertools import islice
from typing import TYPE_CHECKING, Any

from .._aws.table import TableClient, decode, encode
from .._common.verdict import Verdict
from .._errors import OperationError
from .record import Lock, Measurement, Outcome, Release

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_NO_TABLE = frozenset({"ResourceNotFoundException"})
_LOCK = "LOCK"
_HISTORY = 200


class ReleasesClient(TableClient):
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
        items = self._items(
            f"read the releases of {service}",
            "service = :service AND begins_with(release_id, :prefix)",
            {":service": service, ":prefix": "R#"},
            Limit=_HISTORY,
        )
        return tuple(_read_release(item) for item in islice(items, _HISTORY))

    def start(self, release: Release) -> None:
        """Write a new record."""
        self._put_release(release, "attribute_not_exists(release_id)", {})

    def note_deployment(self, release: Release) -> None:
        """Write the deployment's id into a record that is in progress."""
        self._put_release(release, "outcome = :in_progress", {":in_progress": Outcome.IN_PROGRESS.value})

    def finish(self, release: Release) -> None:
        """Complete a record that is in progress."""
        self._put_release(release, "outcome = :in_progress", {":in_progress": Outcome.IN_PROGRESS.value})

    def _put_release(self, release: Release, condition: str, values: Mapping[str, str]) -> None:
        item = {**asdict(release), "outcome": release.outcome.value}
        item["gates"] = [{**asdict(gate), "verdict": gate.verdict.value} for gate in release.gates]
        if not self._put(f"write release {release.release_id}", item, condition, values):
            raise OperationError(
                f"Tried to write release {release.release_id} of {release.service}, but its record is not as this "
                "run left it: another run has written it. Nothing more was written; see the release history."
            )

    def read_lock(self, service: str) -> Lock | None:
        """The lock as it stands, held or not."""
        answer = self._call(
            f"read the lock of {service}",
            "get_item",
            TableName=self._table,
            Key=encode(_lock_key(service)),
            ConsistentRead=True,
        )
        if "Item" not in answer:
            return None
        item = decode(answer["Item"])
        return Lock(item["owner"], item["started_at"], item["expires_at"])

    def take_lock(self, service: str, lock: Lock, *, now: datetime) -> bool:
        """Take the lock, or renew it when it is ours. False when another holds it at *now*."""
        return self._put(
            f"take the lock of {service}",
            {**_lock_key(service), **asdict(lock)},
            "attribute_not_exists(release_id) OR expires_at <= :now OR #owner = :owner",
            {":now": int(now.timestamp()), ":owner": lock.owner},
        )

    def drop_lock(self, service: str, owner: str) -> None:
        """Give the lock up, when it is still ours."""
        self._delete(f"give up the lock of {service}", _lock_key(service), "#owner = :owner", {":owner": owner})


def _lock_key(service: str) -> dict[str, str]:
    return {"service": service, "release_id": _LOCK}


def _read_release(item: Mapping[str, Any]) -> Release:
    names = set(Release.__dataclass_fields__)
    known = {key: value for key, value in item.items() if key in names and key not in ("outcome", "gates")}
    gates = tuple(Measurement(**{**gate, "verdict": Verdict(gate["verdict"])}) for gate in item.get("gates", []))
    return Release(**known, outcome=Outcome(item["outcome"]), gates=gates)
