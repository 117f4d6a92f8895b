# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Publishing, rolling back, and what is refused: the whole flow over a world in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    OperationError,
    RefusedError,
    RequestError,
    RolledBackError,
    SupersededError,
    WaitTimeoutError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Lock, Outcome
from ansible_collections.fastbreak.aws.plugins.module_utils._site.run import release

from tests.unit.plugins.module_utils._site.fakes import World, request

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._site.report import SiteResult


def build(name: str, **more: str) -> dict[str, str]:
    """What a build of version *name* writes: a page that names its own asset, and a picture that never changes."""
    return {
        "index.html": f"page of {name}: assets/{name}.js",
        f"assets/{name}.js": f"code of {name}",
        "assets/logo.svg": "logo",
        "robots.txt": "all may come",
        **more,
    }


def publish(world: World, name: str, *, check_mode: bool = False, keep: int = 2, **more: str) -> SiteResult:
    world.files = build(name, **more)
    world.calls.clear()
    return release(request(name, keep=keep), world.ports(), check_mode=check_mode)[0]


def roll_back(world: World, version: str = "", *, check_mode: bool = False, keep: int = 2) -> SiteResult:
    world.calls.clear()
    asked = request(version, rolls_back=True, keep=keep)
    return release(asked, world.ports(folder=False), check_mode=check_mode)[0]


def page(world: World) -> str:
    held = world.visit("index.html")
    return held.body.decode() if held else ""


def test_assets_come_first_and_the_first_page_last() -> None:
    world = World()
    done = publish(world, "one", **{"about.html": "about", "sw.js": "worker"})
    steps = [call.split()[0] for call in world.calls]
    assert steps == ["put", "start", *["put"] * 6, *["show"] * 4, "invalidate", "finish"]
    assert [call for call in world.calls if call.startswith("show")] == [
        "show robots.txt",
        "show sw.js",
        "show about.html",
        "show index.html",
    ]
    assert world.objects["assets/one.js"].cache_control == "public, max-age=31536000, immutable"
    assert world.objects["index.html"].cache_control == "no-cache"
    assert (done.changed, done.previous_version, done.release_id) == (True, "", "S#seq-000000000001")
    assert world.rows[0].outcome is Outcome.SUCCEEDED
    assert world.lock is None
    assert any("sending 6 files" in line for line in world.lines)


def test_second_run_changes_nothing_and_takes_no_lock() -> None:
    world = World()
    publish(world, "one")
    done = publish(world, "one")
    assert (done.changed, done.release_id) == (False, "S#seq-000000000001")
    assert world.calls == []


def test_only_what_changed_is_sent_and_only_changed_addresses_are_forgotten() -> None:
    world = World()
    publish(world, "one")
    done = publish(world, "two")
    assert [file.path for file in done.planned.send] == ["assets/two.js"]
    assert [file.path for file in done.planned.show] == ["index.html"]
    assert done.planned.invalidate == ("/", "/index.html")
    assert page(world) == "page of two: assets/two.js"
    assert "assets/one.js" in world.objects


def test_check_mode_writes_nothing_and_lists_everything() -> None:
    world = World()
    publish(world, "one")
    world.files, before = build("two"), dict(world.objects)
    world.calls.clear()
    done, told = release(request("two"), world.ports(), check_mode=True)
    assert (done.changed, world.calls, world.objects, done.release_id) == (True, [], before, "")
    assert told["before"] == "version one\n"
    assert told["after"].splitlines() == [
        "version two",
        "send /assets/two.js (text/javascript; charset=utf-8, 11 bytes)",
        "keep the content of /index.html for rollbacks (26 bytes)",
        "show /index.html (text/html; charset=utf-8)",
        "invalidate /",
        "invalidate /index.html",
    ]


def test_what_no_kept_version_names_is_deleted_and_what_nobody_published_is_not() -> None:
    world = World()
    publish(world, "one", **{"old.txt": "old"})
    world.objects["by-hand.txt"] = world.objects["robots.txt"]
    publish(world, "two")
    assert "assets/one.js" in world.objects
    done = publish(world, "three")
    assert {"assets/one.js", "old.txt"} <= {*done.planned.forget}
    assert not {"assets/one.js", "old.txt"} & world.objects.keys()
    assert {"by-hand.txt", "assets/two.js", "assets/logo.svg"} <= world.objects.keys()
    assert [call for call in world.calls if call.startswith("invalidate")][-1] == "invalidate /old.txt"
    assert world.calls[-1].startswith("delete .site/manifests/")
    assert not publish(world, "three").changed


def test_rollback_sends_nothing_and_the_next_one_stays() -> None:
    world = World()
    publish(world, "one")
    publish(world, "two")
    done = roll_back(world)
    assert (done.planned.version, done.changed, done.planned.send, done.planned.store) == ("one", True, (), ())
    assert page(world) == "page of one: assets/one.js"
    assert world.rows[-1].kind == "rollback"
    assert not roll_back(world).changed
    assert roll_back(world, "two").changed
    assert page(world) == "page of two: assets/two.js"


def test_rollback_in_check_mode_writes_nothing() -> None:
    world = World()
    publish(world, "one")
    publish(world, "two")
    assert roll_back(world, check_mode=True).planned.version == "one"
    assert world.calls == []


