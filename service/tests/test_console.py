# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The review console in a real browser, with the real service and the sandbox's issuer."""

from __future__ import annotations

import gzip
import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from support.browsing import CHROMIUM, caught, check, refusal, sign_in, somebody, wait_for_moment
from support.console import Site, built, command
from support.seeds import figure, put_analysis, put_movement

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page, Route
    from psycopg import Connection

    from support.postgres import Postgres

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no chromium: the stage installs it")


@pytest.fixture(scope="module")
def analysis(site: Site, browser: Browser, person_clip: Path, migrated: dict[str, str], postgres: Postgres) -> str:
    """The id of an analysis that somebody sent by the console; what a figure's movement shows is put to it."""
    with somebody(browser) as page:
        sign_in(page, site, "ada")
        expect(page.get_by_text("Nothing here yet")).to_be_visible()
        page.get_by_label("Send a video").locator("input").set_input_files(person_clip)
        link = page.get_by_role("link", name=re.compile(r"persons\.mp4 Ready"))
        expect(link).to_be_visible()
        identity = str(link.get_attribute("href")).rpartition("/")[2]
    with postgres.connect(migrated["FASTBREAK_DATABASE_NAME"]) as connection:
        put_movement(connection, identity, figure())
    return identity


def test_the_client_s_types_are_those_of_the_service() -> None:
    command("schema", "--check")


def test_the_whole_is_small(console: Path) -> None:
    sizes = {path.name: len(gzip.compress(path.read_bytes())) for path in console.rglob("*") if path.is_file()}
    assert sum(sizes.values()) < 100_000, sizes


def test_the_same_source_gives_the_same_files(console: Path, tmp_path: Path) -> None:
    again = built(tmp_path / "again")
    before, after = (
        {path.relative_to(place): path.read_bytes() for path in place.rglob("*.*")} for place in (console, again)
    )
    assert before == after


def test_somebody_signs_in_and_out_and_leaves_nothing(page: Page, site: Site, analysis: str, tmp_path: Path) -> None:
    page.goto(site.url)
    expect(page.get_by_role("heading", name="Look at how your athletes land")).to_be_visible()
    check(page, tmp_path, "signed-out")
    sign_in(page, site, "ada", f"/analyses/{analysis}")
    assert page.url == f"{site.url}/analyses/{analysis}"
    assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]
    page.reload()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    sign_in(page, site, "ada")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert "persons.mp4" not in page.content()


def test_an_answer_that_nobody_asked_for_signs_nobody_in(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/?code=stolen&state=made-up&iss={site.config['issuer']}")
    expect(page.get_by_role("alert")).to_contain_text("begun somewhere else")
    assert page.url == f"{site.url}/"


def test_the_list_is_current_and_clean(page: Page, site: Site, analysis: str, tmp_path: Path) -> None:
    sign_in(page, site, "ada")
    expect(page.locator(f'a[href="/analyses/{analysis}"]')).to_contain_text("Ready")
    check(page, tmp_path, "list")
    page.route("**/api/v1/analyses?*", refusal(401, "unauthenticated", "Old."))
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_role("alert")).to_contain_text("Your sign-in has ended. Old.")


def test_what_the_network_dropped_is_asked_again(page: Page, site: Site, analysis: str) -> None:
    dropped: list[str] = []

    def drop_once(route: Route) -> None:
        if route.request.url in dropped:
            route.continue_()
            return
        dropped.append(route.request.url)
        route.abort("connectionfailed")

    for asked in ("**/config.json", "**/.well-known/openid-configuration", "**/api/v1/analyses?limit=*"):
        page.route(asked, drop_once)
    sign_in(page, site, "ada")
    expect(page.locator(f'a[href="/analyses/{analysis}"]')).to_be_visible()
    assert len(dropped) == 3


