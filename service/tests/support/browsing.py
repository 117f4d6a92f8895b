# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What people and the service do on pages of the console."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Error, expect

from support.console import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page, Response, Route

    from support.console import Site

CHROMIUM = shutil.which("chromium")
MILLISECONDS = 120_000
expect.set_options(timeout=MILLISECONDS)
# Chromium drops what it has under way when the machine's network changes, as it does with each container.
DROPPED = "net::ERR_NETWORK_CHANGED"
TRIES = 4
_AXE = ROOT / "service" / "web" / "node_modules" / "axe-core" / "axe.min.js"


@contextmanager
def somebody(browser: Browser) -> Iterator[Page]:
    """A page of somebody new, which must not break anything or meet the policy."""
    context = browser.new_context(ignore_https_errors=True, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(MILLISECONDS)
    made = context.new_page()
    broken: list[str] = []
    made.on("pageerror", lambda error: broken.append(str(error)))
    made.on("console", lambda line: broken.append(line.text) if "Content Security Policy" in line.text else None)
    yield made
    context.close()
    assert broken == []


def sign_in(page: Page, site: Site, person: str, path: str = "/") -> None:
    """Open a page of the console and sign in."""
    sign_in_at(page, site.url + path, person)


def sign_in_at(page: Page, address: str, person: str) -> Response:
    """Open a page and sign in, again when the browser dropped a request on the way; what the page was answered with."""
    dropped: list[str] = []
    page.on("requestfailed", lambda request: dropped.append(request.url) if request.failure == DROPPED else None)
    for _ in range(TRIES - 1):
        dropped.clear()
        try:
            return _sign_in(page, address, person)
        except (Error, AssertionError) as error:
            # The page that says so may come while the next one is asked for.
            if not dropped and "chrome-error:" not in str(error):
                raise
    return _sign_in(page, address, person)


def _sign_in(page: Page, address: str, person: str) -> Response:
    answer = page.goto(address)
    assert answer is not None
    page.get_by_role("button", name="Sign in").click()
    choice, problem = page.get_by_role("button", name=person), page.get_by_role("alert")
    expect(choice.or_(problem)).to_be_visible()
    expect(problem).to_have_count(0)
    choice.click()
    signed_in = page.get_by_role("button", name="Sign out")
    expect(signed_in.or_(problem).first).to_be_visible()
    # What a page has to say to somebody who is signed in is not about signing in.
    if not signed_in.is_visible():
        expect(problem).to_have_count(0)
    return answer


def caught(page: Page, held: list[Route]) -> Route:
    """The first request that a route's handler has put aside; what the page shows may come before it is handed over."""
    for _ in range(MILLISECONDS // 50):
        if held:
            return held[0]
        page.wait_for_timeout(50)
    pytest.fail(f"{page.url} asked for nothing that was to be held")


def check(page: Page, pictures: Path, name: str) -> None:
    """Nothing that axe finds, in light and dark, wide and narrow; a picture of each."""
    for width, scheme in ((1280, "light"), (400, "dark")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        if page.evaluate("typeof axe") == "undefined":
            page.evaluate(_AXE.read_text(encoding="utf-8"))
        found = page.evaluate("axe.run().then((told) => told.violations)")
        page.screenshot(path=pictures / f"{name}-{width}.png", full_page=True)
        assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.set_viewport_size({"width": 1280, "height": 900})
    page.emulate_media(color_scheme="light")


def wait_for_moment(page: Page, time: float, within: float = 0.001) -> None:
    """Until the skeletons of a time are drawn."""
    shown = "([time, within]) => Math.abs(document.querySelector('canvas').dataset.moment - time) <= within"
    page.wait_for_function(shown, arg=[time, within])


def refusal(status: int, code: str, message: str) -> Callable[[Route], None]:
    """An answer of the service that refuses."""
    return lambda route: route.fulfill(status=status, json={"error": {"code": code, "message": message}})
