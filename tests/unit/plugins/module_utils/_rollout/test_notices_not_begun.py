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
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.order import Order
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.together import roll_out_together

from tests.unit.plugins.module_utils._rollout.case import deploy, released, scaling
from tests.unit.plugins.module_utils._rollout.neighbours import LEAD, Street
from tests.unit.plugins.module_utils._rollout.neighbours import ports as neighbour_ports
from tests.unit.plugins.module_utils._rollout.shifting import ShiftingWorld
from tests.unit.plugins.module_utils._rollout.test_notices import (
    CANARY,
    OWNER,
    Told,
    assert_nobody_is_named,
    telling,
)

if TYPE_CHECKING:
    from tests.unit.plugins.module_utils._rollout.fakes import World


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


def release(street: Street, told: Told, version: str, options: dict[str, dict[str, Any]]) -> None:
    """A run of several services that fails."""
    orders = [
        Order(
            street.request(name, version, **options.get(name, {})),
            telling(neighbour_ports(world), told),
            leads=name == LEAD,
        )
        for name, world in street.worlds.items()
    ]
    with pytest.raises(FastbreakError):
        roll_out_together(orders, check_mode=False)


def no(*_args: Any, **_kwargs: Any) -> Any:
    raise OperationError(f"ClientException: invalid value {SECRET}")


SECRET = "Zq7kPasswordOfWorker9"


@pytest.mark.parametrize("names", [("worker", LEAD), (LEAD, "worker")])
@pytest.mark.parametrize("shows", [True, False])
def test_values_of_one_service_are_not_told_of_another(names: tuple[str, ...], shows: bool) -> None:
    told, street = Told(), Street(*names)
    street.push("1.0.0", "a")
    street.roll_out("1.0.0")
    street.push("1.1.0", "b")
    street.worlds["worker"].register_task_definition = no  # type: ignore[method-assign]
    request = street.request("worker", "1.1.0")
    (container,) = request.document["containerDefinitions"]
    container = {**container, "environment": [*container["environment"], {"name": "PASSWORD", "value": SECRET}]}
    document = {**request.document, "containerDefinitions": [container]}
    shown = {"disclosure": replace(request.disclosure, show_values=shows)}
    release(street, told, "1.1.0", {"worker": {"document": document, **shown}, LEAD: shown})
    assert told.states
    assert not any(SECRET in notice.seen for notice in told.notices)
    assert ("not_begun" in told.states) is (names[0] == "worker")


@pytest.mark.parametrize(
    ("most", "released", "states"),
    [(9, True, ["not_begun"]), (3, True, ["not_begun"]), (9, False, [])],
)
def test_settings_of_another_service_keep_no_release_from_being_told(
    most: int, released: bool, states: list[str]
) -> None:
    told, street = Told(), Street("worker", LEAD)
    street.push("1.0.0", "a")
    street.roll_out("1.0.0", options={"worker": {"scaling": scaling(1, 3)}})
    lead = street.worlds[LEAD]
    lead.register_task_definition = no  # type: ignore[method-assign]
    if not released:
        street.worlds["worker"].change_scaling = no  # type: ignore[method-assign]
    document = {**street.request(LEAD, "1.0.0").document, **({"cpu": 2048, "memory": "4096"} if released else {})}
    release(street, told, "1.0.0", {LEAD: {"document": document}, "worker": {"scaling": scaling(1, most)}})
    assert told.states == states


def test_the_end_of_what_was_under_way_before_does_not_stand_for_what_is_wanted() -> None:
    world, told = ShiftingWorld(), Told()
    ports = telling(Ports(*[world] * 13), told)  # type: ignore[arg-type]
    for version, digit, until in (("1.0.0", "a", "done"), ("1.1.0", "b", "paused")):
        world.push(version, digit)
        deploy(ports, version, wait_until=until, **CANARY)
    world.push("1.2.0", "c")
    world.register_task_definition = no  # type: ignore[method-assign]
    told.notices.clear()
    with pytest.raises(OperationError):
        deploy(ports, "1.2.0", **CANARY)
    assert [(notice.state.value, notice.version[:5]) for notice in told.notices] == [
        ("rolled_back", "1.1.0"),
        ("not_begun", "1.2.0"),
    ]
