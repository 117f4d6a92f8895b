# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was written is read back: whatever differs then is found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    FastbreakError,
    OperationError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.names import Address
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.parse import parse_manifest

from tests.unit.plugins.module_utils._oci import samples
from tests.unit.plugins.module_utils._promotion.case import DESTINATION, TAG, run, sample
from tests.unit.plugins.module_utils._promotion.fakes import World

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._oci.model import RawManifest


@pytest.mark.parametrize("immutable", [True, False])
def test_another_image_that_takes_the_tag_at_the_last_moment_is_found(immutable: bool) -> None:
    world = World()
    made = sample(world)
    if immutable:
        world.make_ecr("sha256-*")
    shelf = world.destination[DESTINATION]

    def at_the_last_moment(_verb: str, reference: str) -> None:
        if reference == TAG:
            samples.image(shelf, "other", tag=TAG)

    resolve = world.destination.resolve

    def overwritten(address: Address) -> RawManifest | None:
        if address.reference == TAG:
            return resolve(Address(address.repository, samples.image(shelf, "other").digest))
        return resolve(address)

    def after(_verb: str, reference: str) -> None:
        if reference == TAG:
            world.destination.resolve = overwritten  # type: ignore[method-assign]

    world.destination.on_write = at_the_last_moment if immutable else after
    with pytest.raises(FastbreakError) as caught:
        run(world)
    assert made.root.digest in str(caught.value)
    assert samples.image(shelf, "other").digest in str(caught.value)


def test_a_manifest_that_is_not_what_was_written_is_found_on_reading_back() -> None:
    world = World()
    made = sample(world)
    shelf = world.destination[DESTINATION]

    def spoil(_verb: str, reference: str) -> None:
        if reference == made.root.digest:
            shelf.manifests[made.amd64.digest] = samples.image(shelf, "spoilt")

    world.destination.on_write = spoil
    with pytest.raises(OperationError, match="other bytes"):
        run(world)
    assert world.lines == []
    assert shelf.tags == {}


def test_a_blob_that_is_gone_is_found_on_reading_back() -> None:
    world = World()
    made = sample(world)
    digest = samples.digest_of(b"amd64")

    def lose(_verb: str, reference: str) -> None:
        if reference == made.root.digest:
            del world.destination[DESTINATION].blobs[digest]

    world.destination.on_write = lose
    with pytest.raises(OperationError, match=f"blob {digest} is not there"):
        run(world)
    assert world.destination[DESTINATION].tags == {}


@pytest.mark.parametrize("gone", ["blob", "manifest"])
def test_what_was_there_when_the_run_began_is_looked_at_again_before_the_tag(gone: str) -> None:
    world = World()
    made = sample(world)
    run(world)
    shelf = world.destination[DESTINATION]
    del shelf.tags[TAG]
    del shelf.manifests[made.root.digest]

    def lose(_verb: str, reference: str) -> None:
        if reference == made.root.digest and gone == "blob":
            shelf.blobs.pop(samples.digest_of(b"amd64"))
        elif reference == made.root.digest:
            shelf.manifests.pop(made.arm64.digest, None)

    world.destination.on_write = lose
    with pytest.raises(OperationError, match=r"is not there|lacks"):
        run(world)
    assert TAG not in shelf.tags


def test_an_answer_that_lags_behind_on_reading_back_is_waited_for() -> None:
    world = World()
    sample(world)
    has_blob, late = world.destination.has_blob, {samples.digest_of(b"amd64")}

    def lags(blob: Address, *, size: int) -> bool:
        found = has_blob(blob, size=size)
        if found and blob.reference in late:
            late.remove(blob.reference)
            return False
        return found

    world.destination.has_blob = lags  # type: ignore[method-assign]
    assert run(world).changed
    assert late == set()


def test_an_index_of_referrers_that_another_run_adds_to_is_as_good() -> None:
    world = World()
    made = sample(world)
    shelf = world.destination[DESTINATION]

    def add(_verb: str, reference: str) -> None:
        tag = made.root.digest.replace(":", "-")
        if reference == TAG:
            held = shelf.manifests[shelf.tags[tag]]
            listed = [shelf.manifests[each.digest] for each in parse_manifest(held).children]
            own = samples.referrer(shelf, made.root, "of another run", "application/spdx+json")
            samples.fallback(shelf, made.root, *listed, own)

    world.destination.on_write = add
    assert run(world).changed
    assert not run(world).changed
