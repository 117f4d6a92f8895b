# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ports that a release and a promotion share: the release table and the registry's own list of images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from .._ecr.values import RepositoryImage, RepositorySettings
    from .approval import Answer, Question
    from .promotion import Promotion
    from .record import KeptSnapshot, Lock, Release


class Locks(Protocol):
    """The locks of a release table."""

    def read_lock(self, service: str) -> Lock | None:
        """The lock as it stands, be its holder alive or dead."""

    def write_lock(self, service: str, lock: Lock, *, seen: Lock | None) -> bool:
        """Write the lock over that which was *seen*, or where there was none; False when that no longer stands."""

    def renew_lock(self, service: str, lock: Lock, *, seen: Lock) -> Lock | None:
        """Write the lock over that which was *seen*; what stands then. Each call ends in seconds."""

    def drop_lock(self, service: str, owner: str) -> None:
        """Give the lock up, when it is still ours."""


class Releases(Locks, Protocol):
    """The release table."""

    def table_problem(self) -> str:
        """Why the table cannot be used, or an empty string."""

    def history(self, service: str) -> tuple[Release, ...]:
        """The service's releases, the newest first."""

    def start(self, release: Release) -> Release:
        """Write a new record behind the newest; the record with the id that it got."""

    def note_deployment(self, release: Release) -> None:
        """Write the deployment's id into a record that is in progress."""

    def keep_measurements(self, release: Release) -> None:
        """Write what was measured so far into a record that is in progress. Each call ends in seconds."""

    def finish(self, release: Release) -> None:
        """Complete a record that is in progress."""

    def kept_snapshot(self, service: str) -> KeptSnapshot | None:
        """What there was before a change that makes no release and that nobody ended."""

    def keep_snapshot(self, service: str, snapshot: KeptSnapshot) -> None:
        """Keep it, unless one is kept: that is of before, too."""

    def drop_snapshot(self, service: str) -> None:
        """Keep none any more."""

    def definition_key(self, service: str, *, make: bool) -> bytes:
        """The secret key of the fingerprints of the service's definitions; empty when there is none to be made."""


class Approvals(Protocol):
    """What the release table holds of approvals."""

    def ask(self, question: Question) -> None:
        """Write the question, unless it is there."""

    def questions(self, service: str, release: str) -> tuple[Question, ...]:
        """What was asked about the release with this id."""

    def answer(self, answer: Answer) -> None:
        """Write the answer behind those that are there."""

    def answers(self, service: str, release: str) -> tuple[Answer, ...]:
        """What was answered about the release with this id, the oldest first."""


class PromotionRecord(Protocol):
    """The promotions that the release table holds."""

    def promotions(self, service: str) -> tuple[Promotion, ...]:
        """The service's promotions, the newest first."""

    def find_promotion(self, service: str, digest: str) -> Promotion | None:
        """The newest promotion of a digest."""


class Images(Protocol):
    """The image registry."""

    def describe_images(self, repository: str) -> tuple[RepositoryImage, ...] | None:
        """The images of a repository, or None when there is no such repository."""

    def describe_repository(self, repository: str) -> RepositorySettings:
        """The repository's settings, which say whether there is such a repository."""
