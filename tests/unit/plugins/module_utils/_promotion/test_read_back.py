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
from tests.unit.plugins.module_utils._promotion.case import DESTINATION, SOURCE, SPDX, TAG, run, sample
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

    resolve = world.destination.resolve

    def spoil(address: Address) -> RawManifest | None:
        spoilt = address.reference == made.amd64.digest and resolve(address)
        return samples.image(shelf, "spoilt") if spoilt else resolve(address)

    world.destination.resolve = spoil  # type: ignore[method-assign]
    with pytest.raises(OperationError, match=r"other bytes, and was sent twice.*have it deleted there"):
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


@pytest.mark.parametrize("tagged", [True, False])
@pytest.mark.parametrize("sends", [1, 2, 99])
@pytest.mark.parametrize("lost", ["root", "inner", "amd64", "sbom"])
def test_a_manifest_that_is_named_and_cannot_be_read_is_sent_again(lost: str, sends: int, tagged: bool) -> None:
    world = World()
    shelf, there = world.source[SOURCE], world.destination[DESTINATION]
    amd64 = samples.image(shelf, "base", "amd64")
    inner = samples.index(shelf, [(amd64, "linux/amd64")])
    root = samples.index(shelf, [(inner, "linux/amd64")], tag=TAG)
    sbom = samples.referrer(shelf, root, "what is in it", SPDX)
    samples.fallback(shelf, root, sbom)
    run(world)
    if not tagged:
        del there.tags[TAG]
    digest = {"root": root, "inner": inner, "amd64": amd64, "sbom": sbom}[lost].digest
    read, puts = world.destination.read_manifest, 0

    def lacks(address: Address) -> RawManifest | None:
        found = read(address)
        return None if found and found.digest == digest and puts < sends else found

    def count(_verb: str, reference: str) -> None:
        nonlocal puts
        puts += reference == digest

    world.destination.read_manifest, world.destination.on_write = lacks, count  # type: ignore[method-assign]
    if sends == 99:
        with pytest.raises(OperationError, match=f"{digest} is not there, .*have it deleted there"):
            run(world)
        assert puts == 2
        assert (TAG in there.tags) is tagged
        return
    assert run(world).changed
    assert puts == sends
    assert not run(world).changed
