"""The tags of images, which come last and never move."""

from __future__ import annotations

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    OperationError,
    RefusedError,
)

from tests.unit.plugins.module_utils._oci import samples
from tests.unit.plugins.module_utils._promotion.case import DESTINATION, SOURCE, TAG, run, sample
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
