# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Erasing in the review console, in a real browser with the real service."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from support.browsing import CHROMIUM, check, refusal, sign_in
from support.seeds import figure, put_analysis

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page
    from psycopg import Connection

    from support.console import Site

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no chromium: the stage installs it")


@pytest.fixture
def doomed(database: Connection) -> Iterator[str]:
    """The id of an analysis of the hawks with the facts of a video, and with no video."""
    identity = put_analysis(database, figure(), "hawks")
    yield identity
    database.execute("DELETE FROM analyses WHERE id = %s", [identity])


def test_an_administrator_alone_is_asked_whether_to_erase(page: Page, site: Site, doomed: str, tmp_path: Path) -> None:
    sign_in(page, site, "kim", f"/analyses/{doomed}")
    expect(page.get_by_role("slider", name="Frame")).to_be_visible()
    button = page.get_by_role("button", name="Erase", exact=True)
    expect(button).to_have_count(0)
    sign_in(page, site, "ada", f"/analyses/{doomed}")
    button.press("Enter")
    asked = page.get_by_role("dialog", name="Erase this analysis for good?")
    expect(asked).to_contain_text("This cannot be undone")
    expect(asked.get_by_role("button", name="Keep it")).to_be_focused()
    check(page, tmp_path, "erasing")
    # Whoever thinks again is where they were.
    page.keyboard.press("Escape")
    expect(asked).to_have_count(0)
    expect(button).to_be_focused()
    page.route(f"**/api/v1/analyses/{doomed}", refusal(403, "forbidden", "This needs the role administrator."))
    button.press("Enter")
    sure = asked.get_by_role("button", name="Erase for good")
    sure.press("Enter")
    expect(asked.get_by_role("alert")).to_have_text("This needs the role administrator.")
    expect(sure).to_be_focused()


def test_an_erased_analysis_has_a_certificate_and_is_in_no_list(  # noqa: PLR0913, PLR0917 - where, what, how
    page: Page, site: Site, doomed: str, database: Connection, person_clip: Path, tmp_path: Path
) -> None:
    sign_in(page, site, "ada", f"/analyses/{doomed}")
    page.get_by_label("Open the video").set_input_files(person_clip)
    expect(page.locator("video")).to_have_js_property("readyState", 4)
    page.evaluate("window.seen = document.querySelector('video'); window.seen.loop = true")
    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_function("() => !window.seen.paused")
    # The storage does not delete the video at the moment.
    left = {
        "person": None,
        "footage": "deleted",
        "requested_at": "2026-01-02T03:04:05+00:00",
        "erased_at": None,
        "backups_expire_at": None,
    }
    page.route(f"**/api/v1/analyses/{doomed}", refusal(503, "storage_unavailable", "It is tried again."))
    certificates = {"erasures": [{"analysis": doomed, "erased": {"events": 1}, **left}], "next": None}
    page.route("**/api/v1/erasures?*", lambda route: route.fulfill(json=certificates))
    page.get_by_role("button", name="Erase", exact=True).click()
    page.get_by_role("button", name="Erase for good").click()
    expect(page.get_by_role("heading", name="Erased, but for the video")).to_be_focused()
    expect(page.get_by_role("alert")).to_have_text("It is tried again.")
    page.wait_for_function("() => !window.seen.isConnected && window.seen.paused")
    page.unroute(f"**/api/v1/analyses/{doomed}")
    page.get_by_role("button", name="Ask again").click()
    expect(page.get_by_role("heading", name="Erased for good")).to_be_focused()
    expect(page.locator("dl")).to_contain_text("1 person")
    expect(page.get_by_role("alert")).to_have_count(0)
    check(page, tmp_path, "erased")
    assert database.execute("SELECT 1 FROM analyses WHERE id = %s", [doomed]).fetchall() == []
    with page.expect_response("**/api/v1/analyses?limit=*"):
        page.get_by_role("link", name="All analyses").click()
    expect(page.get_by_role("heading", name="Analyses")).to_be_visible()
    expect(page.get_by_text("Loading the analyses")).to_have_count(0)
    expect(page.locator(f'a[href="/analyses/{doomed}"]')).to_have_count(0)


