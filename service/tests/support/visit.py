# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Visit a published console in Debian's Chromium: `python -m support.visit SITE PERSON ANALYSIS`, in `service/tests`.

PERSON signs in at the sandbox's issuer on the page of ANALYSIS, looks at it, and finds it in the list. It fails when
that does not work, when the page breaks, or when it meets its own content security policy.
"""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

from playwright.sync_api import expect, sync_playwright

from support.browsing import MILLISECONDS, sign_in_at

if TYPE_CHECKING:
    from playwright.sync_api import Page

expect.set_options(timeout=MILLISECONDS)


def visit(page: Page, site: str, person: str, analysis: str) -> None:
    """Sign in, look at the analysis, and find it in the list."""
    # The sandbox's bucket is at an address that the policy does not name: its video is not looked at.
    page.route("**/footage-links", lambda route: route.fulfill(status=410, json={}))
    # A page of the console and no file of the site: the distribution answers with index.html.
    answer = sign_in_at(page, f"{site}/analyses/{analysis}", person)
    assert answer.status == 200
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    expect(page).to_have_url(f"{site}/analyses/{analysis}")
    expect(page.get_by_role("slider", name="Frame")).to_be_visible()
    expect(page.locator(".chart canvas").first).to_be_visible()
    page.get_by_role("link", name="Fastbreak review").click()
    expect(page.locator(f'a[href="/analyses/{analysis}"]')).to_contain_text("Ready")


def _is_refused(line: str) -> bool:
    """Whether the page met its policy. Videos may come of no bucket that the distribution was not told of."""
    return "Content Security Policy" in line and "media-src" not in line


def main(site: str, person: str, analysis: str) -> None:
    """Visit as somebody who was never there."""
    broken: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        # The sandbox's own authority has signed the certificates.
        page = browser.new_context(ignore_https_errors=True).new_page()
        page.set_default_timeout(MILLISECONDS)
        page.on("pageerror", lambda error: broken.append(str(error)))
        page.on("console", lambda line: broken.append(line.text) if _is_refused(line.text) else None)
        visit(page, site, person, analysis)
        browser.close()
    assert broken == [], broken


if __name__ == "__main__":
    main(*sys.argv[1:])
