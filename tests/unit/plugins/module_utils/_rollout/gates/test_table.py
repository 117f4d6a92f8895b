# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kinds of gates; and that a new one needs nothing but a class and its row."""

from __future__ import annotations

import contextlib
import inspect
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.fastbreak.aws.plugins.doc_fragments.rollout_parts import ModuleDocFragment
from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError, RolledBackError
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Measurement
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates import table
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.model import Gate, Tally
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.problems import gate_problems
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.settings import SHARED_OPTIONS
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.request.problems import problems_of
from ansible_collections.fastbreak.aws.plugins.modules.ecs_rollout import ENTRY, build_argument_spec

from tests.unit.plugins.module_utils._rollout.case import deploy, make_request, newest, released

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.model import Scene
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    from tests.unit.plugins.module_utils._rollout.fakes import World


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmGate(Gate[Tally]):
    """No alarm of a set may ring."""

    kind: ClassVar[str] = "bells"
    options: ClassVar[Mapping[str, Any]] = {"alarms": {"type": "list", "elements": "str", "default": []}}
    alarms: list[str]

    def problems(self) -> Iterator[str]:
        if not self.alarms:
            yield "alarms is empty."

    def measure(self, tally: Tally, scene: Scene) -> Tally:
        states = scene.ports.surroundings.alarm_states(frozenset(self.alarms))
        return tally.add(passed="ALARM" not in states.values())

    def seen(self, tally: Tally) -> str:
        return f"an alarm rang in {tally.failures} of {tally.samples} looks"

    def expected(self) -> str:
        return f"{', '.join(self.alarms)} silent over {self.bake_seconds:g} s"


def test_gate_from_outside_is_a_class_of_less_than_40_lines() -> None:
    assert len(inspect.getsource(AlarmGate).splitlines()) < 40


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate[Any]:
    """The gate, declared as a module's option, with nothing changed but the table."""
    monkeypatch.setattr(table, "GATES", [*table.GATES, AlarmGate])
    spec = {"gates": {"type": "list", "elements": "dict", "options": table.gate_spec()}}
    declared = {"gates": [{"kind": "bells", "alarms": ["errors"], "bake_seconds": 10}]}
    checked = ArgumentSpecValidator(spec).validate(declared)
    assert not checked.error_messages, checked.error_messages
    return table.read_gate(checked.validated_parameters["gates"][0], "")


def test_gate_from_outside_is_told_its_options(gate: Gate[Any]) -> None:
    times = {"bake_seconds": 10.0, "deadline_seconds": 70.0, "deadline_given": False}
    assert gate == AlarmGate(name="bells", alarms=["errors"], **times)
    assert problems_of(make_request("x", gates=(gate,))) == []
    empty = AlarmGate(name="bells", alarms=[], bake_seconds=10.0, deadline_seconds=5.0)
    assert problems_of(make_request("x", gates=(empty,))) == [
        "gate bells: deadline_seconds is below bake_seconds, so it could never pass.",
        "gate bells: alarms is empty.",
    ]


def test_gate_from_outside_lets_a_release_in_and_is_recorded(world: World, ports: Ports, gate: Gate[Any]) -> None:
    world.push("1.0.0", "a")
    world.alarms = {"errors": "OK"}
    deploy(ports, "1.0.0", gates=(gate,))
    measured = newest(world).gates[0]
    assert (measured.gate, measured.verdict, measured.failures) == ("bells", Verdict.HEALTHY, 0)
    assert measured.samples >= 5
    assert measured.expected == "errors silent over 10 s"


def test_gate_from_outside_refuses_a_release_in_its_own_words(world: World, ports: Ports, gate: Gate[Any]) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    world.alarms = {"errors": "OK"}
    world.at.append((world.seconds + 7, lambda: world.alarms.update(errors="ALARM")))
    with pytest.raises(RolledBackError, match=r"gate bells is UNHEALTHY\. Seen: an alarm rang in 2 of") as caught:
        deploy(ports, "1.1.0", gates=(gate,))
    assert "Expected: errors silent over 10 s" in caught.value.message
    assert any("gate bells is UNHEALTHY: an alarm rang" in line for line in world.lines)
    (measured,) = newest(world).gates
    assert isinstance(measured, Measurement)
    assert (measured.verdict, measured.seen in caught.value.message) == (Verdict.UNHEALTHY, True)


