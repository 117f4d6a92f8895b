# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ECR knows of repositories, their images and the scans of these: values only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from .._oci.login import Login


@dataclass(frozen=True, slots=True)
class Authorization:
    """A login, and the URL where the registry is reached with it."""

    login: Login
    endpoint: str


@dataclass(frozen=True, slots=True)
class RepositoryImage:
    """One image of a repository, as the registry lists it."""

    digest: str
    tags: tuple[str, ...]
    pushed_at: datetime


@dataclass(frozen=True, slots=True)
class RepositorySettings:
    """A repository. ``known`` is false where the registry cannot tell (any but ECR); the push then makes it.

    ``mutable_tags`` are ECR's exclusion filters: tags that match a filter (``*`` is a wildcard) may move. ``uri`` is
    what references to its images begin with.
    """

    exists: bool
    known: bool = True
    immutable: bool = False
    mutable_tags: tuple[str, ...] = ()
    uri: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One vulnerability that a scan found. ``fixed_in`` is the package's version without it, where that is known."""

    vulnerability: str
    severity: str
    package: str = ""
    package_version: str = ""
    uri: str = ""
    fixed_in: str = ""


class ScanState(Enum):
    """How far a scan is."""

    COMPLETE = "complete"
    RUNNING = "running"
    ABSENT = "absent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Scan:
    """What ECR says of one image manifest. ``kind`` is ``basic`` or ``enhanced``; ``problem`` tells why it failed."""

    state: ScanState
    kind: str = ""
    findings: tuple[Finding, ...] = ()
    completed_at: datetime | None = None
    problem: str = ""
