# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The release table in DynamoDB (docs/contracts.md, "The release record") through boto3."""

from __future__ import annotations

import secrets
from dataclasses import asdict, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from .._common.verdict import Verdict
from .._errors import OperationError
from .record import RECORD_PREFIX, Lock, Measurement, Outcome, Release
from .sequence import SequencedTable

if TYPE_CHECKING:
    from collections.abc import Mapping

_NO_TABLE = frozenset({"ResourceNotFoundException"})
_LOCK, _KEY = "LOCK", "KEY"
_KEY_BYTES = 32
_HISTORY = 200


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
        items = self._records(f"read the releases of {service}", service, RECORD_PREFIX, Limit=_HISTORY)
        return tuple(_read_release(item) for item in islice(items, _HISTORY))

    def start(self, release: Release) -> Release:
        """Write a new record behind the newest; the record with the id that it got."""
        attempted = f"record the release of {release.version}"
        return replace(release, release_id=self._append(attempted, RECORD_PREFIX, _write_release(release)))

    def note_deployment(self, release: Release) -> None:
        """Write the deployment's id into a record that is in progress."""
        self._complete(release)

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

    def definition_key(self, service: str, *, make: bool) -> bytes:
        """The secret key of the fingerprints of the service's definitions, made once; empty unless *make*."""
        attempted, key = f"read the fingerprint key of {service}", {"service": service, "release_id": _KEY}
        item = self._get(attempted, key)
        if item is None and make:
            made = {**key, "key": secrets.token_bytes(_KEY_BYTES)}
            self._put(f"make the fingerprint key of {service}", made, "attribute_not_exists(release_id)", {})
            # Another run may have been quicker.
            item = self._get(attempted, key)
        return bytes(item["key"]) if item else b""

    def read_lock(self, service: str) -> Lock | None:
        """The lock as it stands, held or not."""
        item = self._get(f"read the lock of {service}", _lock_key(service))
        return Lock(item["owner"], item["started_at"], item.get("lease", 0)) if item else None

    def write_lock(self, service: str, lock: Lock, *, seen: Lock | None) -> bool:
        """Write the lock over that which was *seen*, if that still stands; whether it did."""
        condition, values = "attribute_not_exists(release_id)", {}
        if seen:
            condition = "#owner = :owner AND (lease = :lease OR attribute_not_exists(lease))"
            values = {":owner": seen.owner, ":lease": seen.lease}
        attempted, item = f"take the lock of {service}", {**_lock_key(service), **asdict(lock)}
        return self._put(attempted, item, condition, values) or self._is_there(attempted, item)

    def drop_lock(self, service: str, owner: str) -> None:
        """Give the lock up, when it is still ours."""
        self._delete(f"give up the lock of {service}", _lock_key(service), "#owner = :owner", {":owner": owner})


def _lock_key(service: str) -> dict[str, str]:
    return {"service": service, "release_id": _LOCK}


def _write_release(release: Release) -> dict[str, Any]:
    gates = [{**asdict(gate), "verdict": gate.verdict.value} for gate in release.gates]
    return {**asdict(release), "outcome": release.outcome.value, "gates": gates}


def _read_release(item: Mapping[str, Any]) -> Release:
    names = set(Release.__dataclass_fields__)
    known = {key: value for key, value in item.items() if key in names and key not in ("outcome", "gates")}
    gates = tuple(Measurement(**{**gate, "verdict": Verdict(gate["verdict"])}) for gate in item.get("gates", []))
    return Release(**known, outcome=Outcome(item["outcome"]), gates=gates)
