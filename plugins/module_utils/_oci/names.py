# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be the name of a repository, a tag, a digest, a platform. Whatever becomes part of a URL is held to it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .._errors import RequestError

if TYPE_CHECKING:
    from hashlib import _Hash

_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_SHA256 = r"sha256:[0-9a-f]{64}"
_SHA256_DIGEST = re.compile(_SHA256)
_DIGEST = re.compile(rf"{_SHA256}|sha512:[0-9a-f]{{128}}")
_PLATFORM = re.compile(r"[a-z0-9]+/[a-z0-9_]+(?:/[a-z0-9_.]+)?")
_PLATFORM_PART = re.compile(r"[A-Za-z0-9._+-]{1,64}")
_REPOSITORY_LENGTH = 255
_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Address:
    """Where content lies: a repository, and a tag or digest. ``str()`` is ``repo:tag`` or ``repo@sha256:...``."""

    repository: str
    reference: str

    def __str__(self) -> str:
        return f"{self.repository}{'@' if ':' in self.reference else ':'}{self.reference}"


def is_repository(text: str) -> bool:
    """Whether *text* may be the name of a repository."""
    return len(text) <= _REPOSITORY_LENGTH and _REPOSITORY.fullmatch(text) is not None


def is_tag(text: str) -> bool:
    """Whether *text* may be a tag."""
    return _TAG.fullmatch(text) is not None


def is_digest(text: str) -> bool:
    """Whether *text* is a sha256 or sha512 digest."""
    return _DIGEST.fullmatch(text) is not None


def is_sha256(text: str) -> bool:
    """Whether *text* is a sha256 digest, the only kind that ECS runs."""
    return _SHA256_DIGEST.fullmatch(text) is not None


def is_platform_part(text: str) -> bool:
    """Whether *text* may be the operating system, architecture or variant that a manifest names."""
    return _PLATFORM_PART.fullmatch(text) is not None


def without_registry(host: str, repository: str) -> str:
    """The name of a repository that is written with its registry's *host* before it; empty when it is not."""
    bare = repository.partition("://")[2] or repository
    first, _slash, rest = bare.partition("/")
    return rest if is_repository(rest) and without_port(first) == without_port(host) else ""


def without_port(host: str) -> str:
    """*host* in lower case, without the port of https."""
    return host.lower().removesuffix(":443")


def repository_problem(name: str) -> str:
    """Why *name* is no repository's, or an empty string."""
    if is_repository(name):
        return ""
    return (
        f"{shown(name)} is no repository: lower-case letters and digits, parted by '.', '_', '-' and '/', at most "
        f"{_REPOSITORY_LENGTH} of them"
    )


def tag_problem(tag: str) -> str:
    """Why *tag* is none, or an empty string."""
    return "" if is_tag(tag) else f"{shown(tag)} is no tag: at most 128 letters, digits, '_', '.' and '-'"


def digest_problem(digest: str) -> str:
    """Why *digest* is none, or an empty string."""
    if is_digest(digest):
        return ""
    return f"{shown(digest)} is no digest: 'sha256:' and 64, or 'sha512:' and 128, lower-case hex digits"


def platform_problem(platform: str) -> str:
    """Why *platform* is none, or an empty string."""
    return "" if _PLATFORM.fullmatch(platform) else f"{shown(platform)} is no platform: 'os/architecture[/variant]'"


def check_repository(name: str) -> str:
    """*name*, when it is a repository's. Raises `RequestError`."""
    return _checked(name, repository_problem(name))


def check_digest(text: str) -> str:
    """*text*, when it is a sha256 or sha512 digest. Raises `RequestError`."""
    return _checked(text, digest_problem(text))


def check_address(address: Address) -> Address:
    """*address*, when both its parts are what they should be. Raises `RequestError`."""
    check_repository(address.repository)
    problem = digest_problem(address.reference) if ":" in address.reference else tag_problem(address.reference)
    _checked(address.reference, problem)
    return address


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


def shown(text: str) -> str:
    """*text* as a message may show it: quoted, printable, short."""
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "...")
