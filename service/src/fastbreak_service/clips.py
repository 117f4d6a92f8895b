# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The known clips of a golden file: a path or an address, as a file of this machine."""

from __future__ import annotations

import urllib.error
import urllib.request
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

#: The form of a golden line; another one gets another number.
FORM = 1
_DOWNLOAD_SECONDS = 60
_MOST_BYTES = 512 << 20
_CHUNK_BYTES = 1 << 20


class ClipError(Exception):
    """A clip could not be analysed; the message says which, and why."""


@contextmanager
def local(clip: str) -> Iterator[Path]:
    """The *clip* as a file of this machine. Of an address, no more than a clip may have is read."""
    parts = urlsplit(clip)
    if parts.scheme not in ("http", "https"):
        path = Path(clip)
        if not path.is_file():
            raise ClipError(f"There is no file {path}.")
        yield path
        return
    name = Path(parts.path).name or "clip"
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        try:
            request = urllib.request.Request(clip)  # noqa: S310 - http and https alone come here
            with urllib.request.urlopen(request, timeout=_DOWNLOAD_SECONDS) as answer, path.open("wb") as kept:  # noqa: S310 - as above
                left = _MOST_BYTES + 1
                while left > 0 and (chunk := answer.read(min(left, _CHUNK_BYTES))):
                    kept.write(chunk)
                    left -= len(chunk)
        except (urllib.error.URLError, HTTPException, OSError) as error:
            # Not the whole address: its query may be a signature.
            raise ClipError(f"{parts.hostname}{parts.path} could not be read: {error}.") from error
        if left <= 0:
            raise ClipError(f"{parts.hostname}{parts.path} has more than {_MOST_BYTES} bytes.")
        yield path
