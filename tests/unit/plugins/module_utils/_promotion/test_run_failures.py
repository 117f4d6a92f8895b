# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A promotion that ends midway: no tag names incomplete content then, and a new run completes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    UnavailableError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.values import ImageRequest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.examples import examples
from tests.unit.plugins.module_utils._oci import samples
from tests.unit.plugins.module_utils._promotion.case import DESTINATION, SOURCE, TAG, request, run, sample
from tests.unit.plugins.module_utils._promotion.fakes import World

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.request import PromotionRequest


def _two_images(world: World) -> PromotionRequest:
    sample(world)
    samples.image(world.source["dev/other"], "base", "other", tag="2")
    return request(
        ImageRequest(SOURCE, DESTINATION, TAG, "", TAG), ImageRequest("dev/other", DESTINATION, "2", "", "2")
    )


def _writes(*, destination_api: bool) -> int:
    world = World(destination_api=destination_api)
    run(world, _two_images(world))
    return world.destination.writes


CASES = [(api, number) for api in (False, True) for number in range(_writes(destination_api=api))]


@pytest.mark.parametrize(("destination_api", "number"), CASES)
def test_a_failure_at_any_write_leaves_no_incomplete_tag_and_a_new_run_completes(
    destination_api: bool, number: int
) -> None:
    world = World(destination_api=destination_api)
    asked = _two_images(world)
    world.destination.fail_at = number
    with pytest.raises(UnavailableError, match="Run again to go on") as caught:
        run(world, asked)
    assert "blobs to copy are there" in str(caught.value)
    assert world.destination.missing() == []
    assert len(world.lines) == 0
    result = run(world, asked)
    assert result.changed
    assert world.destination.missing() == []
    assert {tag: world.destination[DESTINATION].tags[tag] for tag in (TAG, "2")} == {
        TAG: world.source[SOURCE].tags[TAG],
        "2": world.source["dev/other"].tags["2"],
    }
    assert len(world.lines) == 2
    assert not run(world, asked).changed


@examples(25)
@given(order=st.lists(st.integers(0, 30), min_size=1, max_size=6))
def test_failures_again_and_again_lose_nothing(order: list[int]) -> None:
    world = World()
    asked = _two_images(world)
    for ahead in order:
        world.destination.fail_at = world.destination.writes + ahead
        try:
            run(world, asked)
        except UnavailableError:
            assert world.destination.missing() == []
    world.destination.fail_at = -1
    run(world, asked)
    assert world.destination.missing() == []
    assert len(world.lines) == 2
    assert not run(world, asked).changed


def test_a_run_that_ends_between_tag_and_record_is_recorded_by_the_next() -> None:
    world = World()
    sample(world)
    world.fail_record = True
    with pytest.raises(UnavailableError, match="All tags were written"):
        run(world)
    world.fail_record = False
    result = run(world)
    assert result.changed
    assert result.images[0].blobs_copied == 0
    assert world.lines[0].attestation == result.images[0].attestation != ""
    assert not run(world).changed
