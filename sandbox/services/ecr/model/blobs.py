# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Blobs in files: what was pushed, and what is being pushed. Nothing is held in memory but names."""

import hashlib
import re
import shutil
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_PIECE = 1 << 20

Owner = tuple[str, str]
"""Account and repository."""


@dataclass
class Upload:
    """A blob on its way in; `digest` runs along with the bytes."""

    owner: Owner
    path: Path
    size: int = 0
    digest: Any = field(default_factory=hashlib.sha256)
    part_sizes: list[int] = field(default_factory=list)
    """Bytes of each part that came over the API."""

    def append(self, piece: bytes | bytearray) -> None:
        """Add bytes at the end."""
        with self.path.open("ab") as file:
            file.write(piece)
        self.digest.update(piece)
        self.size += len(piece)


class Blobs:
    """The blobs of every repository. A file exists once an account, however many repositories hold it."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._lock = threading.Lock()
        self._held: dict[Owner, set[str]] = {}
        self._uploads: dict[str, Upload] = {}
        shutil.rmtree(home, ignore_errors=True)

    def forget(self) -> None:
        """Drop everything."""
        with self._lock:
            self._held.clear()
            self._uploads.clear()
            shutil.rmtree(self._home, ignore_errors=True)

    def start(self, owner: Owner) -> str:
        """The id of a new upload."""
        identifier = str(uuid.uuid4())
        path = self._home / "uploads" / identifier
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        self._uploads[identifier] = Upload(owner, path)
        return identifier

    def upload(self, owner: Owner, identifier: str) -> Upload | None:
        """The upload, when it is this repository's."""
        found = self._uploads.get(identifier)
        return found if found and found.owner == owner else None

    def finish(self, owner: Owner, identifier: str, digest: str) -> str | None:
        """Keep the upload as the blob `digest`; the digest that the bytes really have when it is another."""
        upload = self._uploads[identifier]
        actual = f"sha256:{upload.digest.hexdigest()}"
        if actual != digest:
            return actual
        with self._lock:
            path = self._path(owner[0], digest)
            path.parent.mkdir(parents=True, exist_ok=True)
            upload.path.replace(path)
            self._held.setdefault(owner, set()).add(digest)
            del self._uploads[identifier]
        return None

    def cancel(self, identifier: str) -> None:
        """Drop an upload."""
        if upload := self._uploads.pop(identifier, None):
            upload.path.unlink(missing_ok=True)

    def mount(self, owner: Owner, source: Owner, digest: str) -> bool:
        """Let `owner` hold what `source`, of the same account, holds."""
        with self._lock:
            if digest not in self._held.get(source, ()) or owner[0] != source[0]:
                return False
            self._held.setdefault(owner, set()).add(digest)
            return True

    def holds(self, owner: Owner, digest: str) -> bool:
        """Whether the repository has the blob."""
        return digest in self._held.get(owner, ())

    def size(self, owner: Owner, digest: str) -> int | None:
        """Bytes of the blob; None when the repository does not have it."""
        return self._path(owner[0], digest).stat().st_size if self.holds(owner, digest) else None

    def read(self, owner: Owner, digest: str, first: int, last: int) -> Iterator[bytes]:
        """The bytes from `first` to `last`, both included."""
        with self._path(owner[0], digest).open("rb") as file:
            file.seek(first)
            left = last - first + 1
            while left > 0 and (piece := file.read(min(_PIECE, left))):
                left -= len(piece)
                yield piece

    def drop(self, owner: Owner) -> None:
        """Forget a repository and delete what nothing else in the account holds."""
        with self._lock:
            gone = self._held.pop(owner, set())
            kept = set().union(*(held for other, held in self._held.items() if other[0] == owner[0]))
            for digest in gone - kept:
                self._path(owner[0], digest).unlink(missing_ok=True)
        for identifier in [name for name, upload in self._uploads.items() if upload.owner == owner]:
            self.cancel(identifier)

    def _path(self, account: str, digest: str) -> Path:
        return self._home / account / digest.removeprefix("sha256:")
