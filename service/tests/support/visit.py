# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Visit a published console in Debian's Chromium: `python -m support.visit SITE PERSON ANALYSIS BUCKET`.

To be run in `service/tests`. PERSON signs in at the sandbox's issuer on the page of ANALYSIS, looks at it and at its
video, finds it in the list, and sends a large video. Videos come from the bucket at the address BUCKET and go to it. It
fails when that does not work, when the page breaks, or when it meets its own content security policy.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from playwright.sync_api import expect, sync_playwright

from support.browsing import MILLISECONDS, sign_in_at
from support.clips import corner_picture, write

if TYPE_CHECKING:
    from playwright.sync_api import Page, Request

expect.set_options(timeout=MILLISECONDS)
LARGE_BYTES = 12 << 20
"""More than goes at once: two parts."""


def large_video(folder: Path) -> Path:
    """A short video in a large file: the rest of it is free space, as MP4 knows it."""
    path = write(folder / "large.mp4", [corner_picture(160, 120)] * 15)
    free = LARGE_BYTES - path.stat().st_size
    with path.open("ab") as file:
        file.write(free.to_bytes(4, "big") + b"free" + bytes(free - 8))
    return path


def visit(page: Page, site: str, person: str, analysis: str, bucket: str) -> None:
    """Sign in, look at the analysis and its video, and find it in the list."""
    # A page of the console and no file of the site: the distribution answers with index.html.
    answer = sign_in_at(page, f"{site}/analyses/{analysis}", person)
    assert answer.status == 200
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    expect(page).to_have_url(f"{site}/analyses/{analysis}")
    expect(page.get_by_role("slider", name="Frame")).to_be_visible()
    expect(page.locator(".chart canvas").first).to_be_visible()
    expect(page.locator("video")).to_have_js_property("readyState", 4)
    assert str(page.locator("video").get_attribute("src")).startswith(bucket)
    page.get_by_role("link", name="Fastbreak review").click()
    expect(page.locator(f'a[href="/analyses/{analysis}"]')).to_contain_text("Ready")


def send(page: Page, video: Path, bucket: str) -> None:
    """Send a video, which goes in parts to the bucket and not by the service."""
    sent: list[str] = []

    def note(request: Request) -> None:
        if request.method in {"POST", "PUT"}:
            sent.append(f"{request.method} {request.url}")

    page.on("request", note)
    page.get_by_label("Send a video").locator("input").set_input_files(video)
    expect(page.get_by_role("status").first).to_have_text(f"{video.name} was accepted")
    assert sum(line.startswith(f"PUT {bucket}") for line in sent) == 2, sent
    assert not any("/v1/analyses?" in line for line in sent), sent


def main(site: str, person: str, analysis: str, bucket: str) -> None:
    """Visit as somebody who was never there."""
    broken: list[str] = []
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        address = urlsplit(bucket)
        # The sandbox's bucket has no TLS: a page would not ask it.
        trusting = f"--unsafely-treat-insecure-origin-as-secure={address.scheme}://{address.netloc}"
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu", trusting]
        )
        # The sandbox's own authority has signed the certificates.
        page = browser.new_context(ignore_https_errors=True).new_page()
        page.set_default_timeout(MILLISECONDS)
        page.on("pageerror", lambda error: broken.append(str(error)))
        page.on("console", lambda line: broken.append(line.text) if "Content Security Policy" in line.text else None)
        visit(page, site, person, analysis, bucket)
        send(page, large_video(Path(folder)), bucket)
        browser.close()
    assert broken == [], broken


if __name__ == "__main__":
    main(*sys.argv[1:])
