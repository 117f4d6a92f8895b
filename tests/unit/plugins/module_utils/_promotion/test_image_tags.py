# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tags of images, which come last and never move."""

from __future__ import annotations

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    OperationError,
    RefusedError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.values import ImageRequest

from tests.unit.plugins.module_utils._oci import samples
from tests.unit.plugins.module_utils._promotion.case import DESTINATION, SOURCE, TAG, request, run, sample
from tests.unit.plugins.module_utils._promotion.fakes import World


def test_a_source_whose_tag_moves_meanwhile_stops_the_run_before_the_tag() -> None:
    world = World()
    made = sample(world)
    other = samples.image(world.source[SOURCE], "evil")
    world.destination.on_write = lambda _verb, _reference: world.source[SOURCE].tags.update({TAG: other.digest})
    with pytest.raises(OperationError, match="No tag was written") as caught:
        run(world)
    assert made.root.digest in str(caught.value)
    assert other.digest in str(caught.value)
    assert TAG not in world.destination[DESTINATION].tags


def test_another_run_that_writes_the_same_tag_first_is_no_failure() -> None:
    world = World()
    sample(world)
    nested = [True]

    def meanwhile(_verb: str, reference: str) -> None:
        if nested and ":" not in reference:
            nested.clear()
            run(world)

    world.destination.on_write = meanwhile
    assert run(world).changed
    assert world.destination.missing() == []
    assert not run(world).changed


@pytest.mark.parametrize("immutable", [True, False])
def test_another_image_that_takes_the_tag_meanwhile_is_named(immutable: bool) -> None:
    world = World()
    made = sample(world)
    if immutable:
        world.make_ecr("sha256-*")
    shelf = world.destination[DESTINATION]
    world.destination.on_write = lambda _verb, _reference: samples.image(shelf, "other", tag=TAG) and None
    with pytest.raises(RefusedError, match="a tag never moves") as caught:
        run(world)
    assert made.root.digest in str(caught.value)
    assert shelf.tags[TAG] in str(caught.value)
    assert shelf.tags[TAG] != made.root.digest


def test_several_tags_of_one_image_are_written_last_and_together() -> None:
    world = World()
    made = sample(world)
    asked = request(*(ImageRequest(SOURCE, DESTINATION, TAG, "", tag) for tag in ("1", "2", "3")))
    result = run(world, asked)
    held = world.destination[DESTINATION]
    assert [held.tags[tag] for tag in ("1", "2", "3")] == [made.root.digest] * 3
    written = [reference for verb, _repository, reference in world.destination.calls if verb.startswith("PUT")]
    assert sorted(written[-3:]) == ["1", "2", "3"]
    assert len(written) == len(set(written))
    assert [image.blobs_copied > 0 for image in result.images] == [True, False, False]
    assert not run(world, asked).changed


def test_a_tag_that_would_have_to_move_keeps_the_others_from_being_written() -> None:
    world = World()
    sample(world)
    samples.image(world.destination[DESTINATION], "other", tag="2")
    asked = request(*(ImageRequest(SOURCE, DESTINATION, TAG, "", tag) for tag in ("1", "2")))
    with pytest.raises(RefusedError, match="tag 2 of prod/app was refused"):
        run(world, asked)
    assert set(world.destination[DESTINATION].tags) == {"2"}
    assert world.destination.writes == 0