@pytest.fixture
def shared(page: Page, site: Site, plain_clip: Path, database: Connection) -> Iterator[str]:
    """The id of an analysis with its video, in which two persons are to be seen; it was sent by the page."""
    sign_in(page, site, "ada")
    page.get_by_label("Send a video").locator("input").set_input_files(plain_clip)
    link = page.get_by_role("link", name=re.compile(r"plain\.\w+ Ready"))
    expect(link).to_be_visible()
    identity = str(link.get_attribute("href")).rpartition("/")[2]
    for person in (1, 2):
        database.execute("INSERT INTO persons VALUES (%s, %s, 9, 0, 9, '{}')", [identity, person])
        database.execute(
            "INSERT INTO poses (analysis_id, number, person, frame, time_seconds, points) "
            "SELECT %s, 10 * %s + n, %s, n, n / 10.0, array_fill(40, ARRAY[34]) FROM generate_series(1, 2) n",
            [identity, person, person],
        )
    yield identity
    database.execute("DELETE FROM analyses WHERE id = %s", [identity])


def test_a_person_is_erased_out_of_the_video_and_another_with_it(
    page: Page, site: Site, shared: str, database: Connection, tmp_path: Path
) -> None:
    sign_in(page, site, "ada", f"/analyses/{shared}")
    button = page.get_by_role("button", name="Erase person 1")
    button.press("Enter")
    asked = page.get_by_role("dialog", name="Erase person 1 for good?")
    expect(asked).to_contain_text("the others stay")
    blur, delete = (asked.get_by_role("radio", name=name) for name in ("Blur them in it", "Delete it"))
    expect(blur).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(delete).to_be_checked()
    check(page, tmp_path, "erasing-person")
    page.keyboard.press("Escape")
    expect(button).to_be_focused()
    page.route("**/persons/1?*", refusal(409, "person_not_placed", "footage=delete erases."))
    button.press("Enter")
    blur.check()
    sure = asked.get_by_role("button", name="Erase for good")
    sure.press("Enter")
    expect(asked.get_by_role("alert")).to_contain_text("Have the video deleted instead")
    page.unroute("**/persons/1?*")
    sure.press("Enter")
    expect(page.get_by_role("heading", name="Person 1 is erased, and blurred in the video")).to_be_focused()
    expect(page.locator("dl")).to_contain_text("1 version of the video")
    check(page, tmp_path, "erased-person")
    page.get_by_role("button", name="Back to the analysis").click()
    # The film plays everywhere, as the video that was sent does not.
    expect(page.locator("video")).to_have_js_property("readyState", 4)
    expect(button).to_have_count(0)
    page.get_by_role("button", name="Erase person 2").click()
    page.get_by_role("radio", name="Delete it").check()
    page.get_by_role("button", name="Erase for good").click()
    expect(page.get_by_role("heading", name="Person 2 is erased, and the video with them")).to_be_focused()
    page.get_by_role("button", name="Back to the analysis").click()
    expect(page.get_by_text("There is nobody to show")).to_be_visible()
    told = database.execute("SELECT person, how FROM person_erasures WHERE analysis_id = %s ORDER BY 1", [shared])
    assert told.fetchall() == [(1, "blurred"), (2, "deleted")]


def test_whoever_waits_for_the_blur_may_have_the_video_deleted(page: Page, site: Site, doomed: str) -> None:
    waiting = {"analysis": doomed, "person": 1, "footage": "blurred", "erased_at": None, "backups_expire_at": None}
    told = {**waiting, "requested_at": "2026-01-02T03:04:05+00:00", "erased": {"persons": 1}}
    page.route("**/persons/1?footage=blur", lambda route: route.fulfill(status=202, json=told))
    page.on("dialog", lambda question: question.accept())
    sign_in(page, site, "ada", f"/analyses/{doomed}")
    page.get_by_role("button", name="Erase person 1").click()
    page.get_by_role("button", name="Erase for good").click()
    expect(page.get_by_role("heading", name="Person 1 is erased, but for the video")).to_be_focused()
    expect(page.get_by_role("status").last).to_contain_text("being blurred")
    page.get_by_role("button", name="Delete the video instead").click()
    expect(page.get_by_role("heading", name="Person 1 is erased, and the video with them")).to_be_focused()
