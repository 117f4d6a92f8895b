# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run has measured is taken over by another one, if the gate asks for the same and it can be read."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Measurement, Series
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.http import HttpGate
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.http_tally import HttpTally
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.judge.kept import (
    gone_on_with,
    read_standing,
    restored,
    write_standing,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.judge.windows import Window, open_windows
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.stages import Phase, Stage

GATE = HttpGate(name="ready", url="http://alb/readyz", minimum_samples=10)
AT = Phase(Stage.EACH_STEP, 20.0)
TALLY = HttpTally(9, 2, statuses=(("200", 7), ("500", 2)), last_error="refused")
BEGAN, LATER = "2026-03-01T12:00:00.000Z", "2026-03-01T12:01:40.000Z"
PASSED = Measurement("ready", Verdict.HEALTHY, "s", "e", 9, 0, "then", "now", "before_traffic")
POINTS = ((1.0, 0.5), (41.0, 0.2))
NOW = replace(PASSED, stage="each_step", verdict=Verdict.INCONCLUSIVE, series=Series("share", None, 0.1, POINTS))


def begun(gate: Any = GATE) -> Window:
    (window,) = open_windows((gate,), now=0.0, stamp=LATER)
    return window


def written(window: Window | None = None) -> str:
    window = window or replace(begun(), tally=TALLY, successes=3, started_at=BEGAN)
    return write_standing(AT, 41.0, 1, (window,))


def test_what_was_measured_is_taken_over_with_the_time_that_it_took() -> None:
    earlier = read_standing(written(), (PASSED, NOW))
    assert earlier
    assert (earlier.phase, earlier.settled_seconds) == (AT, 41.0)
    assert (earlier.passed, earlier.gates) == ((PASSED,), (NOW,))
    taken = restored(begun(), earlier)
    assert taken
    assert (taken.tally, taken.successes, taken.started_at) == (TALLY, 3, BEGAN)
    assert (taken.measured_before, taken.baked_after) == (41.0, GATE.bake_seconds - 41.0)
    assert (taken.points, taken.opened) == (POINTS, -100.0), "its plot goes on where it ended"


def test_each_gate_has_measured_for_as_long_as_all_runs_before_did() -> None:
    again = replace(begun(), tally=TALLY, measured_before=41.0)
    earlier = read_standing(write_standing(AT, 20.0, 0, (again,)), (NOW,))
    assert earlier
    taken = restored(begun(), earlier)
    assert taken
    assert taken.measured_before == 61.0


@pytest.mark.parametrize(("seconds", "left"), [(10.0, 20.0), (30.0, 0.0), (41.0, 0.0)])
def test_an_initial_delay_is_waited_for_once(seconds: float, left: float) -> None:
    gate = replace(GATE, initial_delay_seconds=30.0)
    window = replace(begun(gate), tally=TALLY, started_at=BEGAN)
    earlier = read_standing(write_standing(AT, seconds, 0, (window,)), (NOW,))
    assert earlier
    taken = restored(begun(gate), earlier)
    assert taken
    assert taken.due == left


def test_what_goes_on_at_another_stage_keeps_what_it_saw_and_bakes_anew() -> None:
    earlier = read_standing(written(), (PASSED, NOW))
    assert earlier
    assert gone_on_with(begun(), earlier) == replace(begun(), tally=TALLY, successes=3)


def test_what_was_answered_before_a_gap_is_not_the_latest() -> None:
    text = written(replace(begun(), tally=replace(TALLY, latest="." * 9)))
    earlier = read_standing(text, (PASSED, NOW))
    assert earlier
    taken = restored(begun(), earlier)
    assert taken
    assert taken.tally == TALLY


@pytest.mark.parametrize(
    "gate", [replace(GATE, maximum_failure_ratio=0.9), replace(GATE, minimum_samples=1), replace(GATE, name="other")]
)
def test_a_gate_that_asks_for_something_else_measures_anew(gate: HttpGate) -> None:
    earlier = read_standing(written(), (PASSED, NOW))
    assert earlier
    assert restored(begun(gate), earlier) is None


def test_collections_that_look_for_a_tally_of_their_own_find_none_and_theirs_is_read() -> None:
    standing = json.loads(written())
    kept = standing["windows"]["ready"]
    assert "asked" not in kept
    kept["asked"] = kept.pop("asks")
    earlier = read_standing(json.dumps(standing), (PASSED, NOW))
    assert earlier
    taken = restored(begun(), earlier)
    assert taken
    assert taken.tally == TALLY


def test_a_comparison_with_the_running_version_goes_on() -> None:
    gate = replace(GATE, maximum_latency_increase=1.0)
    tally = replace(
        TALLY, ours=(0.1,), theirs=(0.2, 0.3), compared=4, exceeding=1, evidence=(0.5,) * len(TALLY.evidence)
    )
    text = written(replace(begun(gate), tally=tally))
    earlier = read_standing(text, (PASSED, NOW))
    assert earlier
    taken = restored(begun(gate), earlier)
    assert taken
    assert taken.tally == tally
    standing = json.loads(text)
    standing["windows"]["ready"]["tally"]["evidence"] = [0.5]
    earlier = read_standing(json.dumps(standing), (PASSED, NOW))
    assert earlier
    assert restored(begun(gate), earlier) is None


@pytest.mark.parametrize("name", ["samples", "failures", "statuses", "started_at", "tally"])
@pytest.mark.parametrize("value", [None, 9.5, True, {}])
def test_nothing_mistyped_counts(name: str, value: Any) -> None:
    standing = json.loads(written())
    kept = standing["windows"]["ready"]
    (kept if name in kept else kept["tally"])[name] = value
    earlier = read_standing(json.dumps(standing), (PASSED, NOW))
    assert earlier
    assert restored(begun(), earlier) is None


@pytest.mark.parametrize("name", ["samples", "failures", "statuses", "successes", "started_at", "tally", "asks"])
def test_nothing_counts_of_which_something_is_missing(name: str) -> None:
    standing = json.loads(written())
    kept = standing["windows"]["ready"]
    del (kept if name in kept else kept["tally"])[name]
    earlier = read_standing(json.dumps(standing), (PASSED, NOW))
    assert earlier
    assert restored(begun(), earlier) is None


@pytest.mark.parametrize(
    "text", ["", "x", "[]", "null", "{}", '{"stage":"new","percent":1}', written().replace('"passed":1', '"passed":3')]
)
def test_a_standing_that_cannot_be_read_is_none(text: str) -> None:
    assert read_standing(text, (PASSED, NOW)) is None


def test_before_it_can_be_judged_there_is_none() -> None:
    assert write_standing(None, 0.0, 0, (begun(),)) == ""
