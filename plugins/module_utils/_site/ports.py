# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a site's release needs of the world."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from .._common.clock import TickingClock
    from .._common.progress import Progress
    from .._release.ports import Locks
    from .values import Listing, Manifest, SiteFile, SiteRelease


class Folder(Protocol):
    """The folder that a build wrote."""

    def scan(self) -> Manifest:
        """Its files. Raises RequestError for whatever must not be published."""

    def read(self, file: SiteFile) -> bytes:
        """The content of *file*. Raises RequestError when it is another by now."""


class Bucket(Protocol):
    """The site's bucket."""

    def list_objects(self) -> Listing:
        """What it holds."""

    def put_file(self, key: str, file: SiteFile, body: bytes) -> None:
        """Write *body* under *key*, with the headers of *file*."""

    def put_text(self, key: str, text: str) -> None:
        """Write a text that is for us alone."""

    def copy_file(self, source: str, file: SiteFile) -> None:
        """Write what lies under *source* at the place of *file*, with its headers."""

    def read_text(self, key: str) -> str:
        """What `put_text` wrote."""

    def delete_objects(self, keys: tuple[str, ...]) -> None:
        """Delete them, in their order."""


class Distribution(Protocol):
    """The distribution in front of it."""

    def invalidate(self, addresses: tuple[str, ...], reference: str) -> str:
        """Have caches forget *addresses*; the invalidation's id. The same *reference* is carried out once."""

    def is_done(self, invalidation: str) -> bool:
        """Whether all caches have."""


class Visitor(Protocol):
    """Whoever asks the distribution as users do."""

    def problem(self, file: SiteFile) -> str:
        """What is wrong with *file* as it is served; empty when nothing is."""


class SiteReleases(Protocol):
    """The release table's rows of a site."""

    def history(self, site: str) -> tuple[SiteRelease, ...]:
        """The site's releases, the newest first."""

    def start(self, release: SiteRelease) -> SiteRelease:
        """Write a new record behind the newest; the record with the id that it got."""

    def finish(self, release: SiteRelease) -> None:
        """Complete a record that is in progress."""

    def caller(self) -> str:
        """Who asks, as an ARN."""


@dataclass(frozen=True)
class Ports:
    """All of them; ``folder`` is None where nothing is published from one."""

    folder: Folder | None
    bucket: Bucket
    distribution: Distribution
    visitor: Visitor
    releases: SiteReleases
    locks: Locks
    clock: TickingClock
    progress: Progress
