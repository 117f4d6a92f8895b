# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The strategies; and that a new one needs only a class and its row, even with options and an undo of its own."""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.fastbreak.aws.plugins.doc_fragments.rollout_parts import ModuleDocFragment
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError, RequestError, RolledBackError
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Outcome
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.request.problems import problems_of
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.strategies import table
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.strategies.model import Strategy
from ansible_collections.fastbreak.aws.plugins.modules.ecs_rollout import build_argument_spec

from tests.unit.plugins.module_utils._rollout.case import deploy, make_request, newest, released
from tests.unit.plugins.module_utils._rollout.killed import kill_after
from tests.unit.plugins.module_utils._rollout.shifting import by

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.strategies.model import Standing, Started
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.strategies.rollout import Rollout
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import (
        DeploymentSettings,
        Service,
        ServiceSettings,
    )

    from tests.unit.plugins.module_utils._rollout.fakes import World


class Stepwise(Strategy):
    """Traffic moves in steps. ECS is never asked to roll it back: going back is a deployment like any other."""

    name: ClassVar[str] = "STEPWISE"
    options: ClassVar[Mapping[str, Any]] = {"stride_percent": {"type": "int", "default": 25}}

    def configuration(self, own: Mapping[str, Any]) -> dict[str, Any]:
        return {"stepConfiguration": {"stepPercent": own["stride_percent"]}}

    def problems(self, deployment: DeploymentSettings, _desired: int) -> Iterator[str]:
        if deployment.own["stepConfiguration"]["stepPercent"] < 1:
            yield "deployment.stride_percent must be 1 at least."

    def prepare(self, rollout: Rollout) -> None:
        rollout.say("prepared the steps")

    def follow(self, rollout: Rollout, started: Started, service: Service | None = None) -> Standing:
        rollout.say("followed the steps")
        return super().follow(rollout, started, service)

    def roll_back(self, _rollout: Rollout, _started: Started) -> bool:
        return False


