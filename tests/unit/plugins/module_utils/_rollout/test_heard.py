# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who has heard nothing of a release is told that none was begun."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    FastbreakError,
    OperationError,
    UnavailableError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Lock
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.heard import Heard
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.order import Order
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.together import roll_out_together

from tests.unit.plugins.module_utils._rollout.case import deploy, released, scaling
from tests.unit.plugins.module_utils._rollout.neighbours import LEAD, Street
from tests.unit.plugins.module_utils._rollout.neighbours import ports as neighbour_ports
from tests.unit.plugins.module_utils._rollout.test_notices import OWNER, Told, assert_nobody_is_named, telling

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    from tests.unit.plugins.module_utils._rollout.fakes import World


def test_it_tells_what_the_others_say() -> None:
    told = Told(missing="no topic", problem="denied")
    heard = Heard(told)
    assert (heard.topic_problem(), heard.untold(), heard.heard) == ("no topic", ("denied",), False)


@pytest.mark.parametrize("call", ["history", "describe_service", "register_task_definition", "start", "write_lock"])
@pytest.mark.parametrize("error", [UnavailableError("the network is down"), OperationError("ECS said no")], ids=str)
def test_run_that_fails_before_its_record_begins_tells_it(
    world: World, ports: Ports, call: str, error: FastbreakError
) -> None:
    released(world, ports)
    world.push("1.1.0", "b")

    def fail(*_args: Any, **_kwargs: Any) -> Any:
        raise error

    setattr(world, call, fail)
    told = Told()
    with pytest.raises(FastbreakError):
        deploy(telling(ports, told), "1.1.0", owner=OWNER)
    assert told.states == ["not_begun"]
    assert error.message in told.notices[0].seen
    with pytest.raises(FastbreakError):
        deploy(telling(ports, told), "1.1.0", owner=OWNER, judge_only=True)
    assert told.states == ["not_begun"]


def test_what_runs_already_and_is_not_healthy_is_told(world: World, ports: Ports) -> None:
    released(world, ports)
    for task in world.tasks:
        task.behaviour = replace(task.behaviour, ready_after=None)
    told = Told()
    for check_mode in (True, False):
        with pytest.raises(OperationError, match="not healthy"):
            deploy(telling(ports, told), "1.0.0", check_mode=check_mode)
    assert told.states == ["not_begun"]


def test_of_a_change_of_settings_nobody_is_told(world: World, ports: Ports) -> None:
    released(world, ports)

    def fail(*_args: Any, **_kwargs: Any) -> Any:
        raise OperationError("no")

    world.change_scaling = fail  # type: ignore[method-assign]
    told = Told()
    with pytest.raises(OperationError, match="Changing the settings"):
        deploy(telling(ports, told), "1.0.0", scaling=scaling(2, 9))
    assert told.states == []


@pytest.mark.parametrize("name", ["worker", LEAD])
def test_of_several_services_the_lock_of_one_is_told_once_and_without_its_holder(name: str) -> None:
    told, street = Told(), Street(LEAD, "worker")
    street.push("1.0.0", "a")
    street.roll_out("1.0.0")
    street.push("1.1.0", "b")
    world = street.worlds[name]
    world.lock = Lock(OWNER, "2026-01-01T00:00:00Z")
    world.at.append((world.seconds + 2, lambda: setattr(world, "lock", Lock(OWNER, "2026-01-01T00:00:00Z", 2))))
    orders = [
        Order(street.request(each, "1.1.0"), telling(neighbour_ports(there), told), leads=each == LEAD)
        for each, there in street.worlds.items()
    ]
    with pytest.raises(FastbreakError, match=OWNER):
        roll_out_together(orders, check_mode=False)
    assert told.states == ["not_begun"]
    assert told.notices[0].service == LEAD
    assert_nobody_is_named(told)
