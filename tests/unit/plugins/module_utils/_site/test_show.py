# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pages are shown, and caches forget them."""

from __future__ import annotations

from ansible_collections.fastbreak.aws.plugins.module_utils._site.session import Session
from ansible_collections.fastbreak.aws.plugins.module_utils._site.show import invalidate

from tests.unit.plugins.module_utils._site.fakes import World, request


def test_nothing_changed_is_no_invalidation() -> None:
    world = World()
    invalidate(Session(request(), world.ports()), (), "x")
    assert world.calls == []


def test_an_invalidation_is_waited_for_and_named_after_the_run() -> None:
    world, references = World(pending=3), []
    made = world.invalidate

    def note(addresses: tuple[str, ...], reference: str) -> str:
        references.append(reference)
        return made(addresses, reference)

    world.invalidate = note  # type: ignore[method-assign]
    invalidate(Session(request(), world.ports()), ("/a",), "S#1-show")
    assert references == ["me@here:1:aaaa S#1-show"]
    assert world.seconds >= 3
