# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of the registry client share: an image, two registries and the client between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import UnavailableError
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.model import RawManifest

from tests.registries.images import Made, blob_of, make_blob, make_image
from tests.registries.sides import Sides, descriptor, transfer_between
from tests.registries.store import digest_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.registries.faulty import FaultyRegistry

MIB = 1 << 20
UPLOADS = r"/blobs/uploads/"
BLOBS = r"/blobs/sha256:"
MANIFESTS = "/manifests/"
IMAGE = make_image([10, 2000])
NOWHERE = "sha256:" + "0" * 64


def raw(made: Made) -> RawManifest:
    return RawManifest(made.content, made.digest, made.media_type)


def nothing(_count: int) -> None:
    """Progress that nobody looks at."""


class World:
    """Two registries, the client between them, and what it reported."""

    def __init__(self, source: FaultyRegistry, destination: FaultyRegistry, sides: Sides, folder: Path) -> None:
        self.source, self.destination, self.sides, self.folder = source, destination, sides, folder
        self.warnings: list[str] = []
        self.reported = 0
        self._sides: tuple[Any, Any] | None = None

    def hold(self, size: int, content: bytes | None = None) -> Any:
        """A blob in the source."""
        blob = make_blob(size) if content is None else blob_of(content)
        self.source.push_blob("a/b", b"".join(blob.pieces()))
        return blob

    def copy(self, blob: Any, **options: Any) -> Any:
        """Copy it to the destination, as a new run does."""
        return self.transfer(**options).copy_blob("a/b", descriptor(blob), "c/d", self._report)

    def transfer(self, **options: Any) -> Any:
        """What copies, with connections of its own."""
        source = self.sides.connect(self.source, writes=False, **options.pop("source", {}))
        destination = self.sides.connect(self.destination, **options.pop("destination", {}))
        return transfer_between(source, destination, self.folder, warn=self.warnings.append, **options)

    def _report(self, count: int) -> None:
        assert count > 0
        self.reported += count

    def has(self, blob: Any) -> bool:
        """Whether the destination holds the very bytes."""
        held = self.destination.store.blobs.get(("c/d", blob.digest))
        return held is not None and digest_of(held) == blob.digest

    @property
    def state_files(self) -> list[str]:
        return sorted(path.name for path in self.folder.glob("*")) if self.folder.exists() else []


def interrupted(world: World) -> Any:
    """A blob of 3 MiB of which one is acknowledged, and its state file."""
    blob = world.hold(3 * MIB)
    world.destination.fault("PATCH", UPLOADS, skip=1, status=500, times=None)
    world.destination.fault("GET", UPLOADS, status=500, times=None)
    with pytest.raises(UnavailableError):
        world.copy(blob)
    world.destination.clear()
    return blob
