# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""`make cost` says a price for each inventory, with what it assumed."""

import re

import pytest

from benchmarks.cost.__main__ import main
from tools.files import ROOT


def test_each_environment_has_a_price_and_a_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    printed = capsys.readouterr().out
    for name in ("dev: ", "prod: "):
        assert f"\n{name}" in printed
    assert printed.count("are claimed") == printed.count("a month while nobody uses it")
    assert "as last known, unverified" in printed
    assert "not priced" not in printed
    table = (
        (ROOT / "docs" / "benchmarks.md")
        .read_text(encoding="utf-8")
        .partition("## Cost: `make cost`")[2]
        .partition("\n## ")[0]
    )
    blocks = {block.partition(":")[0]: block for block in printed.split("\n\n")}
    assert documented(table) == found(blocks["dev"] + blocks["prod"])


TOLD = {
    "a month": (r"([\d.]+) a month while", "{:.0f} USD"),
    "of that tasks": (r"  tasks +([\d.]+)", "{:.0f} USD"),
    "of that workers": (r"  workers +([\d.]+)", "{:.0f} USD"),
    "idle workers": (r"fixed: ([\d.]+) % less", "{:.1f} % less"),
    "idle cost": (r"platform: ([\d.]+) % less", "{:.1f} % less"),
}
"""What a row of the table begins with, where the command says it, and how the table does."""


def found(printed: str) -> dict[str, list[str]]:
    """What the command says, by row: dev, then prod."""
    return {
        row: [written.format(float(figure)) for figure in re.findall(pattern, printed)]
        for row, (pattern, written) in TOLD.items()
    }


def documented(table: str) -> dict[str, list[str]]:
    rows = re.findall(rf"^\| ({'|'.join(TOLD)})[^|]*\| ([^|]*) \| ([^|]*) \|", table, re.MULTILINE)
    return {row: [dev, prod] for row, dev, prod in rows}


@pytest.mark.parametrize(
    "words", [["nowhere"], ["--cameras", "0"], ["--games-a-week", "8"], ["--frames-a-second", "nan"]]
)
def test_what_makes_no_sense_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert "usage" in capsys.readouterr().err