def test_two_kinds_cannot_mean_different_things_by_an_option(monkeypatch: pytest.MonkeyPatch) -> None:
    class Other(AlarmGate):
        kind = "other"
        options: ClassVar[Mapping[str, Any]] = {"path": {"type": "path"}}

    monkeypatch.setattr(table, "GATES", [*table.GATES, Other])
    with pytest.raises(ValueError, match="different things by the option path"):
        table.gate_spec()


def test_every_option_of_every_kind_is_documented() -> None:
    documented = yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["options"]["gates"]["suboptions"]
    spec = build_argument_spec()["gates"]["options"]
    assert set(documented) == set(spec)
    assert documented["kind"]["choices"] == spec["kind"]["choices"] == [kind.kind for kind in table.GATES]
    assert {name: option.get("default") for name, option in documented.items()} == {
        name: option.get("default") for name, option in spec.items()
    }


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"bake_seconds": 60, "deadline_seconds": 30}, "deadline_seconds is below bake_seconds"),
        ({"minimum_samples": 1000, "deadline_seconds": 90}, "do not fit into its deadline"),
        ({"minimum_samples": 0}, "minimum_samples must be at least 1"),
        ({"interval_seconds": 0}, "interval_seconds above 0"),
        ({"maximum_failure_ratio": 1}, "maximum_failure_ratio"),
        ({"bake_seconds": float("nan")}, "must be numbers from 0 that end"),
        ({"deadline_seconds": float("inf")}, "must be numbers from 0 that end"),
        ({"bake_seconds": -1, "deadline_seconds": 60}, "must be numbers from 0 that end"),
        ({"expected_status": []}, "expected_status is empty"),
        ({"request_timeout_seconds": 0}, "request_timeout_seconds must be"),
        ({"request_timeout_seconds": float("inf")}, "request_timeout_seconds must be"),
        ({"request_timeout_seconds": float("nan")}, "request_timeout_seconds must be"),
        ({"request_timeout_seconds": 1e12}, "at most 3600 (an hour)"),
        ({"maximum_failure_ratio": 0.999999}, "maximum_failure_ratio must be from 0 to 0.9"),
        ({"maximum_failure_ratio": float("nan")}, "maximum_failure_ratio must be from 0 to 0.9"),
        ({"expected_status": list(range(100, 600))}, "expected_status has more than 100"),
        ({"expected_status": [200, 999999999]}, "no status of HTTP"),
        ({"bake_seconds": 1e12}, "at most 604800 (a week)"),
        ({"deadline_seconds": 1e12}, "at most 604800 (a week)"),
    ],
)
def test_options_that_can_never_pass_are_problems(options: dict[str, Any], said: str) -> None:
    checked = ArgumentSpecValidator(table.gate_spec()).validate({"kind": "http", **options})
    gate = table.read_gate(checked.validated_parameters, "http://alb")
    (problem,) = gate_problems(gate, 5.0)
    assert said in problem
    assert problem.startswith("gate http /: ")


@pytest.mark.parametrize(
    "options",
    [
        {"consecutive_successes": 0},
        {"consecutive_successes": 999_999_999},
        {"maximum_task_failures": -1},
        {"maximum_task_failures": 999_999_999},
        {"maximum_start_failures": -1},
        {"maximum_start_failures": 101},
    ],
    ids=str,
)
def test_limits_of_target_health_by_which_nothing_is_judged_are_problems(options: dict[str, Any]) -> None:
    checked = ArgumentSpecValidator(table.gate_spec()).validate({"kind": "target_health", **options})
    (problem,) = gate_problems(table.read_gate(checked.validated_parameters, ""), 5.0)
    assert next(iter(options)) in problem


@pytest.mark.parametrize("given", ["{}", {"expected_status": [200]}, {"method": "GET"}, {"minimum_samples": 20}])
def test_an_option_of_another_kind_is_refused_whatever_its_value(given: Any) -> None:
    entry = {"kind": "target_health", **(given if isinstance(given, dict) else {})}
    told = list(table.given_gate_problems({"gates": [{"kind": "http", "path": "/readyz"}, entry]}))
    if given == "{}":
        assert told == []
        return
    (name,) = given
    (problem,) = told
    assert problem.startswith(f"gates[1] is of kind target_health and is given {name}, which it does not have; of its")


