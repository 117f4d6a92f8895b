# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Saying who is who in the review console, in a real browser with the real service."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from support.browsing import CHROMIUM, caught, check, refusal, sign_in, somebody
from support.seeds import bent, figure, landings, put_analysis, put_persons

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page, Route
    from psycopg import Connection

    from support.console import Site

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no chromium: the stage installs it")
WORDS = "Person 2 came, as large."
DOUBT = {"kind": "may_be_one", "person": 1, "other": 2, "seconds": 2.0, "words": WORDS}


@pytest.fixture
def doubted(database: Connection) -> Iterator[str]:
    """The id of an analysis of the hawks in which one figure was taken for two, and that is in doubt."""
    identity = put_persons(database, landings(), "hawks")
    database.execute(
        "INSERT INTO doubts (analysis_id, number, person, other, content) VALUES (%s, 1, 1, 2, %s)",
        [identity, json.dumps(DOUBT)],
    )
    yield identity
    database.execute("DELETE FROM analyses WHERE id = %s", [identity])


def test_a_doubt_is_answered_and_the_answer_undone(page: Page, site: Site, doubted: str, tmp_path: Path) -> None:
    """By the keyboard alone."""
    sign_in(page, site, "kim", f"/analyses/{doubted}")
    who = page.get_by_role("region", name="Who is who")
    expect(who.get_by_role("listitem")).to_contain_text(WORDS)
    expect(page.get_by_role("slider", name="Frame")).to_be_visible()
    check(page, tmp_path, "doubt")
    who.get_by_role("button", name="Show 0:02").press("Enter")
    expect(page.locator("output")).to_have_text("0:02.00")
    who.get_by_role("button", name="1 and 2 are the same person").press("Enter")
    expect(who.get_by_role("status")).to_have_text("Persons 1 and 2 are one, who is number 1.")
    expect(who.get_by_role("heading")).to_be_focused()
    expect(page.locator(".facts")).to_contain_text("1 person")
    expect(who.get_by_role("listitem")).to_have_count(0)
    expect(who.get_by_text("Said so far (1)")).to_be_visible()
    who.get_by_text("Said so far (1)").press("Enter")
    expect(who.locator(".entry")).to_contain_text("By kim")
    check(page, tmp_path, "corrected")
    who.get_by_role("button", name="Undo correction 1").press("Enter")
    expect(page.locator(".facts")).to_contain_text("2 persons")
    expect(who.locator(".entry").last).to_contain_text("(undone)")


def test_two_in_doubt_are_two_and_that_is_undone(page: Page, site: Site, doubted: str) -> None:
    sign_in(page, site, "kim", f"/analyses/{doubted}")
    who = page.get_by_role("region", name="Who is who")
    who.get_by_role("button", name="1 and 2 are two persons").press("Enter")
    expect(who.get_by_role("status")).to_have_text("Persons 1 and 2 are two at 2 s, and keep their numbers.")
    expect(who.get_by_role("listitem")).to_have_count(0)
    # It is hidden until all is that of now, and what is hidden takes no key.
    expect(who.get_by_text("Said so far (1)")).to_be_visible()
    expect(page.locator(".facts")).to_contain_text("2 persons")
    who.get_by_text("Said so far (1)").press("Enter")
    who.get_by_role("button", name="Undo correction 1").press("Enter")
    expect(who.get_by_role("status")).to_have_text("Correction 1 is undone.")
    expect(who.locator(".entry").last).to_contain_text("(undone)")


def test_somebody_is_split_at_the_frame_that_is_shown(page: Page, site: Site, doubted: str) -> None:
    sign_in(page, site, "kim", f"/analyses/{doubted}")
    page.get_by_label("Angles of").select_option("2")
    who = page.get_by_role("region", name="Who is who")
    who.get_by_role("button", name="Split person 2").click()
    expect(who.get_by_role("alert")).to_contain_text("splits nothing")
    who.get_by_role("button", name="Show 0:02").click()
    frame = page.get_by_role("slider", name="Frame")
    for _ in range(9):
        frame.press("ArrowRight")
    who.get_by_role("button", name="Split person 2").click()
    expect(who.get_by_role("status")).to_contain_text("Person 2 is number 3 from")
    expect(page.locator(".facts")).to_contain_text("3 persons")


