# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Videos in a folder: one that processes share and that outlives them, or a temporary one of this process alone."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
import time
import uuid
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from fastbreak_service.footage import tickets
from fastbreak_service.footage.folder_parts import FolderArrivals
from fastbreak_service.footage.ports import FootageError, FootageMissingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fastbreak_service.footage.ports import Arrivals

_NAME_FILE, _KEY_FILE = ".place", ".key"
_PRIVATE = 0o700
_VIDEO = ".video"
_RETIRED = "kept"
_HALF_DONE = (".part", ".csv", ".segment")
_HALF_DONE_SECONDS, _STRAY_SECONDS = 86_400.0, 3600.0


class Folder:
    """See Footage. Videos lie in the folder itself, so that nothing is copied to analyse them.

    Once their analysis has ended they lie in a folder within, where they take no room of what arrives and waits.
    """

    def __init__(self, directory: Path, place: str, *, durable: bool) -> None:
        self._directory = directory
        self._place = place
        self._durable = durable
        self._arrivals = FolderArrivals(directory, self._found, self.keep, self._key, _speaking)

    @classmethod
    def temporary(cls) -> Folder:
        """A new folder that ends with this process."""
        return cls(Path(tempfile.mkdtemp(prefix="fastbreak-")), f"temporary:{uuid.uuid4()}", durable=False)

    @classmethod
    def lasting(cls, directory: Path) -> Folder:
        """A folder that outlives this process, made if need be. Raises FootageError when it cannot be used."""
        with _speaking("use", directory):
            directory.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
            name = _name_of(directory)
        return cls(directory, f"folder:{name}", durable=True)

    @property
    def place(self) -> str:
        """See Footage."""
        return self._place

    @property
    def durable(self) -> bool:
        """See Footage."""
        return self._durable

    @property
    def directory(self) -> Path:
        """See Footage."""
        return self._directory

    @property
    def arrivals(self) -> Arrivals:
        """See Footage."""
        return self._arrivals

    def part(self, analysis: uuid.UUID, number: int, size: int, ticket: str) -> Path | None:
        """See Footage."""
        return self._arrivals.part(analysis, number, size, ticket)

    def keep(self, analysis: uuid.UUID, arrived: Path) -> None:
        """See Footage."""
        with _speaking("store", arrived):
            if self._durable:
                _flush(arrived)
            arrived.rename(self._path(analysis))
            if self._durable:
                _flush(self._directory)

    def fetch(self, analysis: uuid.UUID) -> Path:
        """See Footage."""
        return self._found(analysis)

    def put_away(self, fetched: Path) -> None:
        """See Footage: the file is the video itself."""

    def retire(self, analysis: uuid.UUID) -> None:
        """See Footage."""
        if not self._durable:
            self.discard(analysis)
            return
        path = self._path(analysis)
        with _speaking("go on keeping", path), suppress(FileNotFoundError):
            self._retired.mkdir(mode=_PRIVATE, exist_ok=True)
            path.rename(self._retired / path.name)

    def link(self, analysis: uuid.UUID, kind: str, seconds: int) -> str:
        """See Footage."""
        self._found(analysis)
        ticket = tickets.issue(self._key(), f"play {analysis} {kind}", int(time.time()) + seconds)
        return f"/v1/analyses/{analysis}/footage?{urlencode({'kind': kind, 'ticket': ticket})}"

    def linked(self, analysis: uuid.UUID, kind: str, ticket: str) -> Path | None:
        """See Footage."""
        if not tickets.admits(self._key(), f"play {analysis} {kind}", ticket, time.time()):
            return None
        return self._found(analysis)

    def discard(self, analysis: uuid.UUID) -> None:
        """See Footage."""
        path = self._path(analysis)
        with _speaking("delete", path):
            path.unlink(missing_ok=True)
            (self._retired / path.name).unlink(missing_ok=True)

    def versions(self, analysis: uuid.UUID) -> int:
        """See Footage. A folder has one version."""
        path = self._path(analysis)
        return int(any(place.is_file() for place in (path, self._retired / path.name)))

    def erase(self, analysis: uuid.UUID) -> int:
        """See Footage."""
        there = self.versions(analysis)
        self.discard(analysis)
        return there

    def replace(self, analysis: uuid.UUID, other: Path) -> int:
        """See Footage."""
        path = self._path(analysis)
        kept, draft = self._retired / path.name, other.with_name(f"{other.name}.{uuid.uuid4()}{_HALF_DONE[0]}")
        there = [place for place in (path, kept) if place.is_file()]
        with _speaking("replace", path):
            self._retired.mkdir(mode=_PRIVATE, exist_ok=True)
            _flush(other)
            try:
                draft.hardlink_to(other)
                draft.rename(kept)
            finally:
                draft.unlink(missing_ok=True)
            _flush(self._retired)
            path.unlink(missing_ok=True)
            _flush(self._directory)
        return len(there)

    def strays(self) -> list[uuid.UUID]:
        """See Footage. Deletes what a killed process left half done a day ago."""
        found = []
        with _speaking("tidy up", self._directory):
            folders = (self._directory, self._retired, self._arrivals.directory)
            for path in (path for folder in folders if folder.is_dir() for path in folder.iterdir()):
                with suppress(FileNotFoundError):
                    age = time.time() - path.stat().st_mtime
                    if path.suffix in _HALF_DONE and age > _HALF_DONE_SECONDS:
                        path.unlink()
                    if path.suffix == _VIDEO and age > _STRAY_SECONDS and (analysis := _analysis_of(path)):
                        found.append(analysis)
        return found

    def close(self) -> None:
        """See Footage."""
        if not self._durable:
            shutil.rmtree(self._directory, ignore_errors=True)

    def _found(self, analysis: uuid.UUID) -> Path:
        path = self._path(analysis)
        for place in (path, self._retired / path.name):
            if place.is_file():
                return place
        raise FootageMissingError(f"There is no video {path}.")

    def _key(self) -> bytes:
        """What tickets are signed with, by every process that shares the folder."""
        with _speaking("use", self._directory):
            return bytes.fromhex(_held(self._directory / _KEY_FILE, lambda: secrets.token_hex(32)))

    @property
    def _retired(self) -> Path:
        return self._directory / _RETIRED

    def _path(self, analysis: uuid.UUID) -> Path:
        return self._directory / f"{analysis}{_VIDEO}"