@pytest.fixture(autouse=True)
def strategy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is changed but the table."""
    monkeypatch.setattr(table, "STRATEGIES", [*table.STRATEGIES, Stepwise()])


def read(**given: Any) -> DeploymentSettings:
    """The option ``deployment`` as the module takes it."""
    spec = {"deployment": {"type": "dict", "options": table.deployment_spec()}}
    checked = ArgumentSpecValidator(spec).validate({"deployment": given})
    assert not checked.error_messages, checked.error_messages
    return table.read_deployment(checked.validated_parameters["deployment"])


def in_steps(percent: int = 25) -> ServiceSettings:
    return replace(make_request("x").settings, deployment=read(strategy="STEPWISE", stride_percent=percent))


def test_strategy_from_outside_is_a_class_of_less_than_40_lines() -> None:
    assert len(inspect.getsource(Stepwise).splitlines()) < 40


def test_strategy_from_outside_is_told_its_options() -> None:
    made = read(strategy="STEPWISE", alarms=["errors"])
    assert (made.strategy, made.alarms, made.own) == (
        "STEPWISE",
        frozenset({"errors"}),
        {"stepConfiguration": {"stepPercent": 25}},
    )
    assert problems_of(make_request("x", settings=in_steps(0))) == ["deployment.stride_percent must be 1 at least."]
    assert read().own == {}


def test_an_option_of_another_strategy_is_refused_and_not_ignored() -> None:
    with pytest.raises(RequestError, match=r"strategy ROLLING and is given stride_percent, which it does not have"):
        read(stride_percent=10)


def test_an_option_of_another_strategy_is_refused_whatever_its_value() -> None:
    for given in ({"stride_percent": 25}, {"strategy": "ROLLING", "stride_percent": None}):
        (problem,) = table.given_deployment_problems({"deployment": given})
        assert problem.startswith("deployment is of strategy ROLLING and is given stride_percent")
    assert list(table.given_deployment_problems({"deployment": {"strategy": "STEPWISE", "stride_percent": 25}})) == []


def test_strategy_from_outside_lets_a_release_in_and_compares_its_options(world: World, ports: Ports) -> None:
    world.push("1.0.0", "a")
    deploy(ports, "1.0.0", settings=in_steps())
    assert (newest(world).strategy, newest(world).outcome) == ("STEPWISE", Outcome.SUCCEEDED)
    assert world.service.settings.deployment.own == {"stepConfiguration": {"stepPercent": 25}}
    assert any("prepared the steps" in line for line in world.lines)
    assert not deploy(ports, "1.0.0", settings=in_steps()).changed
    changed = deploy(ports, "1.0.0", settings=in_steps(50), check_mode=True)
    assert changed.plan.setting_changes == ("deployment",)
    steps = [view["service"]["deployment"]["stepConfiguration"] for view in (changed.plan.before, changed.plan.after)]
    assert steps == [{"stepPercent": 25}, {"stepPercent": 50}]


def test_strategy_from_outside_undoes_a_release_in_its_own_way(world: World, ports: Ports) -> None:
    world.push("1.0.0", "a")
    deploy(ports, "1.0.0", settings=in_steps())
    world.push("1.1.0", "b", path_status={"/v1/analyses": 500})
    world.lines.clear()
    with pytest.raises(RolledBackError, match=r"A new deployment put the service back on 1\.0\.0"):
        deploy(ports, "1.1.0", settings=in_steps())
    assert "stop_service_deployment" not in world.calls
    said = [line.partition(": ")[2] for line in world.lines]
    back = next(number for number, line in enumerate(said) if line.startswith("deploying 1.0.0"))
    assert said.count("prepared the steps") == 2
    assert {"prepared the steps", "followed the steps"} <= set(said[back:])


def killed_in_steps(world: World, ports: Ports) -> None:
    """A release of the strategy from outside, whose run is killed while ECS is at it."""
    released(world, ports)
    world.push("1.1.0", "b", ready_after=10.0)
    kill_after(world, ports, 4, version="1.1.0", settings=in_steps())
    assert newest(world).deployment_id
    world.push("1.2.0", "c")
    world.calls.clear()
    world.lines.clear()


def test_what_a_strategy_began_is_recovered_by_that_strategy_and_not_by_the_wanted_one(
    world: World, ports: Ports
) -> None:
    killed_in_steps(world, ports)
    deploy(ports, "1.2.0", owner="next@here:9:cccc")
    assert any("followed the steps" in line for line in world.lines)
    assert not any("prepared the steps" in line for line in world.lines)
    assert [release.strategy for release in world.history("inference")] == ["ROLLING", "STEPWISE", "ROLLING"]


def test_what_a_strategy_of_a_newer_version_began_is_not_touched(
    world: World, ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed_in_steps(world, ports)
    monkeypatch.setattr(table, "STRATEGIES", table.STRATEGIES[:1])
    with pytest.raises(RefusedError, match=r"strategy 'STEPWISE' was refused: .* knows ROLLING\. Nothing was changed"):
        deploy(ports, "1.2.0", owner="next@here:9:cccc")
    assert world.calls == []


def test_two_strategies_cannot_mean_different_things_by_an_option(monkeypatch: pytest.MonkeyPatch) -> None:
    class Other(Stepwise):
        name = "OTHER"
        options: ClassVar[Mapping[str, Any]] = {"alarms": {"type": "int"}}

    monkeypatch.setattr(table, "STRATEGIES", [*table.STRATEGIES, Other()])
    with pytest.raises(ValueError, match="different things by the option alarms"):
        table.deployment_spec()


def test_every_option_of_every_strategy_is_documented() -> None:
    documented = yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["options"]["deployment"]["suboptions"]
    spec = build_argument_spec()["deployment"]["options"]
    ours = {name: option for name, option in spec.items() if name not in Stepwise.options}
    assert set(documented) == set(ours)
    assert documented["strategy"]["choices"] == [name for name in ours["strategy"]["choices"] if name != "STEPWISE"]
    assert {name: option.get("default") for name, option in documented.items()} == {
        name: option.get("default") for name, option in ours.items()
    }


@pytest.mark.parametrize("strategy", table.STRATEGIES, ids=lambda strategy: strategy.name)
@pytest.mark.parametrize(
    ("least", "most", "works"),
    [(-5, 0, False), (50, 99, False), (101, 200, False), (100, 100, False), (0, 100, True), (100, 200, True)],
)
def test_percentages_that_ecs_refuses_are_refused_before_anything_is_changed(
    strategy: Strategy, least: int, most: int, *, works: bool
) -> None:
    asked = by(strategy.name)
    deployment = replace(asked["settings"].deployment, minimum_healthy_percent=least, maximum_percent=most)
    asked["settings"] = replace(asked["settings"], deployment=deployment)
    told = [each for each in problems_of(make_request("1.0.0", **asked)) if "maximum_percent" in each]
    assert (told == []) is works, told
