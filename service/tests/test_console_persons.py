# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Saying who is who in the review console, in a real browser with the real service."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from support.browsing import CHROMIUM, check, refusal, sign_in
from support.seeds import figure, landings, put_analysis, put_persons

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page
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
    who.get_by_text("Said so far (1)").press("Enter")
    expect(who.locator(".entry")).to_contain_text("By kim")
    check(page, tmp_path, "corrected")
    who.get_by_role("button", name="Undo correction 1").press("Enter")
    expect(page.locator(".facts")).to_contain_text("2 persons")
    expect(who.locator(".entry").last).to_contain_text("(undone)")


def test_somebody_is_split_at_the_frame_that_is_shown(
    page: Page, site: Site, doubted: str, database: Connection
) -> None:
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
    # Somebody else is faster, by another page.
    database.execute(
        "INSERT INTO corrections (analysis_id, version, content, reviewer) VALUES (%s, 2, %s, 'ada')",
        [doubted, json.dumps({"kind": "undo", "correction": 1})],
    )
    who.get_by_role("button", name="Same person", exact=True).click()
    expect(who.get_by_role("alert")).to_contain_text("Somebody has said who is who")
    expect(who.get_by_text("Said so far (2)")).to_be_visible()


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
