# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is deleted in which order."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.fastbreak.aws.plugins.module_utils._site.plan import SitePlan
from ansible_collections.fastbreak.aws.plugins.module_utils._site.prune import prune
from ansible_collections.fastbreak.aws.plugins.module_utils._site.session import Session

from tests.unit.plugins.module_utils._site.fakes import World, file_of, manifest_of, request


def test_pages_go_first_and_lists_last() -> None:
    keys = (".site/files/a", ".site/manifests/a.json", "assets/a.js", "old.html")
    world = World()
    for key in keys:
        world.put_file(key, file_of("a.txt", "a"), b"a")
    world.calls.clear()
    planned = SitePlan("1", manifest_of({}), recorded=True, forget=keys, leave=("/gone.html", "/old.html"))
    prune(Session(request(), world.ports()), planned, "x")
    assert world.calls == [
        "delete old.html",
        "invalidate /gone.html /old.html",
        "delete .site/files/a",
        "delete assets/a.js",
        "delete .site/manifests/a.json",
    ]
    assert world.objects == {}
    prune(Session(request(), world.ports()), replace(planned, forget=()), "x")
    assert len(world.calls) == 5
