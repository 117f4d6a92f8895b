# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Blobs: copied, or mounted where both sides are one registry."""

from __future__ import annotations

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    OperationError,
)

from tests.unit.plugins.module_utils._oci import samples
from tests.unit.plugins.module_utils._promotion.case import DESTINATION, SOURCE, TAG, run, sample
from tests.unit.plugins.module_utils._promotion.fakes import World


def test_on_one_registry_blobs_are_mounted() -> None:
    world = World()
    sample(world)
    world.destination = world.source
    result = run(world)
    assert (result.images[0].blobs_copied, result.images[0].bytes_copied) == (0, 0)
    assert result.images[0].blobs_mounted > 0
    assert not run(world).changed


def test_an_ordinary_layer_that_the_source_lacks_fails_before_the_tag() -> None:
    world = World()
    sample(world)
    del world.source[SOURCE].blobs[samples.digest_of(b"amd64")]
    with pytest.raises(OperationError, match="No tag was written"):
        run(world)
    assert TAG not in world.destination[DESTINATION].tags


@pytest.mark.parametrize("lost", [True, False])
def test_check_mode_fails_where_neither_side_holds_a_blob(lost: bool) -> None:
    world = World()
    sample(world)
    blobs, digest = world.source[SOURCE].blobs, samples.digest_of(b"amd64")
    blobs[digest] = blobs[digest][:-1]
    if lost:
        del blobs[digest]
    with pytest.raises(OperationError, match=f"neither side holds {world.source.host}/{SOURCE}@{digest}") as caught:
        run(world, check_mode=True)
    assert caught.value.details["missing"] == [f"{world.source.host}/{SOURCE}@{digest}"]
    assert world.destination.writes == 0


def test_check_mode_asks_the_source_for_nothing_that_the_destination_holds() -> None:
    world = World()
    sample(world)
    run(world)
    world.source[SOURCE].blobs.clear()
    world.source.calls.clear()
    assert not run(world, check_mode=True).changed
    assert [call for call in world.source.calls if call[0] == "HEAD blob"] == []


def test_a_run_does_not_ask_for_what_it_copies() -> None:
    world = World()
    sample(world)
    run(world)
    assert [call for call in world.source.calls if call[0] == "HEAD blob"] == []
