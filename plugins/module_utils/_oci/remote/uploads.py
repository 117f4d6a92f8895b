# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Uploads of one repository: begun, continued, asked about, committed and cancelled."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from ..._errors import OperationError
from ..media_types import OCTETS
from ..names import check_repository
from .answers import read_refusal
from .wire import Request, Response

if TYPE_CHECKING:
    from .http import Call, RegistryHttp

_RANGE = re.compile(r"(?:bytes=)?0-(\d{1,18})")


@dataclass(frozen=True, slots=True)
class Session:
    """An upload that the registry knows. ``offset`` bytes were sent and taken.

    ``doubtful``: the registry acknowledged other bytes than were sent, so that either is wrong.
    """

    url: str
    offset: int = 0
    minimum_chunk_bytes: int = 0
    doubtful: bool = False


class Uploads:
    """The uploads API of one repository.

    A ``Location`` on another origin is followed, without credentials (see `RegistryHttp.resolve`): registries exist
    that take blobs elsewhere. A ``Location`` that leads from https to http is refused.
    """

    def __init__(self, http: RegistryHttp, repository: str) -> None:
        self._http, self._repository = http, check_repository(repository)

    def begin(self) -> Call:
        """Ask for a new upload, without waiting for the answer."""
        url = self._http.url(f"/v2/{self._repository}/blobs/uploads/")
        return self._http.begin(Request("POST", url), self._repository)

    def begun(self, response: Response) -> Session:
        """The upload that a 202 answers."""
        minimum = response.header("OCI-Chunk-Min-Length")
        response.finish()
        chunk = int(minimum) if minimum.isascii() and minimum.isdigit() and len(minimum) < 16 else 0
        return Session(self._location(response), 0, chunk)

    def send(self, session: Session, length: int) -> Call:
        """Begin to send the next *length* bytes (PATCH)."""
        headers = {
            "Content-Type": OCTETS,
            "Content-Range": f"{session.offset}-{session.offset + length - 1}",
        }
        return self._http.begin(Request("PATCH", session.url, headers, length=length), self._repository)

    def sent(self, session: Session, response: Response, length: int) -> Session:
        """The upload after a PATCH of *length* bytes was answered 202.

        What was sent counts: registries exist whose ``Range`` stays at the first chunk. The digest at the commit tells.
        """
        response.finish()
        offset = session.offset + length
        doubtful = session.doubtful or _acknowledged(response) not in {None, offset}
        url = self._location(response) if response.header("Location") else session.url
        return replace(session, url=url, offset=offset, doubtful=doubtful)

    def finish(self, session: Session, digest: str, length: int) -> Call:
        """Begin to send the last *length* bytes and commit (PUT)."""
        headers = {"Content-Type": OCTETS}
        return self._http.begin(
            Request("PUT", _with_digest(session.url, digest), headers, length=length), self._repository
        )

    def commit(self, attempted: str, session: Session, digest: str, last: bytes = b"") -> Response:
        """Send the *last* bytes, if any, and commit what was sent, trying again as needed."""
        request = Request("PUT", _with_digest(session.url, digest), {"Content-Type": OCTETS}, last)
        return self._http.ask(attempted, request, self._repository)

    def find(self, attempted: str, session: Session) -> Session | None:
        """The upload as the registry says it is now; None when it has forgotten it or does not tell."""
        response = self._http.answer(attempted, Request("GET", session.url), self._repository)
        if response.status not in {200, 202, 204}:
            read_refusal(response)
            return None
        response.finish()
        offset = _acknowledged(response)
        if offset is None:
            return None
        location = response.header("Location")
        url = self._location(response) if location else session.url
        return replace(session, url=url, offset=offset)

    def cancel(self, attempted: str, session: Session) -> None:
        """Let the registry drop an upload. It does no harm when that is gone already."""
        read_refusal(self._http.ask(attempted, Request("DELETE", session.url), self._repository))

    def _location(self, response: Response) -> str:
        url = self._http.resolve(response.header("Location"), response.url)
        if not url or not response.header("Location"):
            raise self._nonsense("it names no address that may be used for the upload")
        return url

    def _nonsense(self, seen: str) -> OperationError:
        return OperationError(
            f"Tried to upload a blob to {self._http.host}/{self._repository}, but {seen}. Check the registry."
        )


def _with_digest(url: str, digest: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode({'digest': digest})}"


def _acknowledged(response: Response) -> int | None:
    """Bytes that ``Range: 0-<last>`` acknowledges; registries say ``0-0`` of an upload that has none."""
    said = _RANGE.fullmatch(response.header("Range").strip())
    if not said:
        return None
    last = int(said[1])
    return last + 1 if last else 0
