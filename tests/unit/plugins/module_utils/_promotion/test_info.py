# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Promotions that were recorded, found again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.info import read_promotions
from ansible_collections.fastbreak.aws.plugins.module_utils._release.promotion import Promotion

from tests.unit.plugins.module_utils._promotion.fakes import World

OLD = Promotion("app", "P#1", "1.4.1-" + "a" * 40, "sha256:old", "a" * 40, "dev", "prod", "1", "me")
NEW = replace(OLD, release_id="P#2", version="1.4.2-" + "b" * 40, digest="sha256:new")
AGAIN = replace(OLD, release_id="P#3")


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, (AGAIN, NEW, OLD)),
        ({"history": 2}, (AGAIN, NEW)),
        ({"version": "1.4.1"}, (AGAIN, OLD)),
        ({"version": "1.4.1", "history": 1}, (AGAIN,)),
        ({"version": "sha256:new"}, (NEW,)),
        ({"digest": "sha256:new"}, (NEW,)),
        ({"digest": "sha256:new", "version": "1.4.1"}, ()),
        ({"digest": "sha256:other"}, ()),
    ],
)
def test_promotions_are_found_by_version_and_digest(asked: dict[str, str], found: tuple[Promotion, ...]) -> None:
    world = World()
    world.lines = [OLD, NEW, AGAIN]
    assert read_promotions("app", world.ports().promotions, **asked) == found  # type: ignore[arg-type]
    assert read_promotions("other", world.ports().promotions, **asked) == ()  # type: ignore[arg-type]
