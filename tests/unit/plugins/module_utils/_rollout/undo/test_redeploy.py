# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Going back after the deployment has completed."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    OperationError,
    RolledBackError,
    UnavailableError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import ROLLBACK, Outcome
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.run import bring
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.deployment import DeploymentState
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.session import Session
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.strategies.table import STRATEGIES
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import DeploymentSettings

from tests.unit.plugins.module_utils._common.fakes import Lines
from tests.unit.plugins.module_utils._rollout.case import deploy, make_request, newest, released
from tests.unit.plugins.module_utils._rollout.killed import Killed
from tests.unit.plugins.module_utils._rollout.shifting import ShiftingWorld, by

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.writes import ServiceChange
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import Service

    from tests.unit.plugins.module_utils._rollout.fakes import World


def test_version_that_answers_errors_after_completing_is_replaced_by_a_new_deployment(
    world: World, ports: Ports
) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    digest = "sha256:" + "b" * 64

    def break_it() -> None:
        for task in world.tasks:
            if task.definition_arn == world.service.task_definition_arn:
                task.behaviour = replace(task.behaviour, status=500)

    world.at.append((world.seconds + 8, break_it))
    with pytest.raises(RolledBackError, match=r"A new deployment put the service back on 1\.0\.0"):
        deploy(ports, "1.1.0")
    assert [call for call in world.calls if call.startswith("update_service")] == ["update_service()"] * 2
    assert (
        digest not in world.definitions[world.service.task_definition_arn].document["containerDefinitions"][0]["image"]
    )
    assert newest(world).outcome is Outcome.ROLLED_BACK


def break_after_completion(world: World, ports: Ports, seconds: float = 8) -> str:
    """Release a version that answers errors some *seconds* later, once it has completed; the revision before it."""
    released(world, ports)
    running = world.service.task_definition_arn
    world.push("1.1.0", "b")

    def break_it() -> None:
        for task in world.tasks:
            if task.definition_arn != running:
                task.behaviour = replace(task.behaviour, status=500)

    world.at.append((world.seconds + seconds, break_it))
    return str(running)


def test_deployment_of_the_revision_before_that_fails_too_is_said(world: World, ports: Ports) -> None:
    running = break_after_completion(world, ports)
    started = world._deploy

    def fail_on_the_way_back(definition_arn: str) -> None:
        started(definition_arn)
        if definition_arn == running:
            world.deployments[-1].state, world.deployments[-1].reason = DeploymentState.STOPPED, "by somebody"

    world._deploy = fail_on_the_way_back
    with pytest.raises(OperationError, match=r"failed as well: service deployment \S+ is STOPPED \(by somebody\)"):
        deploy(ports, "1.1.0")
    assert newest(world).outcome is Outcome.FAILED


def test_change_by_another_on_the_way_back_is_said(world: World, ports: Ports) -> None:
    running = break_after_completion(world, ports)
    other = world.register_task_definition(world.definitions[running].document, {})
    update = world.update_service

    def update_and_lose(cluster: str, name: str, change: object) -> object:
        updated = update(cluster, name, change)
        if updated.task_definition_arn == running:
            world.deployments[-1].state = DeploymentState.SUCCESSFUL
            world.service = replace(world.service, task_definition_arn=other.arn)
        return updated

    world.update_service = update_and_lose
    with pytest.raises(OperationError, match="another change set the service to"):
        deploy(ports, "1.1.0")
    assert newest(world).outcome is Outcome.FAILED


@pytest.mark.parametrize(("away_seconds", "timeout"), [(150, 300.0), (400, 1800.0)])
def test_release_that_turns_unfit_while_the_table_is_away_is_rolled_back_once_it_is_back(
    world: World, ports: Ports, away_seconds: int, timeout: float
) -> None:
    break_after_completion(world, ports, 80)
    gates = tuple(replace(gate, bake_seconds=100.0, deadline_seconds=200.0) for gate in make_request("").gates)
    write, began, lines = world.write_lock, world.seconds, Lines()

    def refuse(*_: object, **__: object) -> bool:
        raise UnavailableError("DynamoDB could not be asked.")

    def go() -> None:
        world.write_lock = refuse

    def come_back() -> None:
        world.write_lock = write

    world.at += [(began + 6, go), (began + away_seconds, come_back)]
    with pytest.raises(RolledBackError, match=r"A new deployment put the service back on 1\.0\.0"):
        deploy(replace(ports, progress=lines), "1.1.0", timeout_seconds=timeout, gates=gates)
    assert world.seconds >= began + away_seconds
    assert newest(world).outcome is Outcome.ROLLED_BACK
    waits = [line for line in lines if "s are waited until the lock can be renewed" in line]
    assert len(waits) == 1
    assert f"before update_service, at most {timeout:g} s" in waits[0]


