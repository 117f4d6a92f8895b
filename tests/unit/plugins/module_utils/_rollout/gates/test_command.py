# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The gate that runs a program."""

from __future__ import annotations

from dataclasses import replace
from math import inf, nan
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError, RequestError, RolledBackError
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.command import CommandGate
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.problems import gate_problems
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import CommandResult

from tests.unit.plugins.module_utils._rollout.case import deploy, make_request, newest, released
from tests.unit.plugins.module_utils._rollout.gates.measuring import read, scene
from tests.unit.plugins.module_utils._rollout.shifting import ShiftingWorld, by

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.plugins.module_utils._rollout.fakes import World

GATE = CommandGate(name="load", command=("load-test", "--fast"), url="http://alb")


@pytest.mark.parametrize(("code", "verdict"), [(0, Verdict.HEALTHY), (1, Verdict.UNHEALTHY), (-9, Verdict.UNHEALTHY)])
def test_only_success_passes(world: World, ports: Ports, code: int, verdict: Verdict) -> None:
    world.programs = [CommandResult(code, "some  words\n")]
    tally = GATE.measure(GATE.begin(), scene(ports))
    assert GATE.assess(tally, baked=True) is verdict
    assert GATE.seen(tally) == f"load-test exited with {code}: some words"
    assert GATE.assess(GATE.begin(), baked=True) is Verdict.INCONCLUSIVE


def test_program_is_told_what_is_judged_and_its_own_variables(world: World, ports: Ports) -> None:
    world.programs = [CommandResult(0)]
    gate = read("command", command=["x"], environment={"USERS": 5, "FASTBREAK_URL": "http://other"})
    gate.measure(gate.begin(), scene(ports))
    assert world.ran == [(("x",), {"FASTBREAK_VERSION": "v2", "FASTBREAK_URL": "http://other", "USERS": "5"}, False)]
    assert list(gate.secrets()) == ["http://other", "5"]


def test_program_that_cannot_be_run_to_its_end_is_an_error(world: World, ports: Ports) -> None:
    world.programs = [CommandResult(None, "working", "had not ended after 60 s and was killed")]
    with pytest.raises(OperationError, match="load-test had not ended after 60 s and was killed: working"):
        GATE.measure(GATE.begin(), scene(ports))


def test_program_runs_until_it_has_succeeded_and_then_no_more(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    world.programs = [CommandResult(0), CommandResult(None, "", "could not be started: gone"), *[CommandResult(0)] * 9]
    gate = CommandGate(name="load", command=("x",), consecutive_successes=2, bake_seconds=1.0)
    deploy(ports, "1.1.0", gates=(*make_request("x").gates, gate))
    measured = next(each for each in newest(world).gates if each.gate == "load")
    assert (measured.verdict, measured.samples) == (Verdict.HEALTHY, 3)
    assert len(world.programs) == 7


def test_program_that_fails_refuses_the_release_in_its_words(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    world.programs = [CommandResult(3, "p99 was 9 s")]
    with pytest.raises(RolledBackError, match=r"gate load is UNHEALTHY\. Seen: x exited with 3: p99 was 9 s"):
        deploy(ports, "1.1.0", gates=(*make_request("x").gates, CommandGate(name="load", command=("x",))))


class Endless:
    """What is begun never ends."""

    def __init__(self) -> None:
        self.begun = 0

    def begin(self, work: Callable[[], Any]) -> Callable[[], None]:
        self.begun += 1
        return lambda: None


@pytest.mark.parametrize(
    "how", [{}, by("BLUE_GREEN"), by("CANARY", canary_percent=10)], ids=["rolling", "all", "canary"]
)
def test_a_release_that_another_gate_refuses_goes_back_while_a_load_test_runs(how: dict[str, Any]) -> None:
    world = ShiftingWorld()
    ports, endless = Ports(*[world] * 13), Endless()
    released(world, ports, **how)
    world.push("1.1.0", "b", status=500)
    load = CommandGate(name="load", command=("x",), command_timeout_seconds=3000.0, deadline_seconds=3000.0)
    began = world.monotonic()
    with pytest.raises(RolledBackError, match="gate ready is UNHEALTHY"):
        deploy(replace(ports, aside=endless), "1.1.0", **how, gates=(*make_request("x").gates, load))
    assert endless.begun
    assert world.ended_commands
    assert world.monotonic() - began < 300


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "command is empty"),
        ({"command": [" "]}, "command is empty"),
        ({"command": ["a\0"]}, "NUL"),
        ({"command": ["a"], "environment": {"A=B": "c"}}, "equals sign"),
        ({"command": ["a"], "environment": {"": "c"}}, "name is empty"),
        ({"command": ["a"], "command_timeout_seconds": 0}, "command_timeout_seconds must be"),
        ({"command": ["a"], "command_timeout_seconds": nan}, "command_timeout_seconds must be"),
        ({"command": ["a"], "command_timeout_seconds": inf}, "command_timeout_seconds must be"),
        ({"command": ["a"], "command_timeout_seconds": 300, "deadline_seconds": 299}, "deadline_seconds 299 is below"),
        ({"command": ["a"], "command_timeout_seconds": 300, "deadline_seconds": 304}, "1 run of up to 300 s"),
        (
            {"command": ["a"], "consecutive_successes": 3, "deadline_seconds": 200},
            "deadline_seconds 200 is below 3 runs",
        ),
    ],
)
def test_options_that_cannot_work_are_problems(options: dict[str, Any], said: str) -> None:
    assert any(said in problem for problem in gate_problems(read("command", **options), 5.0))


def test_variable_that_is_no_text_is_refused() -> None:
    with pytest.raises(RequestError, match=r"environment\.A"):
        read("command", command=["a"], environment={"A": None})


def test_usual_options_leave_the_program_its_time() -> None:
    gate = read("command", command=["a"], command_timeout_seconds=900)
    assert gate_problems(gate, 5.0) == []
    assert gate.deadline_seconds == 960
