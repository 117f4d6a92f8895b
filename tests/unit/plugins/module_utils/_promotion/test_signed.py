# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which signature an image has: found wherever it may lie, and none but the signer's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError, UnavailableError
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.parse import parse_manifest
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.session import Session
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.signature_bundle import (
    signature_artifact,
    signature_statement,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.signed import SignedImages
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.values import ImageRequest, SourceImage

from tests.unit.plugins.module_utils._oci import samples
from tests.unit.plugins.module_utils._promotion.adapters.keys import signer
from tests.unit.plugins.module_utils._promotion.case import BUNDLE, DESTINATION, SOURCE, request
from tests.unit.plugins.module_utils._promotion.fakes import World

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._oci.model import RawManifest
    from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.adapters.key_signer import KeySigner

SIGNER, OTHER = signer(), signer(1)


class Case:
    """An image at the destination, and what is attached to it."""

    def __init__(self, *, api: bool) -> None:
        self.world = World(destination_api=api)
        self.shelf = self.world.destination[DESTINATION]
        self.raw = samples.image(self.shelf, "base")
        root = parse_manifest(self.raw)
        self.image = SourceImage(ImageRequest(SOURCE, DESTINATION, "1", "", "1"), root, (root,))

    def attach(self, by: KeySigner, digest: str = "") -> RawManifest:
        """A signature of the image, or one that says it is of another."""
        bundle = by.sign(signature_statement(digest or self.raw.digest, "prod/app"))
        made = signature_artifact(bundle, self.image.root)
        self.shelf.blobs.update({blob.digest: content for blob, content in made.blobs})
        return samples.put(self.shelf, made.manifest.raw)

    def found(self) -> str:
        with Session(request(), self.world.ports(), SIGNER) as session:
            return SignedImages(session, SIGNER).at_destination(self.image)


def test_nothing_is_found_where_there_is_nothing() -> None:
    assert Case(api=True).found() == Case(api=False).found() == ""


@pytest.mark.parametrize("api", [True, False])
def test_the_signers_own_is_found_among_others(api: bool) -> None:
    case = Case(api=api)
    others = [case.attach(OTHER), case.attach(SIGNER, "sha256:" + "0" * 64)]
    others.append(samples.referrer(case.shelf, case.raw, "no bundle", BUNDLE))
    samples.fallback(case.shelf, case.raw, *others)
    assert case.found() == ""
    own = case.attach(SIGNER)
    samples.fallback(case.shelf, case.raw, *others, own)
    assert case.found() == own.digest


def test_one_that_cannot_be_read_whole_is_none() -> None:
    case = Case(api=True)
    own = parse_manifest(case.attach(SIGNER))
    del case.shelf.blobs[own.layers[0].digest]
    assert case.found() == ""


def test_one_that_is_listed_for_another_image_is_none() -> None:
    case = Case(api=False)
    own = case.attach(SIGNER)
    other = samples.image(case.shelf, "other")
    samples.fallback(case.shelf, other, own)
    case.image = SourceImage(case.image.request, parse_manifest(other), (parse_manifest(other),))
    assert case.found() == ""


@pytest.mark.parametrize("error", [OperationError("403"), UnavailableError("503")])
def test_where_the_api_does_not_answer_the_tag_is_looked_at(error: Exception) -> None:
    case = Case(api=False)

    def refuse(_subject: object) -> None:
        raise error

    case.world.destination.list_referrers = refuse  # type: ignore[method-assign, assignment]
    own = case.attach(SIGNER)
    samples.fallback(case.shelf, case.raw, own)
    assert case.found() == own.digest


def test_who_attaches_without_end_is_not_read_without_end() -> None:
    case = Case(api=True)
    for number in range(80):
        samples.referrer(case.shelf, case.raw, str(number), BUNDLE)
    assert case.found() == ""
    read = [call for call in case.world.destination.calls if call[0] == "GET" and call[2].startswith("sha256:")]
    assert len(read) == 50
