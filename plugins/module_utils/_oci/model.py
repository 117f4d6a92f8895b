# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a registry holds, as values: descriptors and manifests of the OCI image specification 1.1."""

from __future__ import annotations

from dataclasses import dataclass

from .media_types import INDEX_TYPES

#: The distribution specification asks registries to take manifests of 4 MiB; ECR takes no larger ones.
MANIFEST_LIMIT_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class Descriptor:
    """A pointer to content: its digest, size in bytes and media type. ``platform`` is ``os/architecture[/variant]``."""

    digest: str
    size: int
    media_type: str
    artifact_type: str = ""
    platform: str = ""
    annotations: tuple[tuple[str, str], ...] = ()
    urls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Transferred:
    """What copying a blob took: bytes sent in this run, and where an earlier run's upload was taken up."""

    bytes_sent: int
    resumed_at: int = 0


@dataclass(frozen=True, slots=True)
class RawManifest:
    """A manifest as a registry sent it: the bytes, which are never written again, their digest and media type."""

    content: bytes
    digest: str
    media_type: str

    def __repr__(self) -> str:
        return f"RawManifest({self.digest}, {self.media_type}, {len(self.content)} bytes)"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a manifest says. An index has ``children``, an image ``config`` and ``layers``, an artifact ``layers``."""

    raw: RawManifest
    config: Descriptor | None = None
    layers: tuple[Descriptor, ...] = ()
    children: tuple[Descriptor, ...] = ()
    subject: Descriptor | None = None
    artifact_type: str = ""
    annotations: tuple[tuple[str, str], ...] = ()

    @property
    def digest(self) -> str:
        """The digest of its bytes."""
        return self.raw.digest

    @property
    def is_index(self) -> bool:
        """Whether it lists other manifests."""
        return self.raw.media_type in INDEX_TYPES

    @property
    def blobs(self) -> tuple[Descriptor, ...]:
        """Its config and layers, each digest once."""
        named = (self.config, *self.layers) if self.config else self.layers
        return tuple({blob.digest: blob for blob in named}.values())