def test_an_upload_outlives_its_page_and_a_refused_look(
    page: Page, site: Site, person_clip: Path, analysis: str
) -> None:
    sign_in(page, site, "ada")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/api/v1/analyses", hold)
    row = page.locator(f'a[href="/analyses/{analysis}"]')
    expect(row).to_be_visible()
    page.get_by_label("Send a video").locator("input").set_input_files(person_clip)
    progress = page.get_by_role("button", name="Stop")
    expect(progress).to_be_visible()
    row.click()
    expect(page.get_by_role("slider", name="Frame")).to_be_visible()
    expect(progress).to_be_visible()
    page.route("**/api/v1/analyses?limit=*", refusal(401, "unauthenticated", "Old."))
    with page.expect_response(lambda answer: answer.status == 401):
        page.get_by_role("link", name="Fastbreak review").click()
    expect(progress).to_be_visible()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    caught(page, held).fulfill(status=202, json={"id": analysis, "status": "queued"})
    expect(page.get_by_role("status").first).to_have_text("persons.mp4 was accepted")
    expect(page.get_by_role("alert")).to_contain_text("Your sign-in has ended. Old.")


def test_a_large_video_goes_in_parts_and_goes_on_after_a_reload(
    page: Page, site: Site, large_clip: Path, tmp_path: Path
) -> None:
    page.on("dialog", lambda asked: asked.accept())
    sign_in(page, site, "ada")
    # The second part never gets there.
    page.route("**/parts/2?*", lambda _: None)
    chosen = page.get_by_label("Send a video").locator("input")
    with page.expect_response("**/parts/3?*"):
        chosen.set_input_files(large_clip)
    expect(page.get_by_text("Sending large.mp4")).to_be_visible()
    check(page, tmp_path, "sending")
    sign_in(page, site, "ada")
    page.unroute("**/parts/2?*")
    tries: list[str] = []

    def break_off_once(route: Route) -> None:
        tries.append(route.request.url.partition("/parts/")[2][:1])
        if len(tries) == 1:
            route.abort()
        else:
            route.continue_()

    page.route("**/parts/*", break_off_once)
    chosen.set_input_files(large_clip)
    expect(page.get_by_role("status").first).to_have_text("large.mp4 was accepted")
    assert tries == ["2", "2"], "what was there before the reload is not sent again"
    assert page.evaluate("sessionStorage.length") == 0


