# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A promotion between two registries that speak HTTP, with our own client."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.request import PromotionRequest
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.run import promote
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.values import ImageRequest

from tests.registries.images import Made, make_image, make_index, make_referrer, push
from tests.registries.sides import Sides, transfer_between
from tests.unit.plugins.module_utils._promotion.fakes import World

if TYPE_CHECKING:
    from pathlib import Path
    from threading import Barrier

    from ansible_collections.fastbreak.aws.plugins.module_utils._common.clock import Clock
    from ansible_collections.fastbreak.aws.plugins.module_utils._oci.model import RawManifest
    from ansible_collections.fastbreak.aws.plugins.module_utils._oci.names import Address
    from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.report import PromotionResult

SOURCE, DESTINATION, TAG = "dev/app", "prod/app", "1.4.2"
SPDX = "application/spdx+json"
CHUNK_BYTES = 64 << 10
MEETING_SECONDS = 60


class Meeting:
    """A registry whose writers of one tag meet, once each."""

    def __init__(self, registry: Any, barrier: Barrier) -> None:
        self._registry, self._barrier, self._met = registry, barrier, False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._registry, name)

    def write_manifest(self, address: Address, manifest: RawManifest) -> str:
        if self._met or address.reference != TAG:
            return str(self._registry.write_manifest(address, manifest))
        self._met = True
        self._barrier.wait(MEETING_SECONDS)
        try:
            return str(self._registry.write_manifest(address, manifest))
        finally:
            self._barrier.wait(MEETING_SECONDS)


class Promoter:
    """Promotes from one registry to another; its release table is in memory. Each run has connections of its own.

    Its clock only counts, so that what no patience mends is told at once. Runs at once on a real registry wait for each
    other's writes, and for a registry that answers 500 while it writes the tag that is read: they need a real *clock*.
    """

    def __init__(self, source: Any, destination: Any, folder: Path, clock: Clock | None = None) -> None:
        self.source, self.destination, self.folder, self.clock = source, destination, folder, clock
        self.world = World()
        #: Writers of a tag meet here before they write and after it, so that none reads it back in between.
        self.meeting: Barrier | None = None

    def run(self, *images: ImageRequest, check_mode: bool = False, **options: Any) -> PromotionResult:
        sides = Sides(self.clock)
        source = sides.connect(self.source, writes=False)
        destination = sides.connect(self.destination)
        ports = replace(
            self.world.ports(),
            clock=self.clock or self.world,
            source=source.registry,
            destination=Meeting(destination.registry, self.meeting) if self.meeting else destination.registry,
            transfer=transfer_between(source, destination, self.folder, chunk_bytes=CHUNK_BYTES),
            destination_repositories=destination.repositories,
        )
        wanted = images or (ImageRequest(SOURCE, DESTINATION, TAG, "", TAG),)
        settings = {"service": "app", "concurrency": 4, **options}
        try:
            return promote(PromotionRequest(wanted, **settings), ports, check_mode=check_mode)
        finally:
            sides.close()


def push_sample(host: str) -> Made:
    """Push an index of two platforms, one layer of which takes chunks, with an SBOM."""
    index = make_index(
        {"linux/amd64": make_image([100, 150_000]), "linux/arm64": make_image([100, 2_000], platform="linux/arm64")}
    )
    push(host, SOURCE, index, tag=TAG)
    push(host, SOURCE, make_referrer(index, SPDX, b'{"spdxVersion": "SPDX-2.3"}'))
    return index
