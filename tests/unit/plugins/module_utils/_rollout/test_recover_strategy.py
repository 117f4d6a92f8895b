# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A release that ECS is at work on, and an inventory whose deployment options have changed since it began."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError, RefusedError, RolledBackError
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import ROLLBACK, Outcome
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import Network

from tests.unit.plugins.module_utils._rollout.case import deploy, make_request, newest, released
from tests.unit.plugins.module_utils._rollout.fakes import LISTENER_ARN
from tests.unit.plugins.module_utils._rollout.killed import kill_after
from tests.unit.plugins.module_utils._rollout.shifting import GREEN_ARN, ShiftingWorld, by

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.rules import StandingRule
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import DeploymentSettings

    from tests.unit.plugins.module_utils._rollout.fakes import World as RollingWorld

CANARY = by("CANARY", bake_minutes=4, canary_percent=20.0, canary_bake_minutes=2)
ROLLING = by("ROLLING")
OTHERS = [
    by("BLUE_GREEN", bake_minutes=1),
    by("LINEAR", bake_minutes=1, step_percent=25.0, step_bake_minutes=1),
    by("CANARY", bake_minutes=5, canary_percent=30.0, canary_bake_minutes=0),
]
OTHER_NETWORK = Network(frozenset({"subnet-3"}), frozenset({"sg-1"}))
NEXT = "next@here:9:cccc"


@pytest.fixture
def world() -> ShiftingWorld:
    return ShiftingWorld()


def users(world: ShiftingWorld) -> list[StandingRule]:
    """The rules that users come by."""
    return [rule for rule in world.rules.values() if rule.listener_arn == LISTENER_ARN and rule.weights]


def left_at_its_canary(world: ShiftingWorld, ports: Ports, **behaviour: Any) -> DeploymentSettings:
    """A run is killed with a share of the users on 1.1.0; the settings that ECS works by."""
    released(world, ports, **CANARY)
    world.push("1.1.0", "b", **behaviour)
    kill_after(world, ports, 25, version="1.1.0", **CANARY)
    assert world.courses[world.deployments[-1].arn].weight == 20
    world.calls.clear()
    assert world.service
    return world.service.settings.deployment


@pytest.mark.parametrize("other", OTHERS, ids=lambda other: other["settings"].deployment.strategy)
def test_it_goes_on_by_its_own_and_the_service_takes_the_others_at_the_end(
    world: ShiftingWorld, ports: Ports, other: dict[str, Any]
) -> None:
    standing = left_at_its_canary(world, ports)
    seen: list[bool] = []
    update = world.update_service

    def note(*args: Any, **kwargs: Any) -> Any:
        assert world.service
        seen.append(any(deployment.state.moving for deployment in world.deployments))
        return update(*args, **kwargs)

    world.update_service = note  # type: ignore[method-assign]
    result = deploy(ports, "1.1.0", owner=NEXT, **other)
    assert (result.action, newest(world).outcome, newest(world).strategy) == ("adopt", Outcome.SUCCEEDED, "CANARY")
    assert sum("it goes on by those that it began with" in warning for warning in result.warnings) == 1
    assert seen == [False]
    assert world.service
    assert world.service.settings.deployment != standing
    world.calls.clear()
    assert not deploy(ports, "1.1.0", **other).changed
    assert world.calls == []


def test_the_same_options_are_no_news(world: ShiftingWorld, ports: Ports) -> None:
    left_at_its_canary(world, ports)
    assert deploy(ports, "1.1.0", owner=NEXT, **CANARY).warnings == ()
    assert not [call for call in world.calls if call.startswith("update_service")]


def test_one_that_needs_a_deployment_anew_is_rolled_back_first(world: ShiftingWorld, ports: Ports) -> None:
    left_at_its_canary(world, ports)
    assert world.service
    began, stood_by = [], world.continue_deployment

    def note(arn: str, hook_id: str) -> bool:
        if not began:
            began.append((world.courses[arn].weight, {rule.weights.get(GREEN_ARN, 0) for rule in users(world)}))
        return stood_by(arn, hook_id)

    world.continue_deployment = note  # type: ignore[method-assign]
    elsewhere = {**CANARY, "settings": replace(CANARY["settings"], network=OTHER_NETWORK)}
    result = deploy(ports, "1.1.0", owner=NEXT, **elsewhere)
    assert (result.action, result.warnings) == ("deploy", ())
    assert began == [(0.0, {0})]
    assert [release.outcome for release in world.history("inference")[:2]] == [Outcome.SUCCEEDED, Outcome.ROLLED_BACK]
    assert world.calls.index("stop_service_deployment") < world.calls.index("start")
    assert world.service.settings.network == OTHER_NETWORK


