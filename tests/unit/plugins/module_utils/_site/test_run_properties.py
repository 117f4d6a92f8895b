# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever is published and wherever a run is killed: the page that users get names only what is there."""

from __future__ import annotations

import contextlib
import json

from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError
from ansible_collections.fastbreak.aws.plugins.module_utils._site.run import release
from hypothesis import example, given
from hypothesis import strategies as st

from tests.unit.plugins.module_utils._site.fakes import Killed, World, request

names = st.sampled_from(["a", "b", "c", "d"])
texts = st.sampled_from(["x", "y"])


@st.composite
def builds(draw: st.DrawFn) -> dict[str, str]:
    """A build: assets by the hash of their content, other files, and pages that say which assets they need."""
    assets = {
        f"assets/{name}-{content}.js": content
        for name, content in draw(st.dictionaries(names, texts, max_size=4)).items()
    }
    others = {f"{name}.txt": content for name, content in draw(st.dictionaries(names, texts, max_size=2)).items()}
    pages = draw(st.sets(st.sampled_from(["about.html", "help.html"])))
    needed = json.dumps(assets, sort_keys=True)
    return {**assets, **others, **dict.fromkeys([*pages, "index.html"], needed)}


def visit(world: World) -> None:
    """Every page names only assets that are there, with the content that it was built with.

    A page comes from a cache that keeps it, or from one that has nothing; assets come from the latter: it hides least.
    """
    for path in ("index.html", "about.html", "help.html"):
        for page in (world.visit(path), world.objects.get(path)):
            if page:
                assert missing(world, page.body.decode()) == {}, path


def missing(world: World, page: str) -> dict[str, str]:
    """The assets that *page* names and that are not there as it needs them."""
    held = {path: found.body.decode() for path, found in world.objects.items()}
    return {path: content for path, content in json.loads(page).items() if held.get(path) != content}


def run(world: World, build: dict[str, str] | None, kill_at: int) -> bool:
    """Publish *build*, or roll back without one; whether it came to its end. A dead run's lock stays."""
    world.calls.clear()
    world.dead, world.kill_at, world.files = False, kill_at, build or {}
    try:
        release(request(rolls_back=build is None, keep=2), world.ports(folder=build is not None), check_mode=False)
    except Killed:
        return False
    return True


#: A page that the version after lacks, and that caches keep.
ABOUT = {"assets/a-x.js": "x", "about.html": '{"assets/a-x.js": "x"}', "index.html": '{"assets/a-x.js": "x"}'}
BARE = {"index.html": "{}"}


# A run is killed before it shows its own such page, and another after, before caches forget the one of before.
@example([(ABOUT, -1), (BARE, -1), ({**BARE, "about.html": "{}"}, 2)], {**BARE, "a.txt": "x"})
@example([(ABOUT, -1), (BARE, -1), ({**BARE, "about.html": "{}"}, 3)], {**BARE, "a.txt": "x"})
@given(st.lists(st.tuples(st.none() | builds(), st.integers(-1, 25)), min_size=1, max_size=6), builds())
def test_no_page_lacks_what_it_names_whatever_is_killed_when(
    runs: list[tuple[dict[str, str] | None, int]], last: dict[str, str]
) -> None:
    world = World(on_write=lambda _call: visit(world))
    for build, kill_at in runs:
        with contextlib.suppress(RefusedError):
            run(world, build, kill_at)
        visit(world)
    assert run(world, last, -1)
    assert {path: held.body.decode() for path in last if (held := world.visit(path))} == last
    assert run(world, last, -1)
    assert world.calls == []
    visit(world)


@given(builds(), builds(), builds())
def test_an_open_page_of_the_version_before_has_its_assets(
    first: dict[str, str], second: dict[str, str], third: dict[str, str]
) -> None:
    world = World()
    for before, build in ((first, first), (first, second), (second, third)):
        run(world, build, -1)
        assert missing(world, before["index.html"]) == {}
