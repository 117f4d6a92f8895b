# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tags of attachments that others write at the same time: nothing is lost, and nothing goes on without end."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.names import Address
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.parse import parse_manifest
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.referrers import descriptor_of, fallback_tag
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.session import Session
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.shared_tags import SharedTags

from tests.unit.plugins.module_utils._oci import samples
from tests.unit.plugins.module_utils._promotion.case import (
    DESTINATION,
    SOURCE,
    SPDX,
    TAG,
    listed,
    request,
    run,
    sample,
)
from tests.unit.plugins.module_utils._promotion.fakes import World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.fastbreak.aws.plugins.module_utils._oci.model import Descriptor, RawManifest


class Case:
    """An image at the destination, and tags to be written for it."""

    def __init__(self) -> None:
        self.world = World()
        self.shelf = self.world.destination[DESTINATION]
        self.image = samples.image(self.shelf, "base")
        self.tag = fallback_tag(self.image.digest)
        self.address = Address(DESTINATION, self.tag)

    def referrer(self, name: str) -> RawManifest:
        return samples.referrer(self.shelf, self.image, name, SPDX)

    def entry(self, name: str) -> Descriptor:
        return descriptor_of(parse_manifest(self.referrer(name)))


@pytest.fixture
def case() -> Case:
    return Case()


@pytest.fixture
def tags(case: Case) -> Iterator[SharedTags]:
    with Session(request(), case.world.ports()) as session:
        yield SharedTags(session)


def test_an_index_is_merged_with_what_is_there_when_it_is_written(case: Case, tags: SharedTags) -> None:
    samples.fallback(case.shelf, case.image, case.referrer("theirs"))
    tags.merge_index(case.address, [case.entry("mine")])
    assert listed(case.shelf, case.image) == [case.referrer("theirs").digest, case.referrer("mine").digest]
    assert tags.wrote == {case.address}


def test_an_index_that_lists_all_is_not_written(case: Case, tags: SharedTags) -> None:
    samples.fallback(case.shelf, case.image, case.referrer("mine"), case.referrer("theirs"))
    tags.merge_index(case.address, [case.entry("mine")])
    assert (tags.wrote, case.world.destination.writes) == (set(), 0)


def test_where_there_is_no_index_the_sources_own_bytes_are_written(case: Case, tags: SharedTags) -> None:
    original = parse_manifest(samples.fallback(case.world.source[SOURCE], case.image, case.referrer("mine")))
    tags.merge_index(case.address, original.children, original=original)
    assert case.shelf.tags[case.tag] == original.digest


def test_what_others_write_over_is_listed_again_when_the_run_settles(case: Case, tags: SharedTags) -> None:
    tags.merge_index(case.address, [case.entry("mine")])
    samples.fallback(case.shelf, case.image, case.referrer("theirs"))
    tags.settle("")
    assert set(listed(case.shelf, case.image)) == {case.referrer(name).digest for name in ("mine", "theirs")}


def test_settling_lists_recorded_attestations_of_the_image_that_are_there(case: Case, tags: SharedTags) -> None:
    world = World()
    sample(world)
    run(world)
    (line,) = world.lines
    other = samples.image(case.shelf, "other")
    strange = samples.referrer(case.shelf, other, "of another image", SPDX)
    recorded = [case.referrer("theirs").digest, strange.digest, "sha256:" + "0" * 64, ""]
    case.world.lines = [replace(line, digest=case.image.digest, attestation=digest) for digest in recorded]
    tags.merge_index(case.address, [case.entry("mine")])
    tags.settle("app")
    assert listed(case.shelf, case.image) == [case.referrer("mine").digest, case.referrer("theirs").digest]


def test_one_who_writes_over_it_without_end_ends_the_run_with_what_to_do(case: Case, tags: SharedTags) -> None:
    def emptied(address: Address) -> RawManifest:
        return samples.fallback(case.shelf, case.image)

    case.world.destination.resolve = emptied  # type: ignore[method-assign, assignment]
    with pytest.raises(OperationError, match=r"again and again for 20 s.*Run again when no other promotion"):
        tags.merge_index(case.address, [case.entry("mine")])
    assert case.world.destination.writes < 20


def test_a_tag_that_names_no_index_is_left_alone(case: Case, tags: SharedTags) -> None:
    case.shelf.tags[case.tag] = case.image.digest
    with pytest.raises(OperationError, match="is no index of referrers"):
        tags.merge_index(case.address, [case.entry("mine")])
    assert case.shelf.tags[case.tag] == case.image.digest


def test_signatures_grow_and_never_shrink(case: Case, tags: SharedTags) -> None:
    address = Address(DESTINATION, f"{case.tag}.sig")
    shelf = case.world.source[SOURCE]
    small, large = (samples.cosign(shelf, case.image, *names) for names in (("one",), ("one", "two")))
    case.shelf.blobs.update(shelf.blobs)
    for wanted, there in ((small, small), (large, large), (small, large)):
        tags.merge_signatures(address, parse_manifest(wanted))
        assert case.shelf.tags[address.reference] == there.digest
    with pytest.raises(OperationError, match=r"lacks what .* holds, and holds what that lacks"):
        tags.merge_signatures(address, parse_manifest(samples.cosign(shelf, case.image, "three")))
    assert case.shelf.tags[address.reference] == large.digest


def test_a_signature_that_another_signer_adds_to_meanwhile_is_kept() -> None:
    world = World()
    made = sample(world)
    tag = f"{fallback_tag(made.root.digest)}.sig"
    shelf = world.destination[DESTINATION]

    def sign(_verb: str, reference: str) -> None:
        if reference == TAG:
            both = samples.cosign(world.source[SOURCE], made.root, "one", "another")
            shelf.manifests[both.digest], shelf.tags[tag] = both, both.digest

    world.destination.on_write = sign
    assert run(world).changed
    assert len(parse_manifest(shelf.manifests[shelf.tags[tag]]).layers) == 2
