# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The releases of sites in the release table (docs/contracts.md, "Sites")."""

from __future__ import annotations

import json
import shlex
from dataclasses import asdict, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from ..._aws.identity import Sts
from ..._errors import OperationError
from ..._release.record import Outcome
from ..._release.sequence import SequencedTable
from ..values import SiteRelease, read_release

if TYPE_CHECKING:
    from collections.abc import Callable

_PREFIX = "S#"
_HISTORY = 200


class SiteReleasesClient(SequencedTable):
    """The rows of one release table that are of sites. *identify* makes a client of STS."""

    def __init__(self, connect: Callable[[], Any], table: str, identify: Callable[[], Any]) -> None:
        super().__init__(connect, table)
        self._sts = Sts(identify)

    def history(self, site: str) -> tuple[SiteRelease, ...]:
        """The site's newest 200 releases, the newest first."""
        items = self._records(f"read the releases of {site}", site, _PREFIX, Limit=_HISTORY)
        return tuple(map(self._read, islice(items, _HISTORY)))

    def start(self, release: SiteRelease) -> SiteRelease:
        """Write a new record behind the newest; the record with the id that it got."""
        key = self._append(f"record the release of {release.version}", _PREFIX, _row(release))
        return replace(release, release_id=key)

    def finish(self, release: SiteRelease) -> None:
        """Complete a record that is in progress."""
        attempted, item = f"write release {release.release_id}", _row(release)
        condition, values = "outcome = :in_progress", {":in_progress": Outcome.IN_PROGRESS.value}
        if not self._put(attempted, item, condition, values) and not self._is_there(attempted, item):
            raise OperationError(
                f"Tried to write release {release.release_id} of {release.site}, but its record is not as this run "
                "left it: another run has written it. Nothing more was written; see the releases (site_release_info)."
            )

    def caller(self) -> str:
        """Who asks, as an ARN."""
        return self._sts.get_caller_identity().arn

    def _read(self, item: dict[str, Any]) -> SiteRelease:
        try:
            return read_release(item)
        except ValueError as error:
            row = {name: {"S": str(item[name])} for name in ("service", "release_id")}
            where = f"--table-name {self._table} --key {shlex.quote(json.dumps(row))}"
            raise OperationError(
                f"Tried to read the releases of {item['service']}, but the row {item['release_id']} of release table "
                f"{self._table} cannot be read: {error}. Look at it: aws dynamodb get-item {where}. If a newer version "
                "of fastbreak.aws wrote it, install that version. Otherwise restore it from a backup of the table "
                "(point-in-time recovery), or delete it: that release can then not be gone back to. To delete it: aws "
                f"dynamodb delete-item {where}",
                row=item["release_id"],
            ) from error


def _row(release: SiteRelease) -> dict[str, Any]:
    row = asdict(release)
    site = row.pop("site")
    return {**row, "service": site, "outcome": release.outcome.value}
