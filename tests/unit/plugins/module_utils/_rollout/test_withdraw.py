# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A rollback of a release that is under way takes it back from where it stands, and deploys nothing anew."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError, RefusedError
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import DEPLOY, ROLLBACK, Outcome
from ansible_collections.fastbreak.aws.plugins.module_utils._release.schema import Schema
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.deployment import DeploymentState

from tests.unit.plugins.module_utils._rollout.case import deploy, newest
from tests.unit.plugins.module_utils._rollout.killed import kill_after
from tests.unit.plugins.module_utils._rollout.shifting import ShiftingWorld, by

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

CANARY = by("CANARY", bake_minutes=1, canary_percent=20.0, canary_bake_minutes=1)
ROLLING = by("ROLLING")


@pytest.fixture
def world() -> ShiftingWorld:
    return ShiftingWorld()


def under_way(world: ShiftingWorld, ports: Ports, until: str, **other: Any) -> None:
    """1.0.0 is accepted, and 1.1.0 waits for somebody."""
    world.push("1.0.0", "a")
    deploy(ports, "1.0.0", **CANARY)
    world.push("1.1.0", "b")
    deploy(ports, "1.1.0", wait_until=until, **CANARY, **other)
    world.calls.clear()


@pytest.mark.parametrize("version", ["", "1.0.0"])
@pytest.mark.parametrize("until", ["paused", "each_step", "after_traffic"])
def test_what_waits_is_refused_and_nothing_is_deployed(
    world: ShiftingWorld, ports: Ports, until: str, version: str
) -> None:
    under_way(world, ports, until)
    deployments, began = len(world.deployments), world.seconds
    result = deploy(ports, version, kind=ROLLBACK, **CANARY)
    assert (result.action, result.changed, result.version[:5]) == ("withdraw", True, "1.0.0")
    assert len(world.deployments) == deployments
    assert {"refuse_deployment", "stop_service_deployment"} & {*world.calls}
    assert not [call for call in world.calls if call.startswith("update_service")]
    assert world.deployments[-1].state is DeploymentState.ROLLED_BACK
    assert world.seconds - began < 30
    record = newest(world)
    assert (record.version[:5], record.outcome) == ("1.1.0", Outcome.ROLLED_BACK)
    assert "had it rolled back before it was judged to the end" in record.reason
    assert record.gates or until == "paused"


def test_twice_is_once(world: ShiftingWorld, ports: Ports) -> None:
    under_way(world, ports, "paused")
    deploy(ports, "", kind=ROLLBACK, **CANARY)
    assert not [call for call in world.calls if call.startswith("update_service")]
    world.calls.clear()
    deploy(ports, "", kind=ROLLBACK, **CANARY)
    assert not {"refuse_deployment", "stop_service_deployment"} & {*world.calls}
    assert world.requests[-1][2].startswith("1.0.0")


def test_a_plan_says_so_and_does_nothing(world: ShiftingWorld, ports: Ports) -> None:
    under_way(world, ports, "paused")
    assert deploy(ports, "", kind=ROLLBACK, check_mode=True, **CANARY).action == "withdraw"
    assert world.calls == []
    assert newest(world).in_progress


def test_a_run_that_was_killed_in_a_rolling_release_leaves_one_to_give_up(world: ShiftingWorld, ports: Ports) -> None:
    world.push("1.0.0", "a")
    deploy(ports, "1.0.0", **ROLLING)
    world.push("1.1.0", "b", ready_after=200.0)
    kill_after(world, ports, 8, version="1.1.0", **ROLLING)
    deployments = len(world.deployments)
    assert deploy(ports, "", kind=ROLLBACK, owner="next@here:9:cccc", **ROLLING).action == "withdraw"
    assert len(world.deployments) == deployments
    assert newest(world).outcome is Outcome.ROLLED_BACK


def test_going_elsewhere_than_back_deploys_anew(world: ShiftingWorld, ports: Ports) -> None:
    for version, digit in (("0.9.0", "c"), ("1.0.0", "a")):
        world.push(version, digit)
        deploy(ports, version, **ROLLING)
    world.push("1.1.0", "b", ready_after=200.0)
    kill_after(world, ports, 8, version="1.1.0", **ROLLING)
    assert deploy(ports, "0.9.0", kind=ROLLBACK, owner="next@here:9:cccc", **ROLLING).action == "deploy"
    assert newest(world).kind == ROLLBACK


def test_a_schema_that_the_release_before_does_not_work_with_is_a_reason_to_refuse(
    world: ShiftingWorld, ports: Ports
) -> None:
    under_way(world, ports, "paused", schema=Schema(8))
    for check_mode in (True, False):
        with pytest.raises(RefusedError, match=r"does not say which schema it needs .* may have schema 8"):
            deploy(ports, "", kind=ROLLBACK, check_mode=check_mode, **CANARY)
    assert world.calls == []
    assert newest(world).in_progress


def test_what_does_not_come_back_is_said(world: ShiftingWorld, ports: Ports) -> None:
    under_way(world, ports, "paused")
    for task in world.tasks:
        if task.behaviour.tag.startswith("1.0.0"):
            task.behaviour = replace(task.behaviour, status=503)
    with pytest.raises(OperationError, match=r"which was under way: .*users do not get its answers"):
        deploy(ports, "", kind=ROLLBACK, **CANARY)
    assert newest(world).outcome is Outcome.FAILED


@pytest.mark.parametrize(("until", "kind"), [("paused", ROLLBACK), ("each_step", ROLLBACK), ("each_step", DEPLOY)])
def test_what_stands_in_the_way_of_a_third_release_is_rolled_back_first(
    world: ShiftingWorld, ports: Ports, until: str, kind: str
) -> None:
    world.push("0.9.0", "c")
    if kind == ROLLBACK:
        deploy(ports, "0.9.0", **CANARY)
    under_way(world, ports, until)
    assert deploy(ports, "0.9.0", kind=kind, check_mode=True, **CANARY).action == "deploy"
    assert world.calls == []
    assert deploy(ports, "0.9.0", kind=kind, **CANARY).action == "deploy"
    third, given_up = world.history("inference")[:2]
    assert (third.version[:5], third.outcome) == ("0.9.0", Outcome.SUCCEEDED)
    assert (given_up.version[:5], given_up.outcome) == ("1.1.0", Outcome.ROLLED_BACK)
    # Users were back on what ran before the third release took any.
    assert third.previous_version.startswith("1.0.0")


def test_what_stands_in_the_way_stays_when_the_third_release_is_refused(world: ShiftingWorld, ports: Ports) -> None:
    under_way(world, ports, "each_step")
    world.push("1.2.0", "d")
    world.alarms = {"fire": "ALARM"}
    guarded = by("CANARY", bake_minutes=1, canary_percent=20.0, canary_bake_minutes=1)
    deployment = replace(guarded["settings"].deployment, alarms=frozenset({"fire"}))
    with pytest.raises(RefusedError):
        deploy(ports, "1.2.0", **{**guarded, "settings": replace(guarded["settings"], deployment=deployment)})
    assert world.calls == []
    assert newest(world).in_progress
