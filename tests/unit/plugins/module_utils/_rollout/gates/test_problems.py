# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options that every gate has: what they come to, and what of them is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates import table
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.problems import (
    gate_problems,
    gates_at,
    looked_at,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.settings import AtDeadline
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.request.problems import problems_of
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.stages import Stage
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.module_utils._rollout.case import make_request

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.model import Gate


def read(**options: Any) -> Gate[Any]:
    """The gate that options of kind ``target_health`` stand for, or of the kind that is given."""
    checked = ArgumentSpecValidator(table.gate_spec()).validate({"kind": "target_health", **options})
    assert not checked.error_messages, checked.error_messages
    return table.read_gate(checked.validated_parameters, "http://alb")


@pytest.mark.parametrize(
    ("options", "deadline"),
    [
        ({}, 90.0),
        ({"bake_seconds": 0}, 60.0),
        ({"deadline_seconds": 45}, 45.0),
        ({"deadline_seconds": 0}, 0.0),
        ({"initial_delay_seconds": 20}, 110.0),
        ({"interval_seconds": 60}, 240.0),
        ({"interval_seconds": 60, "consecutive_successes": 5, "initial_delay_seconds": 7}, 367.0),
    ],
)
def test_a_deadline_that_is_not_given_leaves_a_minute(options: dict[str, Any], deadline: float) -> None:
    assert read(**options).deadline_seconds == deadline


def test_what_is_not_given_is_the_kinds_own() -> None:
    health, http = read(), read(kind="http")
    assert (health.interval_seconds, health.consecutive_successes) == (0.0, 3)
    assert (http.interval_seconds, http.consecutive_successes) == (0.5, 1)
    assert (health.stages, health.dry_run, health.on_inconclusive) == (tuple(Stage), False, AtDeadline.ROLLBACK)


def test_gates_are_asked_at_their_stages() -> None:
    before, always = read(stages=["before_traffic", "before_traffic"], name="a"), read(name="b")
    assert before.stages == (Stage.BEFORE_TRAFFIC,)
    assert gates_at((before, always), Stage.BEFORE_TRAFFIC) == (before, always)
    assert gates_at((before, always), Stage.AFTER_TRAFFIC) == (always,)


@pytest.mark.parametrize("stage", ["", "bake", "AFTER_TRAFFIC", "before traffic"])
def test_unknown_stage_is_refused_by_name(stage: str) -> None:
    with pytest.raises(RequestError, match=rf"Gate target_health: stages names {stage}; a stage is one of before_"):
        read(stages=["after_traffic", stage])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"stages": []}, "stages is empty"),
        ({"initial_delay_seconds": -1}, "initial_delay_seconds must be numbers from 0 that end"),
        ({"initial_delay_seconds": float("nan"), "deadline_seconds": 9e9}, "initial_delay_seconds must be"),
        ({"interval_seconds": float("inf"), "deadline_seconds": 90}, "interval_seconds must be"),
        ({"initial_delay_seconds": 1e7, "deadline_seconds": 90}, "initial_delay_seconds must be at most 604800"),
        ({"initial_delay_seconds": 61, "deadline_seconds": 90}, "is below initial_delay_seconds 61 and bake_seconds"),
        ({"consecutive_successes": 0}, "consecutive_successes must be at least 1"),
        ({"consecutive_successes": -5}, "consecutive_successes must be at least 1"),
        ({"consecutive_successes": 1001}, "consecutive_successes must be at most 1000"),
    ],
)
def test_settings_that_cannot_work_are_problems_that_name_them(options: dict[str, Any], said: str) -> None:
    assert any(said in problem for problem in gate_problems(read(**options), 5.0))


@pytest.mark.parametrize(("interval", "poll", "fits"), [(45.0, 1.0, True), (46.0, 1.0, False), (0.0, 46.0, False)])
def test_deadline_leaves_time_for_every_success(interval: float, poll: float, fits: bool) -> None:
    gate = replace(read(kind="http"), interval_seconds=interval, consecutive_successes=2, minimum_samples=1)
    problems = [problem for problem in gate_problems(gate, poll) if "consecutive_successes" in problem]
    assert (problems == []) is fits


@pytest.mark.parametrize(("poll", "fits"), [(15.0, True), (16.0, False), (600.0, False)])
def test_looks_that_are_too_seldom_are_refused(poll: float, fits: bool) -> None:
    """What continues is sure of the look that finds the deployment there, and of none before."""
    told = gate_problems(read(deadline_seconds=30), poll)
    assert (told == []) is fits
    assert all("poll_interval_seconds" in problem for problem in told)


