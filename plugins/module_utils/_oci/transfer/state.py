# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a killed run leaves behind, so that the next run need not send again what the registry has acknowledged.

One small file for each blob under way: the upload's URL and offset, never bytes of the blob. It is written again by
rename, readable by its owner alone (an upload's URL may be all it takes to write to it), and held with `flock` by the
run that uses it. Without a usable folder, copying goes on, and an interrupted blob begins again at zero.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..._common.clock import Clock

_STALE_SECONDS = 24 * 3600.0
_FILE_BYTES = 1 << 16
_VERSION = 1
#: How often a lock's file may be replaced while it is taken; runs that end do that, and somebody may do it for ever.
_LOCK_ATTEMPTS = 20


def default_directory() -> Path:
    """Where state lies unless said otherwise: under XDG_STATE_HOME."""
    home = os.environ.get("XDG_STATE_HOME", "")
    try:
        base = Path(home) if home.startswith("/") else Path.home() / ".local" / "state"
    except RuntimeError:
        # A user without a home directory, as containers have them. Nothing can be made there.
        base = Path(os.devnull)
    return base / "fastbreak" / "uploads"


@dataclass(frozen=True, slots=True)
class SavedUpload:
    """An upload that an earlier run began."""

    url: str
    offset: int


class Claim:
    """The right to one blob's state, until `release`. Without a file it keeps nothing."""

    def __init__(self, states: UploadStates, path: Path | None, lock: int | None, size: int) -> None:
        self._states, self._path, self._lock, self._size = states, path, lock, size

    def read(self) -> SavedUpload | None:
        """What an earlier run left; None when there is nothing of use."""
        if self._path is None:
            return None
        try:
            return self._parse(_read_own(self._path))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            self.drop()
            return None

    def _parse(self, text: bytes) -> SavedUpload:
        document = json.loads(text)
        url, offset = document["upload"], document["offset"]
        if document["version"] != _VERSION or document["size"] != self._size:
            raise ValueError("it is of another blob")
        counted = isinstance(offset, int) and not isinstance(offset, bool)
        if not isinstance(url, str) or not counted or not 0 < offset <= self._size:
            raise ValueError("it is garbled")
        return SavedUpload(url, offset)

    def save(self, url: str, offset: int) -> None:
        """Keep how far the upload is."""
        if self._path is None:
            return
        document = {
            "version": _VERSION,
            "upload": url,
            "offset": offset,
            "size": self._size,
        }
        try:
            _replace(self._path, json.dumps(document).encode())
        except OSError as error:
            self._states.warn(error)
            self.drop()

    def drop(self) -> None:
        """Forget it: the blob is there, or the upload is gone."""
        if self._path is not None:
            with suppress(OSError):
                self._path.unlink(missing_ok=True)

    def release(self) -> None:
        """Let others have it."""
        if self._lock is None:
            return
        if self._path is not None and not self._path.exists():
            # Still locked: who opened this file meanwhile sees that it is gone, and makes another.
            with suppress(OSError):
                self._path.with_suffix(".lock").unlink(missing_ok=True)
        os.close(self._lock)
        self._lock = None


class UploadStates:
    """The folder of them. *warn* is told once, in English, when it cannot be used."""

    def __init__(self, directory: Path | None, warn: Callable[[str], None], clock: Clock) -> None:
        self._directory, self._warn = directory or default_directory(), warn
        self._clock = clock
        self._lock = threading.Lock()
        self._warned = self._ready = False

    def claim(self, origin: str, repository: str, digest: str, size: int) -> Claim:
        """The state of one blob on its way to a repository. When another run holds it, the claim keeps nothing."""
        name = hashlib.sha256(f"{origin}\n{repository}\n{digest}".encode()).hexdigest()[:40]
        try:
            self._prepare()
            lock = _lock(self._directory / f"{name}.lock")
        except OSError as error:
            self.warn(error)
            return Claim(self, None, None, size)
        return Claim(self, None if lock is None else self._directory / f"{name}.json", lock, size)

    def warn(self, error: OSError) -> None:
        """Say once that nothing can be kept."""
        with self._lock:
            if self._warned:
                return
            self._warned = True
        self._warn(
            f"Uploads that are interrupted will begin again at their first byte: no state can be kept in "
            f"{self._directory} ({error.strerror or error}). Make it writable, or set state_directory."
        )

    def _prepare(self) -> None:
        with self._lock:
            if self._ready:
                return
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._drop_stale()
            self._ready = True

    def _drop_stale(self) -> None:
        """Remove what nobody takes up any more. Where the clock is wrong, at most an upload begins again at zero."""
        now = self._clock.now().timestamp()
        for path in self._directory.glob("*.json"):
            if now - _changed_at(path, now) < _STALE_SECONDS:
                continue
            lock = _lock(path.with_suffix(".lock"))
            if lock is not None:
                claim = Claim(self, path, lock, 0)
                claim.drop()
                claim.release()


def _lock(path: Path) -> int | None:
    """A locked file descriptor; None when another run has it, or when the file is replaced again and again."""
    for _attempt in range(_LOCK_ATTEMPTS):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_still(path, descriptor):
                return descriptor
        except BlockingIOError:
            os.close(descriptor)
            return None
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
    return None


def _is_still(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.lstat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _changed_at(path: Path, now: float) -> float:
    """When a file was written; *now* for one that another run has removed meanwhile."""
    try:
        return path.lstat().st_mtime
    except FileNotFoundError:
        return now


def _read_own(path: Path) -> bytes:
    """A small file of ours. Another user's, or a link, is not read."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if os.fstat(file.fileno()).st_uid != os.geteuid():
            raise ValueError("it is another user's")
        return file.read(_FILE_BYTES)


def _replace(path: Path, content: bytes) -> None:
    fresh = path.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    fresh.replace(path)
