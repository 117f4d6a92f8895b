# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a promotion has to write, from values alone, and what several images share."""

from __future__ import annotations

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    RefusedError,
    RequestError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.names import Address
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.values import (
    DestinationState,
    ImageRequest,
    TagStep,
)

from tests.unit.plugins.module_utils._oci import samples
from tests.unit.plugins.module_utils._promotion.case import (
    DESTINATION,
    NOTHING,
    SOURCE,
    TAG,
    image_of,
    planned,
    request,
    run,
    sample,
)
from tests.unit.plugins.module_utils._promotion.fakes import World


def test_everything_is_planned_where_nothing_is() -> None:
    source = image_of("a", "b")
    image = planned(source).images[0]
    assert [step.descriptor for step in image.blobs] == list(source.root.blobs)
    assert [step.manifest for step in image.manifests] == [source.root]
    assert image.tag == TagStep(Address("prod/app", "1"), source.root)
    assert (image.attest, image.record, image.changed) == (True, True, True)
    assert image.bytes_to_copy == sum(each.size for each in source.root.blobs)


def test_only_what_is_missing_is_planned() -> None:
    source = image_of("a", "b")
    there = source.root.blobs[1]
    image = planned(source, DestinationState(NOTHING.settings, blobs=frozenset({there.digest}))).images[0]
    assert there not in [step.descriptor for step in image.blobs]
    assert image.present_blobs == (there,)


def test_nothing_is_planned_where_all_is() -> None:
    source = image_of("a")
    state = DestinationState(
        NOTHING.settings,
        blobs=frozenset(blob.digest for blob in source.root.blobs),
        manifests=frozenset({source.digest}),
        tags=(("1", source.digest),),
        recorded=frozenset({""}),
        attestation="sha256:x",
    )
    made = planned(source, state)
    assert not made.changed
    assert made.images[0].present_blobs == source.root.blobs
    assert made.images[0].attestation == "sha256:x"


@pytest.mark.parametrize(
    ("state", "attest", "record"),
    [
        ({"attestation": "sha256:x", "recorded": frozenset()}, False, True),
        ({"attestation": "", "recorded": frozenset({""})}, True, False),
        ({"attestation": "sha256:x", "recorded": frozenset({""}), "tags": ()}, False, True),
    ],
)
def test_what_is_kept_of_a_promotion_is_completed(state: dict[str, object], attest: bool, record: bool) -> None:
    source = image_of("a")
    known = {"manifests": frozenset({source.digest}), "tags": (("1", source.digest),), **state}
    image = planned(source, DestinationState(NOTHING.settings, **known)).images[0]  # type: ignore[arg-type]
    assert (image.attest, image.record) == (attest, record)


def test_a_tag_that_names_something_else_is_refused_with_both_digests() -> None:
    source, other = image_of("a"), "sha256:" + "0" * 64
    with pytest.raises(RefusedError) as caught:
        planned(source, DestinationState(NOTHING.settings, tags=(("1", other),)))
    assert source.digest in str(caught.value)
    assert other in str(caught.value)


def test_a_tag_with_another_digest_is_refused_on_a_mutable_repository_too() -> None:
    world = World()
    made = sample(world)
    other = samples.image(world.destination[DESTINATION], "other", tag=TAG)
    with pytest.raises(RefusedError, match="a tag never moves") as caught:
        run(world)
    assert made.root.digest in str(caught.value)
    assert other.digest in str(caught.value)
    assert world.destination.writes == 0


def test_two_images_share_what_they_have_in_common() -> None:
    world = World()
    shelf = world.source[SOURCE]
    samples.image(shelf, "base", "one", tag="1")
    samples.image(shelf, "base", "two", tag="2")
    images = [ImageRequest(SOURCE, DESTINATION, tag, "", tag) for tag in ("1", "2")]
    result = run(world, request(*images))
    copied = [call for call in world.destination.calls if call == ("PUT blob", DESTINATION, samples.digest_of(b"base"))]
    assert len(copied) == 1
    assert [each.blobs_copied for each in result.images] == [3, 2]
    assert not run(world, request(*images)).changed


def test_two_images_cannot_have_one_tag() -> None:
    world = World()
    shelf = world.source[SOURCE]
    samples.image(shelf, "one", tag="1")
    samples.image(shelf, "two", tag="2")
    with pytest.raises(RequestError, match="Two images of this promotion go to the tag"):
        run(world, request(*(ImageRequest(SOURCE, DESTINATION, tag, "", "same") for tag in ("1", "2"))))
    assert world.destination.writes == 0


def test_the_same_image_twice_is_promoted_once() -> None:
    world = World()
    sample(world)
    asked = ImageRequest(SOURCE, DESTINATION, TAG, "", TAG)
    result = run(world, request(asked, asked))
    assert [image.plan.changed for image in result.images] == [True, False]
    assert len(world.lines) == 1