@pytest.mark.parametrize("strategy", ["ROLLING", "BLUE_GREEN"])
def test_no_alarm_ends_a_rollback_and_they_guard_again_afterwards(world: World, ports: Ports, strategy: str) -> None:
    world.alarms = {"errors": "OK"}
    given = by(strategy, bake_minutes=1) if strategy == "BLUE_GREEN" else {"settings": make_request("x").settings}
    settings = given["settings"]
    given["settings"] = replace(settings, deployment=replace(settings.deployment, alarms=frozenset({"errors"})))
    for version, digest in (("1.0.0", "a"), ("1.1.0", "b")):
        world.push(version, digest)
        deploy(ports, version, **given)
    started, watched = world._deploy, list[frozenset[str]]()

    def note(definition_arn: str) -> None:
        started(definition_arn)
        watched.append(world.service.settings.deployment.alarms)

    world._deploy = note
    deploy(ports, "", kind=ROLLBACK, **given)
    assert watched == [frozenset()]
    assert world.service.settings.deployment.alarms == {"errors"}
    assert not deploy(ports, "", kind=ROLLBACK, **given).changed


def test_alarms_that_cannot_be_put_back_after_a_rollback_are_said_and_put_back_by_the_next_run(
    world: World, ports: Ports
) -> None:
    world.alarms = {"errors": "OK"}
    settings = make_request("x").settings
    guarded = replace(settings, deployment=replace(settings.deployment, alarms=frozenset({"errors"})))
    for version, digest in (("1.0.0", "a"), ("1.1.0", "b")):
        world.push(version, digest)
        deploy(ports, version, settings=guarded)
    update = world.update_service

    def refuse_alarms(cluster: str, service: str, change: ServiceChange) -> Service:
        if change.changed == ("deployment",) and not change.task_definition_arn:
            raise OperationError("Tried to update the service, but AWS answered Throttling.")
        return update(cluster, service, change)

    world.update_service = refuse_alarms  # type: ignore[method-assign]
    done = deploy(ports, "", kind=ROLLBACK, settings=guarded)
    assert any("No alarm guards the service's deployments now" in warning for warning in done.warnings)
    world.update_service = update  # type: ignore[method-assign]
    assert deploy(ports, "1.0.0", settings=guarded).changed
    assert world.service.settings.deployment.alarms == {"errors"}


def test_no_alarm_brings_the_failed_release_back_and_they_guard_again_afterwards(world: World, ports: Ports) -> None:
    guarded = replace(make_request("1.0.0").settings, deployment=DeploymentSettings(alarms=frozenset({"errors"})))
    world.alarms = {"errors": "OK"}
    released(world, ports, settings=guarded)
    world.push("1.1.0", "b")
    running, started, watched = world.service.task_definition_arn, world._deploy, list[frozenset[str]]()

    def break_it() -> None:
        for task in world.tasks:
            if task.definition_arn != running:
                task.behaviour = replace(task.behaviour, status=500)

    def note(definition_arn: str) -> None:
        started(definition_arn)
        watched.append(world.service.settings.deployment.alarms)

    world._deploy = note
    world.at.append((world.seconds + 8, break_it))
    with pytest.raises(RolledBackError, match=r"A new deployment put the service back on 1\.0\.0"):
        deploy(ports, "1.1.0", settings=guarded)
    assert watched == [frozenset({"errors"}), frozenset()]
    assert world.service.settings.deployment.alarms == {"errors"}


@pytest.mark.parametrize("strategy", [strategy.name for strategy in STRATEGIES if strategy.shifts_weights])
@pytest.mark.parametrize("dies", [False, True])
def test_the_way_back_waits_for_nobody(strategy: str, dies: bool) -> None:
    world = ShiftingWorld()
    ports, options = Ports(*[world] * 13), by(strategy, bake_minutes=5, timeout_seconds=3600.0)
    released(world, ports, **options)
    running = world.service.task_definition_arn
    world.push("1.1.0", "b")
    session = Session(make_request("1.1.0", **options), ports)
    with session.locked(), contextlib.suppress(Killed):
        part = bring(session)
        began = world.seconds
        if dies:
            world.at.append((began + 3, killed))
        part.refuse("another service of the release failed")
    for _ in range(60):
        world.sleep(1)
    assert world.deployments[-1].state is DeploymentState.SUCCESSFUL
    assert world.service.task_definition_arn == running
    assert world.seconds - began < 120
    if not dies:
        assert world.service.settings.deployment == options["settings"].deployment


def killed() -> None:
    raise Killed
