# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Releases of a service that may rest, which another run goes on with, or which others or the hour change meanwhile."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError, RolledBackError
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.scaling.rest import awake

from tests.unit.plugins.module_utils._rollout.act.test_awake import BACKLOG, RESTS, asleep, release, scale, while_judged
from tests.unit.plugins.module_utils._rollout.case import scaling

if TYPE_CHECKING:
    from collections.abc import Callable

    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.scaling.model import Scaling

    from tests.unit.plugins.module_utils._rollout.fakes import World

HOUR = 3600


def at_hour(world: World, hours: int, minimum: int, maximum: int) -> Scaling:
    """Scaling with an action of that hour from now on, and one twelve hours later."""
    hour = (world.now().hour + hours) % 24
    own = {"name": "own", "schedule": f"cron(0 {hour} * * ? *)", "minimum": minimum, "maximum": maximum}
    other = {"name": "other", "schedule": f"cron(0 {(hour + 12) % 24} * * ? *)", "minimum": 0, "maximum": 2}
    return scaling(0, 4, **BACKLOG, scheduled_actions=[own, other])


def at_minute(world: World, minutes: int, minimum: int, maximum: int) -> Scaling:
    """Scaling with an action of that minute of every hour."""
    minute = (world.now().minute + minutes) % 60
    dusk = {"name": "dusk", "schedule": f"cron({minute} * * * ? *)", "minimum": minimum, "maximum": maximum}
    return scaling(0, 4, **BACKLOG, scheduled_actions=[dusk])


def killed(world: World, ports: Ports, version: str, wanted: Scaling) -> None:
    """A release of it whose run ends at once."""

    def interrupt() -> None:
        raise KeyboardInterrupt

    world.push(version, version[2])
    world.at.append((world.seconds + 4, interrupt))
    with pytest.raises(OperationError, match="was interrupted"):
        release(ports, version, wanted)
    assert world.scaling
    assert world.scaling.suspended


def after_reading(world: World, happens: Callable[[], None]) -> None:
    """Have that happen once a release has read what is there, and before it changes anything."""
    start = world.start

    def late(release: Any) -> Any:
        happens()
        return start(release)

    world.start = late  # type: ignore[method-assign]


@pytest.mark.parametrize("hours", [1, 30])
def test_action_that_came_after_a_run_was_killed_is_made_up_for(world: World, ports: Ports, hours: int) -> None:
    asleep(world, ports)
    wanted = at_hour(world, 1, 0, 6)
    world.scaling = replace(wanted, maximum=0)
    killed(world, ports, "1.1.0", wanted)
    world.seconds += hours * HOUR
    release(ports, "1.1.0", wanted)
    # In between the other action came, and its own one again.
    assert world.scaling == replace(wanted, maximum=6)
    assert not release(ports, "1.1.0", wanted).changed


def test_action_that_came_after_a_killed_release_is_made_up_for_by_its_undo(world: World, ports: Ports) -> None:
    asleep(world, ports)
    wanted = at_hour(world, 1, 0, 6)
    world.scaling = replace(wanted, maximum=0)
    killed(world, ports, "1.1.0", wanted)
    world.seconds += 3 * HOUR
    world.tasks.clear()
    world.push("1.2.0", "c", exits_after=1.0)
    with pytest.raises(RolledBackError):
        release(ports, "1.2.0", wanted)
    assert world.scaling == replace(wanted, maximum=6)


@pytest.mark.parametrize(("bounds", "before", "after"), [((0, 0), 1, 0), ((0, 1), 2, 1), ((3, 4), 2, 3)])
def test_undo_after_an_action_of_the_schedule_stays_within_its_bounds(
    world: World, ports: Ports, bounds: tuple[int, int], before: int, after: int
) -> None:
    world.push("1.0.0", "a")
    release(ports, "1.0.0", at_minute(world, 30, *bounds))
    wanted = at_minute(world, 1, *bounds)
    world.scaling = replace(wanted, suspended=False)
    scale(world, before)
    world.push("1.1.0", "b", ready_after=55.0, exits_after=56.0)
    with pytest.raises(RolledBackError) as undone:
        release(ports, "1.1.0", wanted)
    assert world.scaling
    assert (world.scaling.minimum, world.scaling.maximum) == bounds
    assert world.service
    assert world.service.desired_count == after
    assert "Could not be restored" not in undone.value.message