def test_module_refuses_a_stray_before_defaults_are_filled_in() -> None:
    with pytest.raises(RequestError, match=r"gates\[0\] is of kind target_health and is given method"):
        ENTRY.refuse({"gates": [{"kind": "target_health", "method": "GET"}]})


def test_every_option_of_one_kind_is_a_stray_with_every_other_whatever_its_default() -> None:
    for kind in table.GATES:
        for other in table.GATES:
            for name, option in other.options.items():
                told = list(table.given_gate_problems({"gates": [{"kind": kind.kind, name: option.get("default")}]}))
                assert bool(told) is (name not in kind.options), (kind.kind, name)


@pytest.mark.parametrize("given", [{}, {"gates": None}, {"gates": "x"}, {"gates": [1]}, {"gates": [{"kind": {}}]}])
def test_gates_of_another_shape_have_no_kind(given: dict[str, Any]) -> None:
    assert list(table.given_gate_problems(given)) == []


@pytest.mark.parametrize(
    "stray", [{"path": "/readyz"}, {"minimum_samples": 500}, {"version_header": ""}, {"expected_status": [204]}]
)
def test_an_option_of_another_kind_is_refused_and_not_ignored(stray: dict[str, Any]) -> None:
    spec = {"gates": {"type": "list", "elements": "dict", "options": table.gate_spec()}}
    checked = ArgumentSpecValidator(spec).validate({"gates": [{"kind": "target_health", **stray}]})
    assert not checked.error_messages
    with pytest.raises(RequestError, match=rf"kind target_health is given {next(iter(stray))}, which it does not have"):
        table.read_gate(checked.validated_parameters["gates"][0], "")


LEAST: dict[str, dict[str, Any]] = {
    "alarms": {"alarms": ["a"]},
    "approval": {"question": "Go?"},
    "metric": {"metric": "m", "maximum": 1},
    "inference": {"golden_file": "g.jsonl"},
    "served_inference": {"golden_file": "g.jsonl", "inference_clips": ["a.mp4"]},
    "command": {"command": ["x"]},
    "webhook": {"webhook_url": "https://judge.example.com/"},
}
JUNK: list[Any] = [
    *(
        "",
        "x",
        "\0",
        "\u00e9",
        "inf",
        "9" * 400,
        0,
        -1,
        10**400,
        1e308,
        float("nan"),
        float("inf"),
        float("-inf"),
        True,
    ),
    *([], [""], [None], [0], ["x", "x"], {}, {"": ""}, {"a": None}, {"a": []}, {"a.b": float("nan")}),
]


@pytest.mark.parametrize("kind", table.GATES, ids=lambda kind: kind.kind)
def test_no_value_of_any_option_of_any_kind_is_a_traceback(kind: type[Gate[Any]]) -> None:
    for name, value in product((*SHARED_OPTIONS, *kind.options), JUNK):
        options = {"kind": kind.kind, **LEAST.get(kind.kind, {}), name: value}
        with contextlib.suppress(RequestError):
            # In the order of the module: what Ansible ends in an exception of is refused before.
            ENTRY.refuse({"gates": [options]})
            checked = ArgumentSpecValidator(table.gate_spec()).validate(options)
            if not checked.error_messages:
                gate = table.read_gate(checked.validated_parameters, "http://alb")
                assert all(isinstance(problem, str) for problem in gate_problems(gate, 5.0)), (name, value)


@pytest.mark.parametrize("kind", table.GATES, ids=lambda kind: kind.kind)
def test_of_every_kind_nothing_measured_never_passes_and_its_words_can_be_said(kind: type[Gate[Any]]) -> None:
    checked = ArgumentSpecValidator(table.gate_spec()).validate({"kind": kind.kind, **LEAST.get(kind.kind, {})})
    gate = table.read_gate(checked.validated_parameters, "http://alb")
    assert gate_problems(gate, 5.0) == []
    tally = gate.begin()
    assert gate.assess(tally, baked=True) in (Verdict.INCONCLUSIVE, Verdict.ERROR)
    assert gate.p_value(tally) in (None, 1.0)
    assert gate.seen(tally)
    assert gate.expected()
    assert (tally.samples, tally.failures) == (0, 0)