def test_rollback_to_what_is_not_kept_is_refused_with_what_is() -> None:
    world = World()
    with pytest.raises(RefusedError, match="no version of it was ever verified"):
        roll_back(world)
    for name in ("one", "two", "three"):
        publish(world, name)
    with pytest.raises(RefusedError, match=r"version one is not kept. Kept are: three, two\."):
        roll_back(world, "one")


@pytest.mark.parametrize("lost", ["assets/one.js", ".site/manifests/"])
def test_rollback_to_a_version_of_which_something_was_deleted_is_refused(lost: str) -> None:
    world = World()
    publish(world, "one")
    key = next(key for key in world.objects if key.startswith(lost))
    publish(world, "two")
    del world.objects[key]
    with pytest.raises(RefusedError, match="Somebody deleted them"):
        roll_back(world)
    assert world.calls == []


def test_a_name_that_stands_for_another_content_is_refused_before_anything_is_written() -> None:
    world = World()
    publish(world, "one")
    with pytest.raises(RefusedError, match=r"assets/logo\.svg is kept under that name with another content"):
        publish(world, "two", **{"assets/logo.svg": "another logo"})
    assert world.calls == []


def test_a_version_is_published_with_one_content() -> None:
    world = World()
    publish(world, "one")
    with pytest.raises(RefusedError, match="version one was published with other files"):
        publish(world, "one", **{"robots.txt": "nobody may come"})


def test_what_somebody_changed_by_hand_is_put_right() -> None:
    world = World()
    publish(world, "one")
    world.objects["index.html"].body = b"by hand"
    assert publish(world, "one").changed
    assert page(world) == "page of one: assets/one.js"


def test_a_version_that_is_not_served_is_undone() -> None:
    world = World()
    publish(world, "one")
    world.serves = lambda file: "has content-type 'text/plain'" if "two" in file.path else ""
    with pytest.raises(RolledBackError, match=r"two is not served as it should be: /assets/two\.js has content-type"):
        publish(world, "two")
    assert page(world) == "page of one: assets/one.js"
    assert [row.outcome for row in world.rows] == [Outcome.SUCCEEDED, Outcome.ROLLED_BACK]
    assert world.seconds >= 5
    world.serves = None
    assert publish(world, "two").changed


def test_a_first_version_that_is_not_served_fails() -> None:
    world = World(serves=lambda _file: "is answered with 403")
    with pytest.raises(OperationError, match="There is no version to go back to"):
        publish(world, "one")
    assert world.rows[0].outcome is Outcome.FAILED


def test_a_folder_that_changes_meanwhile_is_not_shown() -> None:
    world = World()
    publish(world, "one")

    def change(call: str) -> None:
        if call == "put assets/two.js":
            world.files["robots.txt"] = "written late"

    world.on_write = change
    with pytest.raises(RequestError, match=r"changed while it was published.*shows what it showed before \(one\)"):
        publish(world, "two")
    assert page(world) == "page of one: assets/one.js"
    assert world.lock is None


def test_an_invalidation_that_does_not_end_ends_the_run_and_the_next_one_goes_on() -> None:
    world = World()
    publish(world, "one")
    world.pending = 1000
    with pytest.raises(WaitTimeoutError, match="invalidation I1 of distribution E1 was not done after 30 s"):
        publish(world, "two")
    world.pending = 3
    done = publish(world, "two")
    assert (done.changed, done.planned.send, done.planned.invalidate) == (True, (), ("/", "/index.html"))
    assert world.rows[-1].outcome is Outcome.SUCCEEDED


def test_the_second_of_two_publishers_is_told_who_and_since_when() -> None:
    world = World(lock=Lock("other@there:2:bbbb", "2026-01-01T00:00:00.000Z", 9))

    def renew(seconds: float) -> None:
        assert world.lock
        world.seconds += seconds
        world.lock = world.lock.renewed()

    world.sleep = renew  # type: ignore[method-assign]
    with pytest.raises(RefusedError, match=r"other@there:2:bbbb \(since 2026-01-01T00:00:00.000Z\) is publishing"):
        publish(world, "one")
    assert world.calls == []


def test_the_lock_of_a_dead_publisher_is_taken_over() -> None:
    world = World(lock=Lock("other@there:2:bbbb", "2026-01-01T00:00:00.000Z", 9))
    assert publish(world, "one").changed
    assert world.seconds >= 90


def test_a_run_that_lost_its_lock_shows_nothing() -> None:
    world = World()
    publish(world, "one")

    def take(call: str) -> None:
        if call == "put assets/two.js":
            world.lock = Lock("other@there:2:bbbb", "2026-01-01T00:00:00.000Z", 1)

    world.on_write = take
    with pytest.raises(SupersededError, match=r"Publishing site .* was taken over by other@there"):
        publish(world, "two")
    assert page(world) == "page of one: assets/one.js"


def test_a_version_gets_its_name_from_its_content_when_none_is_given() -> None:
    world = World(files=build("one"))
    done, _told = release(request(), world.ports(), check_mode=False)
    assert done.planned.version == done.planned.target.digest[:12]
