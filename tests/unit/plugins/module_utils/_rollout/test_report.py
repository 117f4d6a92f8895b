# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a rollout says of itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Outcome
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.judge.decision import Decision, Step
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.report import (
    Timings,
    as_data,
    evidence_sentence,
    failure_paragraph,
)

from tests.unit.plugins.module_utils._rollout.case import deploy

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    from tests.unit.plugins.module_utils._rollout.fakes import World


def decision(step: Step = Step.ROLL_BACK) -> Decision:
    given: dict[str, Any] = dict.fromkeys(Decision.__dataclass_fields__, "")
    return Decision(**{**given, "step": step, "verdict": Verdict.UNHEALTHY, "gate": "ready", "seen": "2 of 2 failed"})


def test_a_result_is_plain_data_and_says_what_was_done(world: World, ports: Ports) -> None:
    tag = world.push("1.0.0", "a")
    data = as_data(deploy(ports, "1.0.0"))
    json.dumps(data)
    assert (data["changed"], data["action"], data["version"]) == (True, "create", tag)
    assert data["release"]["outcome"] == "SUCCEEDED"
    assert "snapshot" not in data["release"]
    assert {gate["verdict"] for gate in data["gates"]} == {"HEALTHY"}
    assert data["changes"]["listener_rules"]
    assert data["changes"]["scaling"]
    assert data["diff"]
    assert all(name.endswith("_seconds") for name in data["timings"])


def test_a_second_result_names_the_release_that_runs_and_shows_no_difference(world: World, ports: Ports) -> None:
    world.push("1.0.0", "a")
    first = as_data(deploy(ports, "1.0.0"))
    again = as_data(deploy(ports, "1.0.0"))
    assert not again["changed"]
    assert again["diff"] == {}
    assert again["release"] == first["release"]
    assert again["task_definition_arn"] == first["task_definition_arn"]


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (Outcome.ROLLED_BACK, "was rolled back:"),
        (Outcome.STOPPED, "was stopped:"),
        (Outcome.FAILED, "failed and was not rolled back:"),
    ],
)
def test_a_failure_says_how_it_ended_and_when(outcome: Outcome, expected: str) -> None:
    text = failure_paragraph(
        "Release 1",
        decision(),
        outcome=outcome,
        standing="Version 0 runs.",
        timings=Timings(to_detect=3, to_roll_back=5),
    )
    assert text.startswith(f"Release 1 {expected}")
    assert "2 of 2 failed" in text
    assert "Version 0 runs. Detected after 3.0 s" in text
    assert (" 5.0 s later" in text) == (outcome is not Outcome.FAILED)


def test_a_superseded_release_is_told_as_neither_judged_nor_rolled_back() -> None:
    text = failure_paragraph(
        "Release 1", decision(Step.SUPERSEDED), outcome=Outcome.FAILED, standing="", timings=Timings()
    )
    assert "was superseded and was neither judged nor rolled back: 2 of 2 failed." in text
    assert "Detected" not in text


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], ""),
        ([[" ", ""]], ""),
        ([[], ["a", "", " b ", "c", "d"]], "Last log lines of task t1: b | c | d"),
        ([["x" * 700]], f"Last log lines of task t0: {'x' * 600}"),
    ],
)
def test_evidence_is_the_end_of_the_first_log_with_words_in_it(lines: list[list[str]], expected: str) -> None:
    evidence = tuple({"task": f"t{number}", "log_lines": log} for number, log in enumerate(lines))
    assert evidence_sentence(evidence) == expected
