# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Releases of a service that its scaling may leave without a task."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError, RefusedError, RolledBackError
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import ROLLBACK
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.scaling.rest import awake

from tests.unit.plugins.module_utils._rollout.case import deploy, make_request, scaling
from tests.unit.plugins.module_utils._rollout.neighbours import GATES

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.report import RolloutResult
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.scaling.model import Scaling

    from tests.unit.plugins.module_utils._rollout.fakes import World

BACKLOG = {"cpu_percent": 60, "backlog_per_task": 2, "backlog_namespace": "Fastbreak/dev"}
NIGHT = {"name": "night", "schedule": "cron(0 20 * * ? *)", "minimum": 0, "maximum": 0}
DAY = {"name": "day", "schedule": "cron(0 7 * * ? *)", "minimum": 0, "maximum": 4}
RESTS = scaling(0, 4, **BACKLOG, scheduled_actions=[DAY, NIGHT])


def release(ports: Ports, version: str, wanted: Scaling = RESTS, **other: Any) -> RolloutResult:
    settings = replace(make_request(version).settings, target_bindings=frozenset(), health_check_grace_period_seconds=0)
    given = {"settings": settings, "rules": (), "gates": GATES, "scaling": wanted, "desired_count": 1, **other}
    return deploy(ports, version, **given)


def asleep(world: World, ports: Ports, wanted: Scaling = RESTS) -> None:
    """A release that has been put to rest."""
    world.push("1.0.0", "a")
    release(ports, "1.0.0", wanted)
    scale(world, 0)
    world.calls.clear()


def scale(world: World, count: int) -> None:
    assert world.service
    world.service = replace(world.service, desired_count=count)
    world.tasks[:] = world.tasks[:count]


def while_judged(world: World) -> list[tuple[Scaling | None, int]]:
    """What scaling and which desired count there are some seconds after a release has begun."""
    seen: list[tuple[Scaling | None, int]] = []
    world.at.append(
        (world.seconds + 6, lambda: seen.append((world.scaling, world.service.desired_count if world.service else -1)))
    )
    return seen


def test_release_is_judged_awake_and_handed_back(world: World, ports: Ports) -> None:
    asleep(world, ports)
    assert world.scaling == RESTS
    world.push("1.1.0", "b")
    predicted = release(ports, "1.1.0", check_mode=True)
    assert predicted.changed
    seen = while_judged(world)
    done = release(ports, "1.1.0")
    assert seen == [(awake(RESTS), 1)]
    assert (done.plan.before, done.plan.after) == (predicted.plan.before, predicted.plan.after)
    assert world.scaling == RESTS
    assert world.service.desired_count == 1
    for count in (1, 0, 3):
        scale(world, count) if count < 3 else None
        assert not release(ports, "1.1.0").changed


def test_first_release_is_made_awake(world: World, ports: Ports) -> None:
    world.push("1.0.0", "a")
    seen = while_judged(world)
    release(ports, "1.0.0")
    assert seen == [(awake(RESTS), 1)]
    assert world.scaling == RESTS


def test_unfit_release_is_rolled_back_and_scaling_is_as_before(world: World, ports: Ports) -> None:
    asleep(world, ports)
    before = world.service.task_definition_arn
    world.push("1.1.0", "b", exits_after=1.0)
    with pytest.raises(RolledBackError):
        release(ports, "1.1.0", scaling(0, 9, **BACKLOG))
    assert world.scaling == RESTS
    assert world.service.task_definition_arn == before
    assert world.service.desired_count == 1


def test_rollback_wakes_it_too(world: World, ports: Ports) -> None:
    asleep(world, ports)
    world.push("1.1.0", "b")
    release(ports, "1.1.0")
    scale(world, 0)
    assert release(ports, "", kind=ROLLBACK).changed
    assert world.scaling == RESTS


def test_bounds_of_the_night_are_in_force_again_after_a_release(world: World, ports: Ports) -> None:
    asleep(world, ports)
    world.scaling = replace(RESTS, maximum=0)
    world.push("1.1.0", "b")
    seen = while_judged(world)
    release(ports, "1.1.0")
    assert seen == [(awake(replace(RESTS, maximum=0)), 1)]
    assert world.scaling == replace(RESTS, maximum=0)
    assert world.service.desired_count == 0
    assert not release(ports, "1.1.0").changed


def test_night_that_falls_during_a_release_comes_after_it(world: World, ports: Ports) -> None:
    asleep(world, ports)
    soon = world.now()
    minute = (soon.minute + 1) % 60
    dusk = {**NIGHT, "schedule": f"cron({minute} * * * ? *)"}
    wanted = scaling(0, 4, **BACKLOG, scheduled_actions=[dusk])
    world.push("1.1.0", "b", ready_after=70.0)
    release(ports, "1.1.0", wanted)
    assert (world.scaling.minimum, world.scaling.maximum) == (0, 0)
    assert world.service.desired_count == 0


def test_run_that_was_killed_leaves_it_awake_for_the_next(world: World, ports: Ports) -> None:
    asleep(world, ports)
    world.push("1.1.0", "b", ready_after=10.0)

    def interrupt() -> None:
        raise KeyboardInterrupt

    world.at.append((world.seconds + 4, interrupt))
    with pytest.raises(OperationError, match="was interrupted"):
        release(ports, "1.1.0")
    assert world.scaling == awake(RESTS)
    assert release(ports, "1.1.0").changed
    assert world.scaling == RESTS


@pytest.mark.parametrize("wanted", [scaling(0, 9, **BACKLOG), scaling(1, 4, **BACKLOG)])
def test_settings_change_while_it_sleeps_and_nothing_is_woken_for_that(
    world: World, ports: Ports, wanted: Scaling
) -> None:
    asleep(world, ports)
    assert release(ports, "1.0.0", wanted).action == "settings"
    assert world.scaling == replace(wanted, suspended=False)
    assert not any(call.startswith("update_service") for call in world.calls)


def test_settings_change_while_it_works(world: World, ports: Ports) -> None:
    asleep(world, ports, scaling(1, 4, **BACKLOG))
    scale(world, 1)
    release(ports, "1.0.0", scaling(1, 4, **BACKLOG), force_new_deployment=True)
    seen = while_judged(world)
    assert release(ports, "1.0.0").action == "settings"
    assert seen in ([], [(awake(RESTS), 1)])
    assert world.scaling == RESTS


def test_service_that_somebody_set_to_nothing_is_not_woken(world: World, ports: Ports) -> None:
    asleep(world, ports, scaling(1, 4, **BACKLOG))
    world.push("1.1.0", "b")
    with pytest.raises(RefusedError, match="has a desired count of 0"):
        release(ports, "1.1.0", scaling(1, 4, **BACKLOG))


def test_scaling_that_cannot_be_handed_back_is_said(world: World, ports: Ports) -> None:
    asleep(world, ports)
    world.push("1.1.0", "b")
    change, calls = world.change_scaling, []

    def refuse(*args: Any) -> None:
        calls.append(args)
        if len(calls) > 1:
            raise OperationError("RegisterScalableTarget is denied.")
        change(*args)

    world.change_scaling = refuse  # type: ignore[method-assign]
    done = release(ports, "1.1.0")
    assert any("its schedule is suspended: RegisterScalableTarget is denied" in text for text in done.warnings)
    world.change_scaling = change  # type: ignore[method-assign]
    assert release(ports, "1.1.0").action == "settings"
    # Since when the schedule is suspended is not known then: what it set last is in force again, that of the night.
    assert world.now().hour < 7
    assert world.scaling == replace(RESTS, maximum=0)
