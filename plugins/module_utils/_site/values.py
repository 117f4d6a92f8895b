# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A site's version and what is kept of it: values."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .._release.record import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Below it the distribution and browsers keep files for a year, whatever their headers say (role cloudfront).
ASSETS = "assets/"
INDEX = "index.html"
#: Where the bucket keeps what a version is restored from: the files that keep their names, and the lists of files.
STORE = ".site/"
PUBLISH, ROLLBACK = "publish", "rollback"

_YEAR = "public, max-age=31536000, immutable"
_ASK = "no-cache"
_HEX = {"md5": re.compile("[0-9a-f]{32}"), "sha256": re.compile("[0-9a-f]{64}")}


@dataclass(frozen=True, slots=True, order=True)
class SiteFile:
    """A file of a version. ``md5`` is what S3 calls its ETag, ``sha256`` what it is known by."""

    path: str
    sha256: str
    md5: str
    size: int
    media_type: str

    @property
    def immutable(self) -> bool:
        """Whether its name stands for its content for ever."""
        return self.path.startswith(ASSETS)

    @property
    def cache_control(self) -> str:
        """How long whoever has it may use it without asking."""
        return _YEAR if self.immutable else _ASK

    @property
    def stored_at(self) -> str:
        """Where the bucket keeps its content for a rollback."""
        return self.path if self.immutable else f"{STORE}files/{self.sha256}"


@dataclass(frozen=True, slots=True)
class Manifest:
    """All files of a version, sorted by path."""

    files: tuple[SiteFile, ...]

    @property
    def text(self) -> str:
        """The list as the bucket keeps it: the same files make the same text."""
        rows = [
            {"bytes": file.size, "md5": file.md5, "path": file.path, "sha256": file.sha256, "type": file.media_type}
            for file in self.files
        ]
        return json.dumps({"files": rows}, ensure_ascii=False, separators=(",", ":"), sort_keys=True)

    @property
    def digest(self) -> str:
        """What the version's content is known by."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def keys(self) -> frozenset[str]:
        """Everything that the bucket holds for this version."""
        every = {key for file in self.files for key in (file.path, file.stored_at)}
        return frozenset({*every, manifest_key(self.digest)})

    def by_path(self) -> dict[str, SiteFile]:
        """The files by their paths."""
        return {file.path: file for file in self.files}


def manifest_key(digest: str) -> str:
    """Where the bucket keeps the list of files with this digest."""
    return f"{STORE}manifests/{digest}.json"


def read_manifest(text: str) -> Manifest:
    """The list of files that *text* is. Raises ValueError for anything else."""
    read = json.loads(text)
    if not isinstance(read, dict) or not isinstance(read.get("files"), list):
        raise ValueError("it holds no list of files")  # noqa: TRY004 - whatever cannot be read is one kind of error
    return Manifest(tuple(sorted(map(_read_file, read["files"]))))


def _read_file(row: Any) -> SiteFile:
    kinds = {"path": str, "sha256": str, "md5": str, "bytes": int, "type": str}
    if not isinstance(row, dict) or any(not isinstance(row.get(name), kind) for name, kind in kinds.items()):
        raise ValueError("a file in it lacks its path, sha256, md5, bytes or type")
    if any(not form.fullmatch(row[name]) for name, form in _HEX.items()):
        raise ValueError("a digest in it is no digest")
    return SiteFile(row["path"], row["sha256"], row["md5"], row["bytes"], row["type"])


@dataclass(frozen=True, slots=True)
class StoredObject:
    """What the bucket holds under a key: S3's ETag without quotes, which is the MD5 of what one request wrote."""

    etag: str
    size: int


Listing = dict[str, StoredObject]


@dataclass(frozen=True, slots=True)
class SiteRelease:
    """A version that was published or gone back to, as the release table keeps it. Times are for people alone.

    ``manifest`` is the digest of the list of its files. ``sent`` and ``bytes_sent`` count what the run sent.
    """

    site: str
    release_id: str
    version: str
    manifest: str
    kind: str
    started_at: str
    started_by: str
    previous_version: str = ""
    files: int = 0
    sent: int = 0
    bytes_sent: int = 0
    finished_at: str = ""
    outcome: Outcome = Outcome.IN_PROGRESS
    reason: str = ""

    @property
    def succeeded(self) -> bool:
        """Whether it was verified through the distribution."""
        return self.outcome is Outcome.SUCCEEDED


def release_data(release: SiteRelease) -> dict[str, Any]:
    """*release* as plain data."""
    names = SiteRelease.__slots__
    return {**{name: getattr(release, name) for name in names}, "outcome": release.outcome.value}


def read_release(item: Mapping[str, Any]) -> SiteRelease:
    """The release that a row of the table is. Raises ValueError when it is none."""
    texts = ("version", "manifest", "kind", "started_at", "started_by", "previous_version", "finished_at", "reason")
    counts = ("files", "sent", "bytes_sent")
    for name in texts:
        if not isinstance(item.get(name), str):
            raise ValueError(f"its {name} is no text")  # noqa: TRY004 - as every row that cannot be read
    for name in counts:
        if not isinstance(item.get(name), int):
            raise ValueError(f"its {name} is no number")  # noqa: TRY004 - as every row that cannot be read
    if not _HEX["sha256"].fullmatch(item["manifest"]):
        raise ValueError("its manifest is no digest")
    return SiteRelease(
        site=str(item["service"]),
        release_id=str(item["release_id"]),
        outcome=Outcome(item.get("outcome")),
        **{name: item[name] for name in (*texts, *counts)},
    )
