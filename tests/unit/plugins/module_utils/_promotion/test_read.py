# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is read of the source, and what is refused of it."""

from __future__ import annotations

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    RefusedError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.values import ImageRequest

from tests.unit.plugins.module_utils._promotion.case import DESTINATION, SOURCE, TAG, request, run, sample
from tests.unit.plugins.module_utils._promotion.fakes import World


def test_platforms_make_another_digest_which_has_to_be_allowed() -> None:
    world = World()
    made = sample(world)
    asked = ImageRequest(SOURCE, DESTINATION, TAG, "", TAG, ("linux/arm64",))
    with pytest.raises(RefusedError, match="allow_digest_change"):
        run(world, request(asked))
    result = run(world, request(asked, allow_digest_change=True))
    source = result.plan.images[0].source
    assert source.rewritten_from == made.root.digest != source.digest
    assert made.amd64.digest not in world.destination[DESTINATION].manifests
    assert made.arm64.digest in world.destination[DESTINATION].manifests
    assert not run(world, request(asked, allow_digest_change=True)).changed


@pytest.mark.parametrize(
    ("tag", "digest", "says"),
    [
        ("9.9.9", "", "no such image"),
        (TAG, "sha256:" + "0" * 64, "was asked for"),
        ("", "sha256:" + "0" * 64, "no such"),
    ],
)
def test_what_is_not_there_or_not_what_was_asked_for_is_refused(tag: str, digest: str, says: str) -> None:
    world = World()
    sample(world)
    with pytest.raises(RefusedError, match=says):
        run(world, request(ImageRequest(SOURCE, DESTINATION, tag, digest, "new")))


def test_a_child_that_the_source_lost_is_said() -> None:
    world = World()
    made = sample(world)
    del world.source[SOURCE].manifests[made.amd64.digest]
    with pytest.raises(RefusedError, match="part of it was deleted"):
        run(world)
    assert world.destination.writes == 0
