# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Manifests and attachments are written each after what they name; attachments may be refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    OperationError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.values import AttachmentsMode

from tests.unit.plugins.module_utils._oci import samples
from tests.unit.plugins.module_utils._promotion.case import (
    BUNDLE,
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
    from ansible_collections.fastbreak.aws.plugins.module_utils._oci.names import Address

WARN = request(attachments=AttachmentsMode.WARN)


def test_an_attachment_that_the_destination_refuses_fails_the_run_before_the_tag() -> None:
    world = World()
    made = sample(world)
    world.destination.refuses = lambda _reference, raw: "unsupported" if b'"subject"' in raw.content else ""
    with pytest.raises(OperationError, match="No tag was written"):
        run(world)
    assert TAG not in world.destination[DESTINATION].tags
    result = run(world, WARN)
    held = world.destination[DESTINATION]
    assert held.tags[TAG] == made.root.digest
    assert len(result.images[0].warnings) == 4  # three referrers and the attestation
    assert all("refused" in each for each in result.images[0].warnings)
    assert not [tag for tag in held.tags if tag.startswith("sha256-") and "." not in tag]
    assert result.images[0].attestation == ""
    again = run(world, WARN)
    assert not again.changed
    assert len(again.images[0].warnings) == 4


def test_one_refused_attachment_is_left_out_of_the_index_of_referrers() -> None:
    world = World()
    shelf = world.source[SOURCE]
    image = samples.image(shelf, "one", tag=TAG)
    sbom = samples.referrer(shelf, image, "what is in it", SPDX)
    bundle = samples.referrer(shelf, image, "who says so", BUNDLE)
    samples.fallback(shelf, image, sbom, bundle)
    world.destination.refuses = lambda reference, _raw: "unsupported" if reference == bundle.digest else ""
    result = run(world, request(attachments=AttachmentsMode.WARN, attest=False))
    assert listed(world.destination[DESTINATION], image) == [sbom.digest]
    assert bundle.digest in result.images[0].warnings[0]


def test_order_is_blobs_children_index_referrers_tags_and_the_tag_last() -> None:
    world = World(destination_api=True)
    made = sample(world)
    run(world)
    written = [(verb, reference) for verb, _repository, reference in world.destination.calls if verb.startswith("PUT")]
    first_manifest = next(number for number, (verb, _reference) in enumerate(written) if verb == "PUT")
    assert all(
        verb == "PUT" or number in (len(written) - 4, len(written) - 3)
        for number, (verb, _reference) in enumerate(written[first_manifest:], first_manifest)
    )
    place = {reference: number for number, (_verb, reference) in enumerate(written)}
    assert max(place[made.amd64.digest], place[made.arm64.digest]) < place[made.root.digest]
    assert place[made.root.digest] < place[made.attachments[0].digest] < place[made.attachments[1].digest]
    assert written[-1] == ("PUT", TAG)


@pytest.mark.parametrize("other", [None, b"other bytes", b""])
def test_a_small_blob_that_is_named_and_cannot_be_read_is_written(other: bytes | None) -> None:
    world = World()
    sample(world)
    has_blob, read_blob = world.destination.has_blob, world.destination.read_blob
    carried = set(world.source[SOURCE].blobs)

    def names(blob: Address, *, size: int) -> bool:
        return has_blob(blob, size=size) or blob.reference not in carried

    def reads(blob: Address, *, limit_bytes: int) -> bytes | None:
        return read_blob(blob, limit_bytes=limit_bytes) or other

    world.destination.has_blob, world.destination.read_blob = names, reads  # type: ignore[method-assign]
    assert run(world).images[0].attestation
    assert world.destination.missing() == []
