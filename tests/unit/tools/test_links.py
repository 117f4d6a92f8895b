# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Broken links between pages are found, good ones are left alone."""

from pathlib import Path

import pytest

from tools import links


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(links, "ROOT", tmp_path)
    (tmp_path / "other.md").write_text("# Who writes what, when?\n")
    return tmp_path / "page.md"


@pytest.mark.parametrize(
    "text",
    [
        "[a](other.md)",
        "[a](other.md#who-writes-what-when)",
        "[a](https://example.org/x)",
        "# Here\n[a](#here)",
        "`[a](nowhere.md)`",
        "```\n[a](nowhere.md)\n```",
    ],
)
def test_a_good_link(page: Path, text: str) -> None:
    page.write_text(text)
    assert list(links.broken(Path("page.md"))) == []


@pytest.mark.parametrize("text", ["[a](nowhere.md)", "[a](other.md#nowhere)", "[a](#nowhere)", "![a](picture.png)"])
def test_a_broken_link(page: Path, text: str) -> None:
    page.write_text(text)
    assert len(list(links.broken(Path("page.md")))) == 1