def test_of_two_reviewers_the_slower_decides_again_on_the_others_result(
    page: Page, browser: Browser, site: Site, doubted: str
) -> None:
    who = page.get_by_role("region", name="Who is who")
    sign_in(page, site, "kim", f"/analyses/{doubted}")
    who.get_by_role("button", name="Show 0:02").click()
    for _ in range(9):
        page.get_by_role("slider", name="Frame").press("ArrowRight")
    page.get_by_label("Angles of").select_option("2")
    split = who.get_by_role("button", name="Split person 2")
    expect(split).to_be_visible()
    with somebody(browser) as other:
        sign_in(other, site, "ada", f"/analyses/{doubted}")
        others = other.get_by_role("region", name="Who is who")
        others.get_by_role("button", name="1 and 2 are the same person").click()
        expect(others.get_by_role("status")).to_have_text("Persons 1 and 2 are one, who is number 1.")
    held: list[Route] = []
    page.route("**/poses?*", lambda route: held.append(route), times=1)  # noqa: PLW0108 - it marks what it is given
    split.click()
    expect(who.get_by_role("alert")).to_contain_text("Somebody has said who is who")
    expect(page.locator(".facts")).to_contain_text("1 person")
    expect(who.get_by_role("heading")).to_be_focused()
    # Until all is that of now, nothing can be said.
    expect(who).to_contain_text("Loading who is who")
    expect(who.get_by_role("button")).to_have_count(0)
    caught(page, held).continue_()
    expect(who.get_by_text("Said so far (1)")).to_be_visible()
    expect(who.get_by_role("listitem")).to_have_count(0)
    expect(page.get_by_label("Angles of")).to_have_count(0)
    who.get_by_role("button", name="Split person 1").click()
    expect(who.get_by_role("status")).to_contain_text("Person 1 is number 3 from")
    expect(page.locator(".facts")).to_contain_text("2 persons")


def test_what_was_said_before_the_results_arrive_is_refused(
    page: Page, site: Site, doubted: str, database: Connection
) -> None:
    """The version is never newer than what is shown: somebody else is faster while the page loads."""

    def corrected(route: Route) -> None:
        database.execute(
            "INSERT INTO corrections (analysis_id, version, content, reviewer) VALUES (%s, 1, %s, 'ada')",
            [doubted, json.dumps({"kind": "undo", "correction": 1})],
        )
        route.continue_()

    page.route("**/poses?*", corrected, times=1)
    sign_in(page, site, "kim", f"/analyses/{doubted}")
    who = page.get_by_role("region", name="Who is who")
    who.get_by_role("button", name="Same person", exact=True).click()
    expect(who.get_by_role("alert")).to_contain_text("Somebody has said who is who")
    expect(who.get_by_text("Said so far (1)")).to_be_visible()


@pytest.mark.parametrize("part", ["corrections", "doubts"])
def test_who_is_who_that_cannot_be_loaded_is_asked_for_again(page: Page, site: Site, doubted: str, part: str) -> None:
    sign_in(page, site, "kim", f"/analyses/{doubted}")
    who = page.get_by_role("region", name="Who is who")
    same = who.get_by_role("button", name="1 and 2 are the same person")
    expect(same).to_be_visible()
    page.route(f"**/{part}?*", refusal(503, "database_unavailable", "The database cannot be reached."))
    with page.expect_response(f"**/{part}?*"):
        same.click()
    expect(page.get_by_role("alert")).to_contain_text("The database cannot be reached.")
    page.unroute(f"**/{part}?*")
    page.get_by_role("button", name="Try again").click()
    expect(who.get_by_text("Said so far (1)")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_where_nothing_can_be_corrected_nobody_is_asked(page: Page, site: Site, database: Connection) -> None:
    older = put_analysis(database, figure(), "hawks")
    sign_in(page, site, "kim", f"/analyses/{older}")
    expect(page.get_by_role("slider", name="Frame")).to_be_visible()
    expect(page.get_by_role("heading", name="Who is who")).to_have_count(0)
    page.route("**/corrections?*", refusal(404, "not_found", "There is nothing."))
    page.reload()
    sign_in(page, site, "kim", f"/analyses/{older}")
    expect(page.get_by_role("heading", name="Who is who")).to_have_count(0)
    expect(page.get_by_role("alert")).to_have_count(0)
    database.execute("DELETE FROM analyses WHERE id = %s", [older])


def test_a_player_is_named_and_held_against_their_own(
    page: Page, site: Site, database: Connection, tmp_path: Path
) -> None:
    """By the keyboard alone; and unsaid again."""
    made = [put_analysis(database, bent(more), "hawks") for more in (60, 61, 62, 63)]
    database.execute(
        "INSERT INTO players (analysis_id, person, player, named_by) "
        "SELECT id, 1, 'P-0012', 'ada' FROM unnest(%s::uuid[]) AS id",
        [made],
    )
    put = put_persons(database, landings()[:1], "hawks")
    database.execute("DELETE FROM events WHERE analysis_id = %s", [put])
    for number, content in enumerate(figure()["events"], start=1):
        database.execute("INSERT INTO events VALUES (%s, %s, 1, %s)", [put, number, json.dumps(content)])
    sign_in(page, site, "kim", f"/analyses/{put}")
    who = page.get_by_role("region", name="Who is who")
    field = who.get_by_label("Person 1 is the team's player")
    field.fill("P-0012")
    field.press("Enter")
    expect(who.get_by_role("status")).to_have_text("Person 1 is P-0012.")
    expect(who.locator("summary")).to_contain_text("for review")
    expect(who.get_by_text("below the own range of").first).to_be_visible()
    check(page, tmp_path, "player")
    who.get_by_role("button", name="Not known").press("Enter")
    expect(who.get_by_role("status")).to_have_text("Nobody knows which player person 1 is.")
    expect(field).to_have_value("")
    database.execute("DELETE FROM analyses WHERE id = ANY(%s::uuid[])", [[*made, put]])
