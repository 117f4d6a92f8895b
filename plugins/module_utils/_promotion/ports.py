# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ports of a promotion: what it asks of the world. The adapters answer with AWS, the tests with fakes.

Every method raises `UnavailableError` when the other side could not be asked (after its own retries),
`CredentialsError` when it refused who we are, `OperationError` when it refused what we asked. What takes long raises
`StoppedError` once the work is given up. All are safe to call from many threads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from .._errors import FastbreakError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._common.clock import Clock
    from .._common.progress import Progress
    from .._common.time_span import TimeSpan
    from .._ecr.values import RepositorySettings, Scan
    from .._oci.model import Descriptor, RawManifest, Transferred
    from .._oci.names import Address
    from .._release.promotion import Promotion
    from .predicate_options import Predicate


class StoppedError(FastbreakError):
    """This part of the work was given up because another part failed, or because the run was interrupted."""


class Registry(Protocol):
    """One side: a registry that speaks the OCI distribution API."""

    #: What an image reference starts with.
    host: str

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine."""

    def hang_up(self) -> None:
        """End at once what is asked now, in whatever thread; what is asked later fails."""

    def now(self) -> TimeSpan | None:
        """The time of day that the registry told with its answers; None when it told none."""

    def read_manifest(self, address: Address) -> RawManifest | None:
        """The manifest of a tag or digest, its digest computed from the bytes; None when there is none.

        Reads at most `MANIFEST_LIMIT_BYTES` and refuses more. Refuses bytes that are not those of the digest asked for.
        """

    def find_manifest(self, address: Address) -> str | None:
        """The digest of the manifest that a tag or digest names, without reading it; None when there is none."""

    def has_blob(self, blob: Address, *, size: int) -> bool:
        """Whether the repository holds the blob, with as many bytes."""

    def read_blob(self, blob: Address, *, limit_bytes: int) -> bytes | None:
        """A small blob, its digest checked; None when there is none. Refuses a blob over the limit."""

    def list_tags(self, repository: str) -> tuple[str, ...] | None:
        """All tags of a repository; None when there is no such repository."""

    def list_referrers(self, subject: Address) -> tuple[Descriptor, ...] | None:
        """The referrers of a manifest, all pages; None when the registry has no referrers API."""

    def mount_blob(self, blob: Address, *, from_repository: str) -> bool:
        """Mount a blob of another repository of this registry. False when it must be uploaded instead."""

    def write_blob(self, blob: Address, content: bytes) -> None:
        """Upload a small blob that was made here: an attestation's statement."""

    def write_manifest(self, address: Address, manifest: RawManifest) -> str:
        """Put the manifest's bytes under a tag or digest. Returns the `OCI-Subject` header, empty without one.

        Raises `OperationError` with ``details["refusal"]``: ``immutable`` for a tag that must not move, ``unsupported``
        for a kind of manifest the registry does not take (405, 415), ``missing`` for content it does not have.
        """


class BlobTransfer(Protocol):
    """Copies blobs from the source to the destination, in constant memory."""

    def copy_blob(
        self,
        source_repository: str,
        descriptor: Descriptor,
        destination_repository: str,
        on_bytes: Callable[[int], None],
    ) -> Transferred:
        """Stream one blob, checking size and digest on the way; an upload that was interrupted is taken up again.

        *on_bytes* is told of bytes as the destination takes them. Raises `OperationError` when the source's bytes are
        not those of the descriptor: nothing is committed then.
        """


class Repositories(Protocol):
    """What is known of repositories besides their content."""

    def describe_repository(self, repository: str) -> RepositorySettings:
        """Its settings; of a registry that cannot tell, that they are not known."""


class Scans(Protocol):
    """Vulnerability scans."""

    def read_scan(self, image: Address) -> Scan:
        """The scan of one image manifest (never an index), all pages of findings."""


class Promotions(Protocol):
    """The promotion lines of the release table."""

    def caller(self) -> str:
        """Who we are at the destination, for the record."""

    def promotions(self, service: str) -> tuple[Promotion, ...]:
        """The service's promotions, the newest first, all pages."""

    def find_promotion(self, service: str, digest: str) -> Promotion | None:
        """The newest promotion of a digest."""

    def find_promotions(self, service: str, digest: str) -> tuple[Promotion, ...]:
        """All promotions of a digest, the newest first."""

    def write_promotion(self, promotion: Promotion) -> None:
        """Append a line; a written line is never changed."""


class Predicates(Protocol):
    """Whoever knows what is to be stated about an image."""

    def make(self, predicate: Predicate, config_digest: str) -> dict[str, Any]:
        """What a statement of that type says. Raises `OperationError`."""


@dataclass(frozen=True, slots=True)
class Ports:
    """All of them. ``source`` and ``destination`` are the two registries."""

    source: Registry
    destination: Registry
    transfer: BlobTransfer
    destination_repositories: Repositories
    scans: Scans
    promotions: Promotions
    predicates: Predicates
    clock: Clock
    progress: Progress
