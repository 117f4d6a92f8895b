# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page of the history as a real browser shows it."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._release.page import page

from tests.unit.plugins.module_utils._release.shown import INFO

if TYPE_CHECKING:
    from pathlib import Path

BROWSER = shutil.which("chromium")
pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(not BROWSER, reason="there is no chromium: make unit installs it"),
]


def browse(file: Path, *options: str) -> subprocess.CompletedProcess[str]:
    profile = file.parent / "profile"
    quiet = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--enable-logging=stderr")
    command = [str(BROWSER), *quiet, f"--user-data-dir={profile}", "--window-size=1200,1700", *options, file.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)


def size_of(file: Path) -> int:
    picture = file.with_suffix(".png")
    shown = browse(file, f"--screenshot={picture}")
    # A browser tells here what the page asks for and its policy refuses.
    assert not re.search(r"Refused to|ERR_|Uncaught", shown.stderr), shown.stderr
    return picture.stat().st_size


def test_the_page_is_drawn_and_asks_for_nothing(tmp_path: Path) -> None:
    full, empty = tmp_path / "full.html", tmp_path / "empty.html"
    full.write_text(page(INFO, "inference in prod", "2026-11-26T12:00:00Z"), encoding="utf-8")
    empty.write_text(page({"releases": []}, "inference in prod", "2026-11-26T12:00:00Z"), encoding="utf-8")
    assert size_of(full) > 3 * size_of(empty)
    parsed = browse(full, "--dump-dom").stdout
    assert parsed.count("<polyline") == 2
    assert "it broke" in parsed
