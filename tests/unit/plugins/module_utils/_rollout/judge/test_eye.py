# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""An eye on a service that was found fit."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import UnavailableError
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.act.shifted_traffic import traffic_of
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.target_health import TargetHealthGate
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.judge.eye import Eye
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.plan.read import read
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.writes import ServiceChange
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.session import Session
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.strategies.table import strategy_named

from tests.unit.plugins.module_utils._rollout.case import make_request, released

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.model import Gate
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    from tests.unit.plugins.module_utils._rollout.fakes import World


@pytest.fixture
def eye(world: World, ports: Ports) -> Eye:
    released(world, ports)
    return eye_on(ports)


def eye_on(ports: Ports, *gates: Gate[Any]) -> Eye:
    """An eye on what runs, by *gates* or those of every request."""
    session = Session(make_request("1.0.0", **({"gates": gates} if gates else {})), ports)
    facts = read(session)
    started = strategy_named("ROLLING").adopt(session, facts.running_arn)
    return Eye(session, started, facts.target.release.tag, traffic_of(session, facts))


def looks(world: World, eye: Eye, seconds: int = 60) -> str:
    """What it says first in so many *seconds*."""
    for _second in range(seconds):
        if said := eye.unfit():
            return said
        world.sleep(1)
    return ""


def test_nothing_speaks_against_a_service_that_stays_well_and_nothing_is_written(world: World, eye: Eye) -> None:
    assert not looks(world, eye, 300)
    assert world.calls == []


def test_tasks_that_crash_do(world: World, eye: Eye) -> None:
    assert not eye.unfit()
    for task in world.tasks:
        task.behaviour = replace(task.behaviour, exits_after=1.0)
    assert "inference, of the same release: gate " in looks(world, eye)
    assert not eye.replaced


def test_so_does_somebody_who_replaces_its_deployment(world: World, eye: Eye) -> None:
    assert not eye.unfit()
    assert world.service
    world.update_service("fastbreak-dev", "inference", ServiceChange(world.service.settings, (), "", force=True))
    assert "replaced it" in looks(world, eye)
    assert eye.replaced


def test_what_cannot_be_looked_at_says_nothing(world: World, eye: Eye) -> None:
    assert not eye.unfit()
    world.unreachable = True
    assert not looks(world, eye)


@pytest.mark.parametrize("every", [2, 3])
def test_neither_does_what_is_seen_now_and_then_however_long(world: World, ports: Ports, every: int) -> None:
    released(world, ports)
    eye, looks_taken, look = eye_on(ports, TargetHealthGate()), itertools.count(), world.describe_targets

    def fail(*args: Any, **kwargs: Any) -> Any:
        if next(looks_taken) % every == 0:
            raise UnavailableError("Throttling: Rate exceeded")
        return look(*args, **kwargs)

    world.describe_targets = fail  # type: ignore[method-assign]
    assert not looks(world, eye, 1500)


def test_nor_do_tasks_that_its_scaling_adds_and_that_cannot_start(world: World, ports: Ports) -> None:
    released(world, ports)
    eye, look = eye_on(ports, TargetHealthGate()), world.describe_service

    def scaled_out(*args: Any, **kwargs: Any) -> Any:
        service = look(*args, **kwargs)
        return service and replace(service, desired_count=service.desired_count + 1)

    assert not looks(world, eye, 60)
    world.describe_service = scaled_out  # type: ignore[method-assign]
    assert not looks(world, eye, 900)


def test_what_it_says_for_others_to_say_has_no_value_of_its_service(world: World, ports: Ports) -> None:
    released(world, ports)
    session = Session(make_request("1.0.0"), ports)
    session.redaction.hide("environment.VALUE", "EssentialContainerExited")
    facts = read(session)
    started = strategy_named("ROLLING").adopt(session, facts.running_arn)
    eye = Eye(session, started, facts.target.release.tag, traffic_of(session, facts))
    for task in world.tasks:
        task.behaviour = replace(task.behaviour, exits_after=1.0)
    said = looks(world, eye)
    assert "(hidden, environment.VALUE)" in said
    assert "EssentialContainerExited" not in said
