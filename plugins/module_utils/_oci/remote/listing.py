# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists that come in pages: tags and referrers."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from ..._errors import OperationError
from ..media_types import OCI_INDEX
from ..model import Descriptor
from ..names import Address, is_digest
from .answers import read_refusal, refused
from .wire import BrokenConnectionError, Request, Response, TooLongError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .http import RegistryHttp

_PAGE_BYTES = 8 << 20
_LIST_BYTES = 64 << 20
_PAGES = 1000
_LINK_LENGTH = 8192
_NEXT = re.compile(r'<([^<>]*)>\s*(?:;[^,<]*)?;\s*rel\s*=\s*"?next"?', re.IGNORECASE)
_TARGET = re.compile(r"<[^<>]*>")
#: How registries without a referrers API answer.
_NO_API = frozenset({400, 404, 405, 406, 501})


def list_tags(http: RegistryHttp, repository: str) -> tuple[str, ...] | None:
    """All tags; None when there is no such repository."""
    attempted = f"list the tags of {http.host}/{repository}"
    found: list[str] = []
    reader = _Reader(http.host, attempted)
    for response in _pages(http, attempted, repository, f"/v2/{repository}/tags/list?n=1000"):
        if response.status == 404:
            response.finish()
            return None
        if response.status != 200:
            raise refused(attempted, http.host, read_refusal(response))
        tags = reader.document(response).get("tags") or []
        if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
            raise _garbled(attempted, http.host, "its tags are no list of names")
        found += tags
    return tuple(dict.fromkeys(found))


def list_referrers(http: RegistryHttp, subject: Address) -> tuple[Descriptor, ...] | None:
    """All referrers; None when the registry has no referrers API."""
    attempted = f"list the referrers of {http.host}/{subject}"
    found: dict[str, Descriptor] = {}
    reader = _Reader(http.host, attempted)
    path = f"/v2/{subject.repository}/referrers/{subject.reference}"
    for response in _pages(http, attempted, subject.repository, path):
        media_type = response.header("Content-Type").partition(";")[0].strip().lower()
        if response.status in _NO_API or (response.status == 200 and media_type != OCI_INDEX):
            response.finish()
            return None
        if response.status != 200:
            raise refused(attempted, http.host, read_refusal(response))
        entries = reader.document(response).get("manifests") or []
        if not isinstance(entries, list):
            raise _garbled(attempted, http.host, "its manifests are no list")
        referrers = [_descriptor(attempted, http.host, entry) for entry in entries]
        found |= {referrer.digest: referrer for referrer in referrers}
    return tuple(found.values())


def _pages(http: RegistryHttp, attempted: str, repository: str, path: str) -> Iterator[Response]:
    """Every page. A link to the next is followed on this registry alone, never twice, and not for ever."""
    url = http.url(path)
    seen: set[str] = set()
    while url:
        if url in seen or len(seen) >= _PAGES or not http.owns(url):
            raise _garbled(attempted, http.host, "its pages lead in a circle, to another host or have no end")
        seen.add(url)
        response = http.ask(attempted, Request("GET", url, {"Accept": f"{OCI_INDEX}, application/json"}), repository)
        following = _next_page(response) if response.status == 200 else ""
        if following is None:
            raise _garbled(attempted, http.host, "it names a next page in a way that cannot be read")
        yield response
        url = (http.resolve(following, url) or following) if following else ""


def _next_page(response: Response) -> str | None:
    """Where the list goes on; empty at its end, and None where it goes on in a place that cannot be read."""
    link = ", ".join(response.values("Link"))
    following = _NEXT.search(link) if len(link) <= _LINK_LENGTH else None
    if following:
        return following[1] or None
    # The name of a repository may have that word in it.
    return None if "next" in _TARGET.sub("", link).lower() else ""


class _Reader:
    """Reads the pages of a list, which has an end as a whole, too."""

    def __init__(self, host: str, attempted: str) -> None:
        self._host, self._attempted = host, attempted
        self._left = _LIST_BYTES

    def document(self, response: Response) -> dict[str, Any]:
        """What a page says."""
        try:
            body = response.read(min(_PAGE_BYTES, self._left))
            self._left -= len(body)
            document = json.loads(body)
        except (BrokenConnectionError, TooLongError, ValueError, RecursionError) as error:
            raise _garbled(self._attempted, self._host, str(error)[:200]) from error
        if not isinstance(document, dict):
            raise _garbled(self._attempted, self._host, "it is no JSON object")
        return document


def _descriptor(attempted: str, host: str, entry: Any) -> Descriptor:
    entry = entry if isinstance(entry, dict) else {}
    digest, size, media_type = entry.get("digest"), entry.get("size"), entry.get("mediaType")
    annotations = entry.get("annotations") or {}
    kind = entry.get("artifactType") or ""
    if not (isinstance(digest, str) and is_digest(digest) and isinstance(media_type, str) and isinstance(kind, str)):
        raise _garbled(attempted, host, "an entry has no digest or media type that can be read")
    if not isinstance(size, int) or isinstance(size, bool) or size < 0 or not isinstance(annotations, dict):
        raise _garbled(attempted, host, "an entry has no size or annotations that can be read")
    pairs = tuple((str(name), str(value)) for name, value in annotations.items())
    return Descriptor(digest, size, media_type, kind, annotations=pairs)


def _garbled(attempted: str, host: str, seen: str) -> OperationError:
    return OperationError(f"Tried to {attempted}, but {host}'s answer cannot be used: {seen}. Check the registry.")