def test_service_that_was_woken_meanwhile_keeps_its_tasks(world: World, ports: Ports) -> None:
    asleep(world, ports)
    world.push("1.1.0", "b")
    after_reading(world, lambda: scale(world, 4))
    seen = while_judged(world)
    release(ports, "1.1.0")
    assert seen == [(awake(RESTS), 4)]


@pytest.mark.parametrize("version", ["1.0.0", "1.1.0"])
def test_last_task_that_scaling_took_after_it_was_read_is_woken(world: World, ports: Ports, version: str) -> None:
    asleep(world, ports)
    scale(world, 1)
    world.push("1.1.0", "b")
    after_reading(world, lambda: scale(world, 0))
    seen = while_judged(world)
    release(ports, version, force_new_deployment=True)
    assert seen == [(awake(RESTS), 1)]


def test_bounds_that_the_schedule_set_after_they_were_read_are_kept(world: World, ports: Ports) -> None:
    asleep(world, ports)
    world.push("1.1.0", "b")
    after_reading(world, lambda: setattr(world, "scaling", replace(RESTS, minimum=2, maximum=3)))
    change, puts = world.change_scaling, []
    world.change_scaling = lambda *args: (puts.append(args[2].after), change(*args))[1]  # type: ignore[method-assign,func-returns-value]
    release(ports, "1.1.0")
    assert (puts[0].minimum, puts[0].maximum) == (2, 3)


@pytest.mark.parametrize("count", [0, 1])
def test_scaling_that_is_no_longer_asked_for_is_left_and_keeps_no_release_from_being_judged(
    world: World, ports: Ports, count: int
) -> None:
    asleep(world, ports)
    scale(world, count)
    world.push("1.1.0", "b")
    seen = while_judged(world)
    assert release(ports, "1.1.0", None).result.value == "accepted"
    assert seen == [(awake(RESTS), 1)]
    assert world.scaling == RESTS
    assert not release(ports, "1.1.0", None).changed


def test_scaling_that_is_no_longer_asked_for_is_put_back_after_a_run_that_was_killed(
    world: World, ports: Ports
) -> None:
    asleep(world, ports)
    killed(world, ports, "1.1.0", RESTS)
    assert release(ports, "1.1.0", None).changed
    assert world.scaling == RESTS


@pytest.mark.parametrize("forgotten", [False, True])
def test_schedule_goes_on_after_a_run_that_was_killed_when_the_service_may_no_longer_rest(
    world: World, ports: Ports, forgotten: bool
) -> None:
    day = {"name": "day", "schedule": "cron(0 7 * * ? *)", "minimum": 2, "maximum": 4}
    first, second = (scaling(minimum, 4, **BACKLOG, scheduled_actions=[day]) for minimum in (0, 1))
    asleep(world, ports, first)
    if forgotten:
        # Its release is accepted, and the scaling could not be handed back.
        scale(world, 1)
        world.scaling = awake(first)
    else:
        killed(world, ports, "1.1.0", first)
    version = "1.0.0" if forgotten else "1.1.0"
    assert release(ports, version, second).changed
    assert world.scaling
    assert not world.scaling.suspended
    assert world.scaling.policies == second.policies
    assert not release(ports, version, second).changed


def test_schedule_that_somebody_suspended_for_a_service_that_may_not_rest_is_left(world: World, ports: Ports) -> None:
    wanted = scaling(1, 4, **BACKLOG)
    asleep(world, ports, wanted)
    scale(world, 1)
    assert world.scaling
    world.scaling = replace(world.scaling, suspended=True)
    assert not release(ports, "1.0.0", wanted).changed
    world.push("1.1.0", "b")
    release(ports, "1.1.0", wanted)
    assert world.scaling.suspended
