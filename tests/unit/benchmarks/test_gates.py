# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Probabilities of what becomes of a release, against courses that can be counted by hand."""

from __future__ import annotations

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.http import HttpGate

from benchmarks.gates import canary, drawn, latency
from benchmarks.gates.__main__ import main
from benchmarks.gates.courses import at_each_look, course, of_gate


def test_every_course_is_counted_once() -> None:
    gate = HttpGate(name="http", url="http://localhost/")
    for share in (0.0, 0.03, 0.2, 1.0):
        made = course(of_gate(gate), share, baked_after=60, most=120)
        assert made.passed + made.refused + made.inconclusive == pytest.approx(1)
        assert sum(made.refused_after.values()) == pytest.approx(made.refused)


def test_two_looks_by_hand() -> None:
    # No failure may be among two: refused by the first (1/4) or only by the second (3/4 * 1/4).
    made = course(at_each_look(0.0, 1), 0.25, baked_after=2, most=2)
    assert made.passed == pytest.approx(9 / 16)
    assert made.refused_after == pytest.approx({1: 1 / 4, 2: 3 / 16})
    assert made.median_samples == 1


def test_without_refusals_there_is_no_median() -> None:
    assert course(at_each_look(0.5, 1), 0.0, baked_after=1, most=1).median_samples is None


def test_wrong_options_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--limit", "1"])
    assert "maximum_failure_ratio must be from 0 to 0.9" in capsys.readouterr().err


def test_table_has_a_row_for_each_share(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--bake", "5", "--minimum", "5", "--deadline", "10", "--releases", "1"]) == 0
    printed = capsys.readouterr().out
    assert "| 100.0% | 0.0% | 100.0% |" in printed
    assert "| 10% | 5.0% | " in printed


def test_what_begins_to_fail_late_passes_by_the_counts_alone() -> None:
    gate = HttpGate(name="http", url="http://localhost/", bake_seconds=300, deadline_seconds=310)
    dead, good = drawn.Kind(1.0, since=580), drawn.Kind(0.01)
    assert drawn.draw(gate, dead, 2, latest=False) == {Verdict.HEALTHY: 2}
    assert drawn.draw(gate, dead, 2)[Verdict.HEALTHY] == 0
    assert drawn.draw(gate, good, 2) == drawn.draw(gate, good, 2, latest=False) == {Verdict.HEALTHY: 2}


def test_drawn_releases_are_told_right_and_come_out_the_same_again() -> None:
    setting = canary.Setting(requests=1000, minutes=5, releases=30)
    alike = canary.draw(setting, 0.1, (0.01, 0.01), "seed")
    dead = canary.draw(setting, 0.1, (1.0, 0.01), "seed")
    assert (alike.refused, dead.refused, dead.minute, dead.by_z) == (0.0, 1.0, 1, 1.0)
    assert alike.passed + alike.inconclusive == pytest.approx(1)
    assert alike == canary.draw(setting, 0.1, (0.01, 0.01), "seed")


def test_without_any_requests_nothing_passes() -> None:
    nothing = canary.draw(canary.Setting(requests=0, minutes=3, releases=2), 0.1, (0.0, 0.0), "seed")
    assert (nothing.inconclusive, nothing.minute, nothing.by_z) == (1.0, None, 0.0)


def test_simulation_without_releases_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--releases", "0"])
    assert "--releases must be at least 1" in capsys.readouterr().err


def test_releases_are_told_by_how_long_they_take_and_come_out_the_same_again() -> None:
    setting = latency.Setting(releases=10)
    alike, slow = (latency.draw(setting, 0.1, times, "seed") for times in (1.0, 20.0))
    assert (alike.passed, alike.requests) == (1.0, None)
    assert (slow.passed, slow.refused) == (0.0, 1.0)
    assert slow == latency.draw(setting, 0.1, 20.0, "seed")
    assert latency.draw(latency.Setting(releases=1, most=5), 0.1, 1.0, "seed").inconclusive == 1.0
