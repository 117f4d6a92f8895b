# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What may be the name of a repository, a tag, a digest, a platform. Whatever becomes part of a path is held to it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")
_PLATFORM = re.compile(r"[a-z0-9]+/[a-z0-9_]+(?:/[a-z0-9_.]+)?")
_REPOSITORY_LENGTH = 255
_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Address:
    """Where content lies: a repository, and a tag or digest. ``str()`` is ``repo:tag`` or ``repo@sha256:...``."""

    repository: str
    reference: str

    def __str__(self) -> str:
        return f"{self.repository}{'@' if ':' in self.reference else ':'}{self.reference}"


def repository_problem(name: str) -> str:
    """Why *name* is no repository's, or an empty string."""
    if len(name) <= _REPOSITORY_LENGTH and _REPOSITORY.fullmatch(name):
        return ""
    return (
        f"{shown(name)} is no repository: lower-case letters and digits, parted by '.', '_', '-' and '/', at most "
        f"{_REPOSITORY_LENGTH} of them"
    )


def tag_problem(tag: str) -> str:
    """Why *tag* is none, or an empty string."""
    return "" if _TAG.fullmatch(tag) else f"{shown(tag)} is no tag: at most 128 letters, digits, '_', '.' and '-'"


def digest_problem(digest: str) -> str:
    """Why *digest* is none, or an empty string."""
    if _DIGEST.fullmatch(digest):
        return ""
    return f"{shown(digest)} is no digest: 'sha256:' and 64, or 'sha512:' and 128, lower-case hex digits"


def platform_problem(platform: str) -> str:
    """Why *platform* is none, or an empty string."""
    return "" if _PLATFORM.fullmatch(platform) else f"{shown(platform)} is no platform: 'os/architecture[/variant]'"


def shown(text: str) -> str:
    """*text* as a message may show it: quoted, printable, short."""
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "...")
