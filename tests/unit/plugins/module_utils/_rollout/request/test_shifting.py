# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is missing for a strategy that shifts traffic."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.http import HttpGate
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.settings import AtDeadline
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.request.problems import problems_of
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.stages import Stage
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.strategies.table import find_strategy

from tests.unit.plugins.module_utils._rollout.case import make_request, scaling
from tests.unit.plugins.module_utils._rollout.fakes import GROUP_ARN
from tests.unit.plugins.module_utils._rollout.shifting import by
from tools.files import ROOT

PAGE = ROOT / "docs" / "deploy.md"
SHIFTING = ("BLUE_GREEN", "CANARY", "LINEAR")
CANARY = by("CANARY")
RULES = CANARY["rules"]


def problems(**other: Any) -> list[str]:
    return problems_of(make_request("1.0.0", **{**CANARY, **other}))


def test_nothing_is_wrong_with_a_whole_request() -> None:
    assert problems() == []


@pytest.mark.parametrize("strategy", SHIFTING)
def test_nothing_is_wrong_with_what_is_shipped_and_the_page_says_it(strategy: str) -> None:
    found = find_strategy(strategy)
    assert found
    shipped = {name: option["default"] for name, option in found.options.items()}
    assert problems_of(make_request("1.0.0", **by(strategy, **shipped))) == []
    rows = re.findall(r"^\| `(\w+)` \|.*\|(.*)\|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    told = {name: re.findall(r"`(\w+): (\d+)`", options) for name, options in rows if name in SHIFTING}
    said = {**dict(told["BLUE_GREEN"]), **dict(told[strategy])}
    assert {name: float(value) for name, value in said.items()} == shipped


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (
            {"alternate_target_group_arn": ""},
            "needs a second target group: set load_balancer.alternate_target_group_arn",
        ),
        (
            {"alternate_target_group_arn": GROUP_ARN},
            "alternate_target_group_arn is load_balancer.target_group_arn itself",
        ),
        ({"infrastructure_role_arn": ""}, "set load_balancer.infrastructure_role_arn"),
        ({"rules": ()}, "exactly one rule in listener_rules that is not traffic=test, and there are 0"),
        ({"rules": (*RULES, replace(RULES[0], priority=7))}, "and there are 2: ECS moves users by a single rule"),
        ({"rules": (*RULES, replace(RULES[1], priority=7))}, "one rule of traffic=test in listener_rules at most"),
        ({"scaling": scaling(2, 4, requests_per_target=100)}, "scaling.requests_per_target counts"),
        ({"rules": RULES[:1], "test_url": "http://alb:9000"}, "test_url is given, and no rule in listener_rules"),
        ({"test_url": "ftp://alb"}, "test_url 'ftp://alb' is no http or https address"),
        ({**by("BLUE_GREEN"), "wait_until": "each_step"}, "wait_until is each_step, a stage that a deployment by BLUE"),
    ],
)
def test_what_is_missing_is_told_by_option(other: dict[str, Any], told: str) -> None:
    assert told in " ".join(problems(**other))


def test_a_gate_that_outlasts_the_pause_is_told_by_both_options() -> None:
    gates = tuple(replace(gate, deadline_seconds=3600.0) for gate in make_request("x").gates[:1])
    (problem,) = problems(gates=gates)
    assert "gate target_health may take 3600 s (deadline_seconds)" in problem
    assert "deployment.pause_timeout_minutes" in problem
    again = tuple(replace(gate, deadline_seconds=1800.0, on_inconclusive=AtDeadline.EXTEND) for gate in gates)
    (problem,) = problems(gates=again)
    assert "gate target_health may take 3600 s (deadline_seconds twice, for on_inconclusive=extend)" in problem


def test_a_gate_before_users_that_cannot_reach_the_release_is_told() -> None:
    first, ready, route = make_request("x").gates
    gates = (first, ready, replace(route, stages=(Stage.BEFORE_TRAFFIC,)))
    assert problems(gates=gates) == []
    (problem,) = problems(gates=gates, test_url="")
    assert problem.startswith("gate route is to judge before_traffic")


def share(strategy: str, **options: Any) -> list[str]:
    return problems_of(make_request("1.0.0", **by(strategy, **options)))


@pytest.mark.parametrize(
    ("strategy", "options", "told"),
    [
        ("CANARY", {"canary_percent": 2.0}, ""),
        ("CANARY", {"canary_percent": 1.0}, "deployment.canary_percent"),
        ("CANARY", {"canary_percent": 10.0}, ""),
        ("LINEAR", {"step_percent": 3.0}, ""),
        ("BLUE_GREEN", {}, ""),
        ("CANARY", {"canary_percent": 0.1}, "deployment.canary_percent"),
    ],
)
def test_a_share_that_is_too_small_for_a_verdict_in_time_is_told(
    strategy: str, options: dict[str, float], told: str
) -> None:
    found = share(strategy, **options)
    assert bool(found) is bool(told)
    for problem in found:
        assert told in problem
        assert "deadline_seconds" in problem


def test_a_share_is_told_by_the_option_of_the_strategy() -> None:
    gates = tuple(replace(gate, deadline_seconds=31.0) for gate in make_request("x").gates)
    assert all("deployment.step_percent" in problem for problem in share("LINEAR", step_percent=3.0, gates=gates))
    assert share("LINEAR", step_percent=3.0, gates=gates)
    only_after = tuple(replace(gate, stages=(Stage.AFTER_TRAFFIC,)) for gate in gates)
    assert share("LINEAR", step_percent=3.0, gates=only_after) == []


def test_the_last_share_leaves_the_running_version_enough_to_compare_with() -> None:
    first, ready, route = make_request("x").gates
    assert isinstance(route, HttpGate)
    gates = (first, ready, replace(route, maximum_latency_increase=1.0, interval_seconds=0.5, deadline_seconds=400.0))
    assert share("LINEAR", step_percent=10.0, gates=gates) == []
    (told,) = share("LINEAR", step_percent=4.9, gates=gates)
    assert told.startswith("gate route needs up to 931 s for its answers where 98 % of the users")


def untold(strategy: str, *stages: Stage, header: str = "", dry_run: bool = False) -> list[str]:
    """What is wrong with a gate by whose answers nobody can tell which version they are of."""
    first, _ready, route = make_request("x").gates
    assert isinstance(route, HttpGate)
    gate = replace(route, version_header=header, stages=stages, dry_run=dry_run)
    return problems(**by(strategy), gates=(first, gate))


@pytest.mark.parametrize("strategy", ["CANARY", "LINEAR"])
def test_running_versions_answers_are_never_the_releases(strategy: str) -> None:
    (told,) = untold(strategy, *Stage)
    assert told.startswith(f"gate route: version_header is empty, and at each_step, which strategy {strategy} has,")
    assert told.endswith("or write stages: [before_traffic, after_traffic].")
    (alone,) = untold(strategy, Stage.EACH_STEP, dry_run=True)
    assert alone.endswith("or take the gate out.")
    assert untold(strategy, *Stage, header="x-version") == []
    assert untold(strategy, Stage.BEFORE_TRAFFIC, Stage.AFTER_TRAFFIC) == []


def test_where_all_answers_are_the_releases_no_header_is_needed() -> None:
    assert untold("BLUE_GREEN", *Stage) == []
    _first, _ready, route = make_request("x").gates
    assert isinstance(route, HttpGate)
    assert problems_of(make_request("1.0.0", gates=(replace(route, version_header=""),))) == []
