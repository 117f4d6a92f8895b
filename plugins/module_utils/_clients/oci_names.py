# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Names that go into a registry's URLs, checked before a URL is made of them."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from .._errors import RequestError

if TYPE_CHECKING:
    from hashlib import _Hash

_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_DIGESTS = {"sha256": re.compile(r"[0-9a-f]{64}"), "sha512": re.compile(r"[0-9a-f]{128}")}
_NAME_LIMIT = 255


def check_repository(name: str) -> str:
    """*name*, when it is a repository's. Raises `RequestError`."""
    if len(name) > _NAME_LIMIT or not _REPOSITORY.fullmatch(name):
        raise RequestError(
            f"{name[:300]!r} is no name of a repository: lower-case letters, digits and single separators (. _ - /), "
            f"at most {_NAME_LIMIT} characters. Correct it."
        )
    return name


def is_digest(text: str) -> bool:
    """Whether *text* is a digest of a kind that is supported."""
    algorithm, _colon, encoded = text.partition(":")
    return algorithm in _DIGESTS and bool(_DIGESTS[algorithm].fullmatch(encoded))


def check_digest(text: str) -> str:
    """*text*, when it is a sha256 or sha512 digest. Raises `RequestError`."""
    if not is_digest(text):
        raise RequestError(
            f"{text[:300]!r} is no digest that can be checked: sha256 with 64 or sha512 with 128 lower-case hex digits."
        )
    return text


def check_reference(text: str) -> str:
    """*text*, when it is a tag or a digest. Raises `RequestError`."""
    if ":" in text:
        return check_digest(text)
    if not _TAG.fullmatch(text):
        raise RequestError(f"{text[:300]!r} is no tag: at most 128 letters, digits, '_', '.' and '-'. Correct it.")
    return text


def hash_for(digest: str) -> _Hash:
    """A new hash of the digest's kind."""
    return hashlib.new(check_digest(digest).partition(":")[0])


def digest_of(content: bytes, like: str = "sha256:") -> str:
    """The digest of bytes, of the kind that *like* has."""
    algorithm = like.partition(":")[0]
    return f"{algorithm}:{hashlib.new(algorithm, content).hexdigest()}"
