# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which signature an image has: found wherever it may lie, and none but the signer's."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError, UnavailableError
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.media_types import OCI_INDEX
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.names import Address
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.parse import parse_manifest
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.referrers import fallback_tag
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.session import Session
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.signature_bundle import (
    signature_artifact,
    signature_statement,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.signed import (
    REFERRERS_LIMIT,
    FoundSignature,
    SignedImages,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.values import ImageRequest, SourceImage

from tests.unit.plugins.module_utils._oci import samples
from tests.unit.plugins.module_utils._promotion.adapters.keys import signer
from tests.unit.plugins.module_utils._promotion.case import BUNDLE, DESTINATION, SOURCE, request
from tests.unit.plugins.module_utils._promotion.fakes import World

if TYPE_CHECKING:
    from collections.abc import Iterable

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
        return self.look().digest

    def look(self, known: Iterable[str] = ()) -> FoundSignature:
        return self.signed(SIGNER).at_destination(self.image, known)

    def signed(self, by: KeySigner) -> SignedImages:
        with Session(request(), self.world.ports(), by) as session:
            return SignedImages(session, by)


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


def flood(case: Case, count: int) -> None:
    for number in range(count):
        samples.referrer(case.shelf, case.raw, str(number), BUNDLE)


def bundles_read(case: Case) -> int:
    read = [call for call in case.world.destination.calls if call[0] == "GET" and call[2].startswith("sha256:")]
    return len(read)


def test_who_attaches_without_end_is_not_read_without_end_and_that_is_said() -> None:
    case = Case(api=True)
    flood(case, REFERRERS_LIMIT + 30)
    found = case.look()
    assert (found.digest, found.doubt) == ("", "30 more that may be signatures were not looked at")
    assert bundles_read(case) == REFERRERS_LIMIT


def test_a_signature_by_the_same_key_is_found_behind_any_number_of_others() -> None:
    case = Case(api=True)
    flood(case, REFERRERS_LIMIT * 2)
    bundle = SIGNER.sign(case.signed(SIGNER).statement(case.image))
    made = signature_artifact(bundle, case.image.root)
    case.shelf.blobs.update({blob.digest: content for blob, content in made.blobs})
    samples.put(case.shelf, made.manifest.raw)
    assert case.look() == FoundSignature(made.manifest.digest)
    assert bundles_read(case) == 1


def test_a_signature_by_the_same_key_is_found_whatever_a_list_says_of_it() -> None:
    case = Case(api=False)
    bundle = SIGNER.sign(case.signed(SIGNER).statement(case.image))
    made = signature_artifact(bundle, case.image.root)
    case.shelf.blobs.update({blob.digest: content for blob, content in made.blobs})
    own = samples.put(case.shelf, made.manifest.raw)
    index = json.loads(samples.fallback(case.shelf, case.raw, own).content)
    index["manifests"][0] |= {"artifactType": "application/x", "annotations": {}}
    samples.put(case.shelf, samples.raw(index, OCI_INDEX), fallback_tag(case.raw.digest))
    assert case.look() == FoundSignature(own.digest)


def test_one_that_was_recorded_is_found_behind_any_number_of_others() -> None:
    case = Case(api=True)
    flood(case, REFERRERS_LIMIT * 2)
    own = case.attach(SIGNER)
    assert case.found() == ""
    assert case.look(known=[own.digest]) == FoundSignature(own.digest)


HARM = {
    "no manifest": b"[]",
    "no JSON": b"\xff",
    "of another schema": b'{"schemaVersion": 1}',
    "two images in one": b'{"schemaVersion": 2, "config": {}, "manifests": []}',
}


@pytest.mark.parametrize("api", [True, False])
@pytest.mark.parametrize("content", HARM.values(), ids=HARM)
def test_what_others_attach_and_nobody_can_read_hides_nothing_and_is_said(content: bytes, api: bool) -> None:
    case = Case(api=api)
    strange = samples.referrer(case.shelf, case.raw, "strange", BUNDLE)
    own = case.attach(SIGNER)
    samples.fallback(case.shelf, case.raw, strange, own)
    listed = case.world.destination.list_referrers(Address(DESTINATION, case.raw.digest))
    case.world.destination.list_referrers = lambda _subject: listed  # type: ignore[method-assign]
    case.shelf.manifests[strange.digest] = replace(strange, content=content)
    assert case.look() == FoundSignature(own.digest)
    del case.shelf.manifests[own.digest]
    found = case.look()
    assert found.digest == ""
    assert found.doubt.startswith("1 that may be signatures cannot be read (Manifest")


def test_a_registry_that_is_away_is_no_registry_without_a_signature() -> None:
    case = Case(api=True)
    case.attach(SIGNER)

    def away(_address: object) -> None:
        raise UnavailableError("503")

    case.world.destination.resolve = away  # type: ignore[method-assign, assignment]
    with pytest.raises(UnavailableError):
        case.look()


def test_a_signature_whose_content_cannot_be_read_is_said() -> None:
    case = Case(api=True)
    case.attach(SIGNER)

    def refuse(_blob: object, **_limit: int) -> None:
        raise UnavailableError("The blob is away.")

    case.world.destination.read_blob = refuse  # type: ignore[method-assign, assignment]
    assert "cannot be read (it could not be read: The blob is away.)" in case.look().doubt


def test_what_is_too_large_for_a_signature_is_not_read() -> None:
    case = Case(api=True)
    samples.referrer(case.shelf, case.raw, "x" * (1 << 19), BUNDLE)
    assert case.look() == FoundSignature()
    assert not [call for call in case.world.destination.calls if call[0] == "GET blob"]
