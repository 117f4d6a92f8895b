# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Videos that arrive in parts at the service itself, which keeps them in a folder.

A part is a file, and so is the upload while it goes on: without that file nothing more arrives.
"""

from __future__ import annotations

import os
import re
import shutil
import time
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from fastbreak_service.footage import tickets
from fastbreak_service.footage.ports import FootageMissingError, PartsMissingError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

_PRIVATE = 0o700
_UPLOAD = "folder"
_PART = re.compile(r"[0-9a-f-]{36}\.([0-9]{5})\.part")


class FolderArrivals:
    """See Arrivals. `find` gives a whole video's file, `keep` takes over a new one, `key` signs tickets.

    Files end in `.part`, so that the folder's sweep knows them as what was left half done.
    """

    def __init__(
        self,
        directory: Path,
        find: Callable[[uuid.UUID], Path],
        keep: Callable[[uuid.UUID, Path], None],
        key: Callable[[], bytes],
        speaking: Callable[[str, Path], AbstractContextManager[None]],
    ) -> None:
        self._videos = directory
        self._find = find
        self._keep = keep
        self._key = key
        self._speaking = speaking

    @property
    def directory(self) -> Path:
        """Where parts are."""
        return self._videos / "arriving"

    def begin(self, analysis: uuid.UUID) -> str:
        """See Arrivals."""
        with self._speaking("begin to store", self.directory):
            self.directory.mkdir(mode=_PRIVATE, exist_ok=True)
            self._open(analysis).touch()
        return _UPLOAD

    def links(self, analysis: uuid.UUID, upload: str, sizes: Mapping[int, int], seconds: int) -> list[str]:  # noqa: ARG002
        """See Arrivals."""
        key, expires = self._key(), int(time.time()) + seconds
        return [
            f"/v1/uploads/{analysis}/parts/{number}?"
            + urlencode({"size": size, "ticket": tickets.issue(key, _told(analysis, number, size), expires)})
            for number, size in sizes.items()
        ]

    def part(self, analysis: uuid.UUID, number: int, size: int, ticket: str) -> Path | None:
        """See Footage."""
        if not tickets.admits(self._key(), _told(analysis, number, size), ticket, time.time()):
            return None
        self._check_open(analysis)
        return self.directory / f"{analysis}.{number:05}.part"

    def arrived(self, analysis: uuid.UUID, upload: str) -> dict[int, int]:  # noqa: ARG002
        """See Arrivals."""
        self._check_open(analysis)
        with self._speaking("list the parts in", self.directory):
            return {number: path.stat().st_size for number, path in self._parts(analysis).items()}

    def join(self, analysis: uuid.UUID, upload: str, sizes: Mapping[int, int]) -> None:
        """See Arrivals."""
        found = self.arrived(analysis, upload)
        if missing := [number for number, size in sizes.items() if found.get(number) != size]:
            raise PartsMissingError(missing)
        whole, parts = self._videos / f"{uuid.uuid4()}.part", self._parts(analysis)
        with self._speaking("put together", whole):
            try:
                with whole.open("wb") as target:
                    for number in sorted(sizes):
                        with parts[number].open("rb") as source:
                            shutil.copyfileobj(source, target, 1 << 20)
                    # Here, since it may take long: little is to happen between the look below and the new name.
                    target.flush()
                    os.fsync(target.fileno())
                # Another replica may have come first, and its video have gone on its way.
                self._check_open(analysis)
                self._keep(analysis, whole)
            except FileNotFoundError:
                raise self._ended(analysis) from None
            finally:
                whole.unlink(missing_ok=True)
        self.abort(analysis, upload)

    def abort(self, analysis: uuid.UUID, upload: str) -> None:  # noqa: ARG002
        """See Arrivals."""
        with self._speaking("give up", self.directory):
            self._open(analysis).unlink(missing_ok=True)
            for path in self.directory.glob(f"{analysis}.*.part"):
                path.unlink(missing_ok=True)

    def size(self, analysis: uuid.UUID) -> int | None:
        """See Arrivals."""
        with suppress(FootageMissingError, FileNotFoundError):
            return self._find(analysis).stat().st_size
        return None

    def _parts(self, analysis: uuid.UUID) -> dict[int, Path]:
        found = self.directory.glob(f"{analysis}.*.part")
        return {int(match[1]): path for path in found if (match := _PART.fullmatch(path.name))}

    def _open(self, analysis: uuid.UUID) -> Path:
        return self.directory / f"{analysis}.part"

    def _check_open(self, analysis: uuid.UUID) -> None:
        if not self._open(analysis).is_file():
            raise self._ended(analysis)

    @staticmethod
    def _ended(analysis: uuid.UUID) -> FootageMissingError:
        return FootageMissingError(f"The upload {analysis} has ended.")


def _told(analysis: uuid.UUID, number: int, size: int) -> str:
    return f"part {analysis} {number} {size}"
