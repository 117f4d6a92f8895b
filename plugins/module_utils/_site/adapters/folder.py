# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder that a build wrote, read and judged by its files."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from ..._errors import RequestError
from ..media_types import media_type
from ..names import in_sentences, list_problems, shown
from ..values import Manifest, SiteFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ADVICE = "Nothing was changed. Correct the build, or name another folder (source)."


class SourceFolder:
    """A folder on the machine that runs the module; no file of it may be larger than *largest* bytes.

    *made* are contents by path that are published instead of what the folder may hold there.
    """

    def __init__(
        self, path: str, *, types: Mapping[str, str], largest: int, made: Mapping[str, bytes] | None = None
    ) -> None:
        self._top = Path(path)
        self._made = made or {}
        self._types = types
        self._largest = largest

    def scan(self) -> Manifest:
        """Its files. Raises RequestError that names whatever must not be published."""
        try:
            if not self._top.is_dir():
                raise RequestError(f"Tried to publish {self._top}, but there is no such folder. {_ADVICE}")
            paths, problems = self._walk()
            problems += list_problems(paths, self._types)
            problems += self._large(paths)
            paths = sorted({*paths, *self._made})
            if problems:
                raise RequestError(
                    f"The folder {self._top} cannot be published: {in_sentences(problems)} {_ADVICE}", problems=problems
                )
            return Manifest(tuple(sorted(self._describe(path) for path in paths)))
        except OSError as error:
            raise RequestError(
                f"Tried to read {self._top}, but {shown(str(error.filename))}: {error.strerror}. {_ADVICE}"
            ) from error

    def read(self, file: SiteFile) -> bytes:
        """The content of *file*. Raises RequestError when it is another by now."""
        try:
            body = self._read(file.path)
        except OSError as error:
            raise self._changed(file.path) from error
        if hashlib.sha256(body).hexdigest() != file.sha256:
            raise self._changed(file.path)
        return body

    def _walk(self) -> tuple[list[str], list[str]]:
        """The paths of its files, and what is wrong with what it holds besides."""
        paths: list[str] = []
        problems: list[str] = []
        for root, folders, names in os.walk(self._top, onerror=_raise):
            links = [name for name in folders if Path(root, name).is_symlink()]
            problems += [f"{self._shown(root, name)} is a link to a folder; put its files there" for name in links]
            for name in names:
                problem = self._kind_problem(Path(root, name))
                if problem:
                    problems.append(f"{self._shown(root, name)} {problem}")
                else:
                    paths.append(Path(root, name).relative_to(self._top).as_posix())
        return paths, sorted(problems)

    def _kind_problem(self, path: Path) -> str:
        if path.is_symlink() and not path.resolve().is_relative_to(self._top.resolve()):
            return "is a link that leads out of the folder"
        if path.is_file():
            return ""
        return "is a link to nothing" if path.is_symlink() else "is neither a file nor a folder"

    def _shown(self, root: str, name: str) -> str:
        return shown(Path(root, name).relative_to(self._top).as_posix())

    def _large(self, paths: list[str]) -> Iterator[str]:
        for path in sorted(paths):
            size = (self._top / path).stat().st_size
            if size > self._largest:
                yield (
                    f"{shown(path)} has {size} bytes; largest_file_bytes allows {self._largest}, and "
                    "CloudFront compresses nothing above 10,000,000"
                )

    def _describe(self, path: str) -> SiteFile:
        body = self._read(path)
        return SiteFile(
            path=path,
            sha256=hashlib.sha256(body).hexdigest(),
            md5=hashlib.md5(body, usedforsecurity=False).hexdigest(),
            size=len(body),
            media_type=media_type(path, self._types),
        )

    def _read(self, path: str) -> bytes:
        """The file's bytes. Raises RequestError when it was written meanwhile."""
        if path in self._made:
            return self._made[path]
        with (self._top / path).open("rb") as opened:
            before = os.fstat(opened.fileno())
            body = opened.read()
            after = os.fstat(opened.fileno())
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or after.st_size != len(body):
            raise self._changed(path)
        return body

    def _changed(self, path: str) -> RequestError:
        return RequestError(
            f"Tried to read {shown(path)} in {self._top}, but it changed meanwhile. End the build, then run again."
        )


def _raise(error: OSError) -> None:
    raise error