def test_a_video_over_the_limit_is_refused_before_it_is_sent(page: Page, site: Site, person_clip: Path) -> None:
    page.route("**/config.json", lambda route: route.fulfill(json={**site.config, "max_upload_bytes": 5}))
    sign_in(page, site, "ada")
    chosen = page.get_by_label("Send a video").locator("input")
    chosen.set_input_files(person_clip)
    expect(page.get_by_role("alert")).to_contain_text("the service takes at most 5 bytes")
    # The same file can be chosen again: without this, that is no change.
    expect(chosen).to_have_js_property("value", "")
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_who_may_only_send_or_only_look_is_told(
    page: Page, site: Site, person_clip: Path, analysis: str, tmp_path: Path
) -> None:
    sign_in(page, site, "bob")
    expect(page.get_by_text("needs the role reviewer")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
    check(page, tmp_path, "forbidden")
    page.get_by_label("Send a video").locator("input").set_input_files(person_clip)
    expect(page.locator(".analyses .row")).to_contain_text("persons.mp4")
    expect(page.locator(".analyses a")).to_have_count(0)
    sign_in(page, site, "eve")
    expect(page.get_by_text("Nothing here yet")).to_be_visible()
    check(page, tmp_path, "empty")
    page.get_by_label("Send a video").locator("input").set_input_files(person_clip)
    expect(page.get_by_role("alert")).to_contain_text("the role uploader")
    sign_in(page, site, "eve", f"/analyses/{analysis}")
    expect(page.get_by_role("alert")).to_contain_text("There is no such analysis")


def test_an_analysis_is_seen_frame_by_frame(page: Page, site: Site, analysis: str, tmp_path: Path) -> None:
    poses: list[dict[str, Any]] = []
    page.on("response", lambda answer: poses.extend(answer.json()["poses"]) if "/poses?" in answer.url else None)
    sign_in(page, site, "ada", f"/analyses/{analysis}")
    expect(page.get_by_text("For review", exact=True).first).to_be_visible()
    expect(page.locator(".chart canvas")).to_have_count(6)
    slider = page.get_by_role("slider", name="Frame")
    expect(slider).to_have_attribute("max", "29")
    # By the keyboard.
    slider.focus()
    page.keyboard.press("ArrowRight")
    times = sorted({pose["time_seconds"] for pose in poses})
    wait_for_moment(page, times[1])
    expect(page.locator("canvas[role=img]")).to_have_attribute("data-drawn", "2")
    # With the video, each frame has the skeletons of its own time.
    expect(page.locator("video")).to_have_js_property("readyState", 4)
    assert "/footage?" in str(page.locator("video").get_attribute("src"))
    expect(page.get_by_label("Open the video")).to_have_count(0)
    for index in (12, 29, 3):
        slider.fill(str(index))
        page.wait_for_function(
            "(time) => Math.abs(document.querySelector('video').currentTime - time) < 0.01", arg=times[index]
        )
        wait_for_moment(page, times[index])
    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_function("() => Number(document.querySelector('canvas').dataset.moment) > 0.5")
    # A click on a plot goes there, and so does a finding.
    chart = page.locator(".u-over").first
    chart.click(position={"x": 2, "y": 20})
    page.wait_for_function("() => Number(document.querySelector('canvas').dataset.moment) < 0.1")
    shown = page.locator(".shown button").first
    frame = int(re.search(r"frame (\d+)", shown.inner_text())[1])  # type: ignore[index]
    shown.click()
    wait_for_moment(page, min(frame / 30, times[-1]), 0.1)
    page.locator("details").first.locator("summary").click()
    expect(page.get_by_text("not measurable").first).to_be_visible()
    check(page, tmp_path, "analysis")


def test_a_link_that_expired_is_made_again_where_the_video_was(page: Page, site: Site, analysis: str) -> None:
    made: list[str] = []

    def expire(route: Route) -> None:
        answer = route.fetch()
        made.append(answer.json()["url"])
        first = len(made) == 1
        route.fulfill(json={**answer.json(), "expires_at": "2020-01-01T00:00:00+00:00" if first else "2999-01-01"})

    page.route("**/footage-links", expire)
    # The file itself is refused once its link is old.
    page.route("**/footage?*", lambda route: route.fulfill(status=403) if len(made) == 1 else route.continue_())
    sign_in(page, site, "ada", f"/analyses/{analysis}")
    expect(page.locator("video")).to_have_js_property("readyState", 4)
    assert len(made) == 2


def test_a_video_that_is_gone_can_be_opened_by_whoever_has_it(
    page: Page, site: Site, analysis: str, person_clip: Path
) -> None:
    page.route("**/footage-links", refusal(410, "footage_gone", "Gone."))
    sign_in(page, site, "ada", f"/analyses/{analysis}")
    page.get_by_label("Open the video").set_input_files(person_clip)
    expect(page.locator("video")).to_have_js_property("readyState", 4)
    assert str(page.locator("video").get_attribute("src")).startswith("blob:")


def test_a_finding_is_reviewed_by_the_keyboard(
    page: Page, site: Site, analysis: str, database: Connection, tmp_path: Path
) -> None:
    sign_in(page, site, "ada")
    waiting = page.get_by_role("checkbox", name="Only what awaits review")
    row = page.locator(f'a[href="/analyses/{analysis}"]')
    waiting.check()
    expect(row).to_contain_text(re.compile("await[s]? review"))
    row.click()
    card = page.locator(".card.for_review").first
    number = len(figure()["findings"])
    expect(page.locator("[aria-labelledby=findings] .card")).to_have_count(number)
    expect(page.get_by_text("Looked for over all persons:")).to_be_visible()
    expect(card.locator(".verdict")).to_have_text("Awaits review")
    card.get_by_label("Note").focus()
    page.keyboard.type("Seen twice.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(card.locator(".verdict")).to_have_text("Accepted")
    expect(card.get_by_role("button", name="Accept")).to_be_focused()
    expect(card.get_by_text("Seen twice.")).to_be_visible()
    # Somebody else has said something that this page does not show yet.
    database.execute(
        "INSERT INTO reviews SELECT analysis_id, finding, 2, 'needs_another_look', 'Which leg?', 'bob' FROM reviews"
    )
    card.get_by_role("button", name="Reject").click()
    expect(card.get_by_role("alert")).to_contain_text("Read its newest review, and decide again")
    expect(card.locator(".verdict")).to_have_text("Another look")
    card.get_by_role("button", name="Reject").click()
    expect(card.locator(".verdict")).to_have_text("Rejected")
    expect(card.get_by_role("alert")).to_have_count(0)
    card.get_by_text("Said before (2)").click()
    expect(card.get_by_text("Which leg?")).to_be_visible()
    check(page, tmp_path, "reviewed")
    for left in page.locator(".card.for_review").all():
        left.get_by_role("button", name="Accept").click()
        expect(left.locator(".verdict")).to_have_text("Accepted")
    page.get_by_role("link", name="Fastbreak review").click()
    expect(row).not_to_contain_text("review")
    waiting.check()
    expect(page.get_by_text("Nothing awaits review")).to_be_visible()
    check(page, tmp_path, "nothing-awaits")


@pytest.fixture
def waiting(database: Connection) -> Iterator[str]:
    """The id of an analysis of the hawks that nobody works on; the test says how far it is."""
    identity = put_analysis(database, figure(), "hawks")
    say(database, identity, "queued")
    yield identity
    database.execute("DELETE FROM analyses WHERE id = %s", [identity])


def say(database: Connection, analysis: str, status: str) -> None:
    database.execute("UPDATE analyses SET status = %s WHERE id = %s", [status, analysis])


def test_how_far_an_analysis_is_is_told_and_not_asked_for(
    page: Page, site: Site, waiting: str, database: Connection, tmp_path: Path
) -> None:
    own = f"/api/v1/analyses/{waiting}"
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if own in request.url else None)
    with page.expect_response(f"**{own}/progress"):
        sign_in(page, site, "ada", f"/analyses/{waiting}")
    told = page.get_by_role("status")
    expect(told.last).to_contain_text("Other videos come first.")
    say(database, waiting, "running")
    expect(told.last).to_contain_text("The frames are being measured.")
    check(page, tmp_path, "running")
    # Nobody looks any more, and then somebody does again.
    hide = "Object.defineProperty(document, 'hidden', {value: %s, configurable: true});"
    turned = "document.dispatchEvent(new Event('visibilitychange'))"
    with page.expect_event("requestfailed", lambda request: request.url.endswith("/progress")):
        page.evaluate(hide % "true" + turned)
    with page.expect_response(f"**{own}/progress"):
        page.evaluate(hide % "false" + turned)
    assert [url.removeprefix(site.url) for url in asked] == [own, f"{own}/progress"] * 2
    say(database, waiting, "succeeded")
    expect(page.get_by_role("slider", name="Frame")).to_be_visible()
    assert [url for url in asked if url.endswith("/progress")] == asked[1:4:2]


def test_the_list_shows_what_changes_by_itself(page: Page, site: Site, waiting: str, database: Connection) -> None:
    row = page.locator(f'a[href="/analyses/{waiting}"]')
    with page.expect_response(f"**/api/v1/analyses/{waiting}/progress"):
        sign_in(page, site, "ada")
    expect(row).to_contain_text("Waiting")
    say(database, waiting, "running")
    expect(row).to_contain_text("Being analysed")
    # Where it is not told, it is asked for.
    page.route("**/progress", refusal(429, "followed_full", "Too many."))
    say(database, waiting, "succeeded")
    expect(row).to_contain_text("Ready")