def test_one_that_is_unfit_goes_back_all_the_same(world: ShiftingWorld, ports: Ports) -> None:
    standing = left_at_its_canary(world, ports)
    for task in world.tasks:
        if task.behaviour.tag.startswith("1.1.0"):
            task.behaviour = replace(task.behaviour, path_status={"/v1/analyses": 500})
    with pytest.raises(RolledBackError):
        deploy(ports, "1.1.0", owner=NEXT, **OTHERS[0])
    assert world.service
    assert world.service.settings.deployment == standing


def test_a_rollback_that_is_gone_on_with_leaves_what_a_rollback_leaves(world: ShiftingWorld, ports: Ports) -> None:
    released(world, ports, **CANARY)
    world.push("1.1.0", "b")
    deploy(ports, "1.1.0", **CANARY)
    assert world.service
    lasting = world.service.settings.deployment
    kill_after(world, ports, 8, version="", kind=ROLLBACK, **CANARY)
    assert world.deployments[-1].state.moving
    world.calls.clear()
    result = deploy(ports, "", kind=ROLLBACK, owner=NEXT, **CANARY)
    assert result.warnings == ()
    assert newest(world).outcome is Outcome.SUCCEEDED
    assert world.service.settings.deployment == lasting
    assert sum(call.startswith("update_service") for call in world.calls) == 1


def test_a_rollback_that_is_judged_by_a_run_that_deploys_is_no_news_either(world: ShiftingWorld, ports: Ports) -> None:
    released(world, ports, **CANARY)
    world.push("1.1.0", "b")
    deploy(ports, "1.1.0", **CANARY)
    assert world.service
    lasting = world.service.settings.deployment
    kill_after(world, ports, 8, version="", kind=ROLLBACK, **CANARY)
    result = deploy(ports, "1.0.0", owner=NEXT, **CANARY)
    assert (result.result.value, result.warnings) == ("accepted", ())
    assert world.service.settings.deployment == lasting


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (OTHERS[0], "The service still has the options of deployment that this release began with: no"),
        (by("CANARY", bake_minutes=9, canary_percent=20.0, canary_bake_minutes=2), "The service still has the options"),
    ],
)
def test_options_that_could_not_be_put_are_said(
    world: ShiftingWorld, ports: Ports, other: dict[str, Any], said: str
) -> None:
    left_at_its_canary(world, ports)

    def refuse(*_args: Any, **_kwargs: Any) -> Any:
        raise OperationError("no.")

    world.update_service = refuse  # type: ignore[method-assign]
    warnings = deploy(ports, "1.1.0", owner=NEXT, **other).warnings
    assert [warning for warning in warnings if said in warning]


def test_one_that_is_to_be_rolling_now_is_rolled_back_first(world: ShiftingWorld, ports: Ports) -> None:
    left_at_its_canary(world, ports)
    with pytest.raises(RefusedError, match=r"under way by CANARY, and deployment\.strategy is ROLLING now"):
        deploy(ports, "1.1.0", owner=NEXT, judge_only=True, **ROLLING)
    assert world.calls == []
    assert deploy(ports, "1.1.0", owner=NEXT, **ROLLING).action == "deploy"
    again, first = world.history("inference")[:2]
    assert (again.outcome, again.strategy) == (Outcome.SUCCEEDED, "ROLLING")
    assert (first.outcome, first.strategy) == (Outcome.ROLLED_BACK, "CANARY")
    assert "stop_service_deployment" in world.calls


def test_a_run_that_deploys_anew_takes_nothing_from_what_was_measured_of_the_deployment_before(
    ports: Ports,
) -> None:
    world: RollingWorld = ports.ecs  # type: ignore[assignment]
    released(world, ports, **ROLLING)
    world.push("1.1.0", "b", ready_after=4.0)
    kill_after(world, ports, 12, version="1.1.0", **ROLLING)
    measured = newest(world)
    assert measured.measuring
    assert any(gate.samples for gate in measured.gates)
    settings = replace(make_request("x", **ROLLING).settings, network=OTHER_NETWORK)
    began = world.now()
    result = deploy(ports, "1.1.0", owner=NEXT, **{**ROLLING, "settings": settings})
    assert (result.action, newest(world).release_id) == ("deploy", measured.release_id)
    assert result.warnings == ()
    assert newest(world).outcome is Outcome.SUCCEEDED
    assert all(gate.started_at > began.isoformat() for gate in newest(world).gates)
