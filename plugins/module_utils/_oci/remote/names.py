# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Names that go into a registry's URLs, checked before a URL is made of them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from ..._errors import RequestError
from ..names import Address, digest_problem, repository_problem, tag_problem

if TYPE_CHECKING:
    from hashlib import _Hash


def check_repository(name: str) -> str:
    """*name*, when it is a repository's. Raises `RequestError`."""
    return _checked(name, repository_problem(name))


def is_digest(text: str) -> bool:
    """Whether *text* is a digest of a kind that is supported."""
    return not digest_problem(text)


def check_digest(text: str) -> str:
    """*text*, when it is a sha256 or sha512 digest. Raises `RequestError`."""
    return _checked(text, digest_problem(text))


def check_reference(text: str) -> str:
    """*text*, when it is a tag or a digest. Raises `RequestError`."""
    return check_digest(text) if ":" in text else _checked(text, tag_problem(text))


def check_address(address: Address) -> Address:
    """*address*, when both its parts are what they should be. Raises `RequestError`."""
    return Address(check_repository(address.repository), check_reference(address.reference))


def _checked(name: str, problem: str) -> str:
    if problem:
        raise RequestError(f"{problem}. Correct it.")
    return name


def hash_for(digest: str) -> _Hash:
    """A new hash of the digest's kind."""
    return hashlib.new(check_digest(digest).partition(":")[0])


def digest_of(content: bytes, like: str = "sha256:") -> str:
    """The digest of bytes, of the kind that *like* has."""
    algorithm = like.partition(":")[0]
    return f"{algorithm}:{hashlib.new(algorithm, content).hexdigest()}"