def _held(file: Path, make: Callable[[], str]) -> str:
    """What a file holds, for every process that shares its folder; made by whoever comes first. Raises OSError."""
    if not file.exists():
        draft = file.with_name(f"{file.name}.{uuid.uuid4()}")
        try:
            draft.write_text(make(), encoding="ascii")
            _flush(draft)
            with suppress(FileExistsError):
                file.hardlink_to(draft)
        finally:
            draft.unlink(missing_ok=True)
        _flush(file.parent)
    return file.read_text(encoding="ascii")


def _name_of(directory: Path) -> str:
    """The folder's name. Raises OSError."""
    file = directory / _NAME_FILE
    try:
        return str(uuid.UUID(_held(file, lambda: str(uuid.uuid4()))))
    except ValueError:
        raise OSError(f"{file} does not hold the folder's name; delete it if nothing else uses this folder") from None


def _analysis_of(path: Path) -> uuid.UUID | None:
    """Whose video a file is; None for a file that is none of ours."""
    try:
        return uuid.UUID(path.stem)
    except ValueError:
        return None


def _flush(path: Path) -> None:
    """Have the disk itself hold what was written to a file, or which files a directory has."""
    place = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(place)
    finally:
        os.close(place)


@contextmanager
def _speaking(what: str, path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise FootageError(f"Tried to {what} {path}: {error.strerror or error}.") from error
