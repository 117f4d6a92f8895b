# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A promotion to try: an index with all that can belong to it, and requests for it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ansible_collections.fastbreak.aws.plugins.module_utils._ecr.values import RepositorySettings
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.parse import parse_manifest
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.referrers import fallback_tag
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.plan import plan
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.request import PromotionRequest
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.run import promote
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.values import (
    DestinationState,
    ImageRequest,
    PromotionPlan,
    SourceImage,
)

from tests.unit.plugins.module_utils._oci import samples
from tests.unit.plugins.module_utils._promotion.fakes import Repository

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._oci.model import RawManifest
    from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.report import PromotionResult
    from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.signer import Signer

    from tests.unit.plugins.module_utils._promotion.fakes import World

TAG = "1.4.2-" + "a" * 40
SOURCE, DESTINATION = "dev/app", "prod/app"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
SPDX = "application/spdx+json"


def request(*images: ImageRequest, **options: Any) -> PromotionRequest:
    """A request for *images*, or for the sample."""
    wanted = images or (ImageRequest(SOURCE, DESTINATION, TAG, "", TAG),)
    return PromotionRequest(wanted, **{"service": "app", "concurrency": 4, **options})


def run(
    world: World,
    asked: PromotionRequest | None = None,
    *,
    check_mode: bool = False,
    signer: Signer | None = None,
) -> PromotionResult:
    """Promote the sample, or what is asked for; signed when *signer* is given."""
    wanted = replace(asked or request(), sign=signer is not None)
    return promote(wanted, world.ports(), check_mode=check_mode, signer=signer)


@dataclass(frozen=True)
class Sample:
    """The manifests of the sample: what the tag names, and what belongs to it."""

    root: RawManifest
    amd64: RawManifest
    arm64: RawManifest
    attachments: tuple[RawManifest, ...]

    @property
    def images(self) -> tuple[RawManifest, ...]:
        return (self.amd64, self.arm64, self.root)


def sample(world: World) -> Sample:
    """Put an index of two platforms into the source, with an SBOM, its signature, and cosign's tags."""
    shelf = world.source[SOURCE]
    amd64 = samples.image(shelf, "base", "amd64")
    arm64 = samples.image(shelf, "base", "arm64")
    root = samples.index(shelf, [(amd64, "linux/amd64"), (arm64, "linux/arm64")], tag=TAG)
    sbom = samples.referrer(shelf, root, "what is in it", SPDX)
    bundle = samples.referrer(shelf, sbom, "who says so", BUNDLE)
    of_child = samples.referrer(shelf, arm64, "who built it", BUNDLE)
    if not world.source.referrers_api:
        samples.fallback(shelf, root, sbom)
        samples.fallback(shelf, sbom, bundle)
        samples.fallback(shelf, arm64, of_child)
    signature = samples.cosign(shelf, root, "one")
    attestation = samples.cosign(shelf, amd64, "two", ending=".att")
    return Sample(root, amd64, arm64, (sbom, bundle, of_child, signature, attestation))


def listed(shelf: Repository, subject: RawManifest) -> list[str]:
    """The digests that the index under the subject's fallback tag lists."""
    index = parse_manifest(shelf.manifests[shelf.tags[fallback_tag(subject.digest)]])
    return [child.digest for child in index.children]


# For what is planned and said from values alone.

ASKED = ImageRequest("dev/app", "prod/app", "1", "", "1")
#: The destination where there is nothing yet.
NOTHING = DestinationState(RepositorySettings(exists=True))


def image_of(*layers: str) -> SourceImage:
    """An image with these layers, at the source."""
    root = parse_manifest(samples.image(Repository(), *layers))
    return SourceImage(ASKED, root, (root,))


def planned(source: SourceImage, state: DestinationState = NOTHING, **options: Any) -> PromotionPlan:
    """The plan for a single image."""
    return plan([(source, state)], PromotionRequest((), **{"service": "app", **options}), same_registry=False)
