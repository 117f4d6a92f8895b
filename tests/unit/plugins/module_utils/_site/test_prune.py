# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists of files are deleted last."""

from __future__ import annotations

from ansible_collections.fastbreak.aws.plugins.module_utils._site.prune import prune
from ansible_collections.fastbreak.aws.plugins.module_utils._site.session import Session

from tests.unit.plugins.module_utils._site.fakes import World, file_of, request


def test_lists_go_last_and_addresses_are_forgotten() -> None:
    keys = (".site/files/a", ".site/manifests/a.json", "assets/a.js", "old.txt")
    world = World()
    for key in keys:
        world.put_file(key, file_of("a.txt", "a"), b"a")
    world.calls.clear()
    prune(Session(request(), world.ports()), keys, "x")
    assert world.calls == [
        "delete .site/files/a",
        "delete assets/a.js",
        "delete old.txt",
        "delete .site/manifests/a.json",
        "invalidate /old.txt",
    ]
    assert world.objects == {}
    prune(Session(request(), world.ports()), (), "x")
    assert len(world.calls) == 5