KINDS: list[dict[str, Any]] = [
    {"kind": "target_health"},
    {"kind": "task_stability"},
    {"kind": "alarms", "alarms": ["a"]},
    {"kind": "webhook", "webhook_url": "https://a/b"},
    {"kind": "command", "command": ["a"], "consecutive_successes": 3},
]


@pytest.mark.parametrize("options", KINDS, ids=lambda options: options["kind"])
@pytest.mark.parametrize("poll", [5.0, 60.0, 120.0, 600.0])
def test_a_deadline_that_is_not_given_leaves_time_for_the_looks(options: dict[str, Any], poll: float) -> None:
    assert gate_problems(looked_at(read(**options), poll), poll) == []


def test_a_deadline_that_is_given_stays_and_is_refused_by_what_it_needs() -> None:
    gate = read(deadline_seconds=90)
    assert looked_at(gate, 60.0) == gate
    (told,) = gate_problems(gate, 60.0)
    assert "deadline_seconds 90 is below 2 times 60 s" in told
    unlimited = read()
    assert looked_at(unlimited, float("nan")) == looked_at(unlimited, float("inf")) == unlimited


@pytest.mark.parametrize(
    ("options", "fits"),
    [
        ({"minimum_samples": 100, "initial_delay_seconds": 60, "deadline_seconds": 100}, False),
        ({"minimum_samples": 100, "initial_delay_seconds": 60, "deadline_seconds": 110}, True),
        ({"minimum_samples": 100, "consecutive_successes": 100, "deadline_seconds": 80}, False),
        ({"minimum_samples": 100, "consecutive_successes": 100, "deadline_seconds": 100}, True),
        ({"minimum_samples": 300, "initial_delay_seconds": 100}, True),
        ({"minimum_samples": 2000, "consecutive_successes": 50, "interval_seconds": 2}, True),
    ],
)
def test_samples_fit_into_the_time_from_the_delay_to_the_deadline(options: dict[str, Any], fits: bool) -> None:
    told = gate_problems(read(kind="http", path="/x", **options), 5.0)
    assert (told == []) is fits
    assert all("initial_delay_seconds" in problem or "consecutive_successes" in problem for problem in told)


@given(delay=st.floats(0, 1e5), bake=st.floats(0, 1e5), interval=st.floats(0, 1e3), successes=st.integers(1, 1000))
def test_settings_without_a_deadline_always_leave_one_that_can_be_met(
    delay: float, bake: float, interval: float, successes: int
) -> None:
    gate = read(
        initial_delay_seconds=delay, bake_seconds=bake, interval_seconds=interval, consecutive_successes=successes
    )
    assert [problem for problem in gate_problems(gate, 5.0) if "below" in problem] == []


def problems(*gates: Gate[Any]) -> list[str]:
    return problems_of(make_request("x", gates=gates))


def test_rolling_refuses_what_it_never_asks_and_what_it_cannot_hold() -> None:
    last = read(name="last")
    assert problems(last) == []
    (never,) = problems(last, read(name="early", stages=["before_traffic", "each_step"]))
    assert never.startswith(
        "gate early: stages names before_traffic, each_step, and strategy ROLLING asks gates only at"
    )
    (held,) = problems(last, read(name="held", on_inconclusive="pause"))
    assert "on_inconclusive is pause, and a deployment by strategy ROLLING cannot be held" in held
    assert problems(last, read(name="longer", on_inconclusive="extend")) == []
    (alone,) = problems(last, read(kind="http", name="beside", maximum_latency_increase=1.0))
    assert "gate beside: maximum_latency_increase compares the release with the running version at each_step" in alone


@pytest.mark.parametrize("header", ["", "x-version"])
@pytest.mark.parametrize("cleanup", ["DEFERRED", "BLOCKING"])
def test_rolling_that_ends_before_the_old_tasks_do_needs_answers_that_tell_their_version(
    header: str, cleanup: str
) -> None:
    own = {"earlySuccessCriteria": {"enable": True, "healthyPercent": 100, "sourceServiceRevisionCleanup": cleanup}}
    request = make_request("x", gates=(read(kind="http", name="plain", version_header=header), read()))
    deployment = replace(request.settings.deployment, own=own)
    told = problems_of(replace(request, settings=replace(request.settings, deployment=deployment)))
    assert [problem for problem in told if "early_success_cleanup DEFERRED" in problem] == told
    assert bool(told) is (not header and cleanup == "DEFERRED")


@pytest.mark.parametrize("only", [{"dry_run": True}, {"stages": ["before_traffic"]}])
def test_gates_that_decide_nothing_in_the_end_are_refused(only: dict[str, Any]) -> None:
    assert any("gates has none that decides after all traffic" in problem for problem in problems(read(**only)))
