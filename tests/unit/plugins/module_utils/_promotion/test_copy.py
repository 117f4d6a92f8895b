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
