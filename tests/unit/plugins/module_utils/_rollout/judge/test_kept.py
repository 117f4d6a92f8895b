# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run has measured is taken over by another one, if the gate asks for the same and it can be read."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Measurement
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.http import HttpGate
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.http_tally import HttpTally
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.target_health import TargetHealthGate
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.judge.kept import (
    read_standing,
    restored,
    write_standing,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.judge.windows import Window, open_windows
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.stages import Phase, Stage

GATE = HttpGate(name="ready", url="http://alb/readyz", minimum_samples=10)
AT = Phase(Stage.EACH_STEP, 20.0)
TALLY = HttpTally(9, 2, statuses=(("200", 7), ("500", 2)), last_error="refused")
PASSED = Measurement("ready", Verdict.HEALTHY, "s", "e", 9, 0, "then", "now", "before_traffic")
NOW = replace(PASSED, stage="each_step", verdict=Verdict.INCONCLUSIVE)


def begun(gate: Any = GATE) -> Window:
    (window,) = open_windows((gate,), now=0.0, stamp="later")
    return window


def written(window: Window | None = None) -> str:
    window = window or replace(begun(), tally=TALLY, successes=3, started_at="earlier")
    return write_standing(AT, 41.0, 1, (window,))


def test_what_was_measured_is_taken_over_with_the_time_that_it_took() -> None:
    earlier = read_standing(written(), (PASSED, NOW))
    assert earlier
    assert (earlier.phase, earlier.settled_seconds) == (AT, 41.0)
    assert (earlier.passed, earlier.gates) == ((PASSED,), (NOW,))
    taken = restored(begun(), earlier)
    assert (taken.tally, taken.successes, taken.started_at) == (TALLY, 3, "earlier")


def test_what_was_answered_before_a_gap_is_not_the_latest() -> None:
    text = written(replace(begun(), tally=replace(TALLY, latest="." * 9)))
    earlier = read_standing(text, (PASSED, NOW))
    assert earlier
    assert restored(begun(), earlier).tally == TALLY


@pytest.mark.parametrize(
    "gate", [replace(GATE, maximum_failure_ratio=0.9), replace(GATE, minimum_samples=1), replace(GATE, name="other")]
)
def test_a_gate_that_asks_for_something_else_measures_anew(gate: HttpGate) -> None:
    earlier = read_standing(written(), (PASSED, NOW))
    assert earlier
    assert restored(begun(gate), earlier) == begun(gate)


def test_a_comparison_with_the_running_version_goes_on() -> None:
    gate = replace(GATE, maximum_latency_increase=1.0)
    tally = replace(
        TALLY, ours=(0.1,), theirs=(0.2, 0.3), compared=4, exceeding=1, evidence=(0.5,) * len(TALLY.evidence)
    )
    text = written(replace(begun(gate), tally=tally))
    earlier = read_standing(text, (PASSED, NOW))
    assert earlier
    assert restored(begun(gate), earlier).tally == tally
    standing = json.loads(text)
    standing["windows"]["ready"]["tally"]["evidence"] = [0.5]
    earlier = read_standing(json.dumps(standing), (PASSED, NOW))
    assert earlier
    assert restored(begun(gate), earlier) == begun(gate)


def test_what_stands_is_looked_at_anew() -> None:
    gate = TargetHealthGate()
    earlier = read_standing(written(begun(gate)), (PASSED, NOW))
    assert earlier
    assert restored(begun(gate), earlier) == begun(gate)


@pytest.mark.parametrize("value", [None, "9", True, 2.5, [], {}])
@pytest.mark.parametrize("name", ["samples", "failures", "statuses", "successes", "tally"])
def test_nothing_missing_or_mistyped_counts(name: str, value: Any) -> None:
    standing = json.loads(written())
    kept = standing["windows"]["ready"]
    (kept if name in kept else kept["tally"])[name] = value
    earlier = read_standing(json.dumps(standing), (PASSED, NOW))
    assert earlier
    taken = restored(begun(), earlier)
    if name != "successes":
        assert taken.tally in (HttpTally(), replace(TALLY, statuses=())), taken
    else:
        assert type(taken.successes) is int


@pytest.mark.parametrize(
    "text", ["", "x", "[]", "null", "{}", '{"stage":"new","percent":1}', written().replace('"passed":1', '"passed":3')]
)
def test_a_standing_that_cannot_be_read_is_none(text: str) -> None:
    assert read_standing(text, (PASSED, NOW)) is None


def test_before_it_can_be_judged_there_is_none() -> None:
    assert write_standing(None, 0.0, 0, (begun(),)) == ""
