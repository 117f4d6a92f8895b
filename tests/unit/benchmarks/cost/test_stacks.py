# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""`make cost` says a price for each inventory, with what it assumed."""

import pytest

from benchmarks.cost.__main__ import main


def test_each_environment_has_a_price_and_a_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    printed = capsys.readouterr().out
    for name in ("dev: ", "prod: "):
        assert f"\n{name}" in printed
    assert printed.count("are claimed") == printed.count("a month while nobody uses it")
    assert "as last known, unverified" in printed
    assert "not priced" not in printed


@pytest.mark.parametrize(
    "words", [["nowhere"], ["--cameras", "0"], ["--games-a-week", "8"], ["--frames-a-second", "nan"]]
)
def test_what_makes_no_sense_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert "usage" in capsys.readouterr().err
