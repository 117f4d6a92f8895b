# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What others take away while a failed release goes back, by ECS or by a new deployment."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    OperationError,
    RolledBackError,
    UnavailableError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Outcome

from tests.unit.plugins.module_utils._rollout.case import deploy, newest, released
from tests.unit.plugins.module_utils._rollout.fakes import GROUP_ARN

if TYPE_CHECKING:
    from collections.abc import Callable

    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    from tests.unit.plugins.module_utils._rollout.fakes import World

WAYS = ("native", "redeployed")
#: Less than the timeout of the request, which ends a wait for what never comes.
AT_ONCE_SECONDS = 60


def while_it_goes_back(world: World, ports: Ports, way: str, event: Callable[[], None]) -> None:
    """Release what is refused, so that *event* happens as soon as ECS, or a new deployment, goes back."""
    released(world, ports)
    running = world.service.task_definition_arn
    world.push("1.1.0", "b", status=500)
    if way == "native":
        # The old tasks keep the deployment from completing, so that it is stopped with a rollback.
        world._progress = lambda current: None
    name = "stop_service_deployment" if way == "native" else "update_service"
    real = getattr(world, name)

    def go_back(*arguments: Any) -> Any:
        gone_back = real(*arguments)
        if way == "native":
            event()
        elif world.service.task_definition_arn == running:
            # ECS lists the new deployment first.
            world.at.append((world.seconds + 1, event))
        return gone_back

    setattr(world, name, go_back)


def delete_rules(world: World) -> None:
    world.rules.clear()


@pytest.mark.parametrize("way", WAYS)
def test_a_deleted_rule_is_said_and_put_back_at_once(world: World, ports: Ports, way: str) -> None:
    while_it_goes_back(world, ports, way, partial(delete_rules, world))
    began = world.seconds
    with pytest.raises(RolledBackError, match=r"Put back: rule 100 of listener \d"):
        deploy(ports, "1.1.0")
    assert world.seconds - began < AT_ONCE_SECONDS
    assert [line for line in world.lines if "rule 100 of listener 2 was deleted meanwhile, and was put back" in line]
    assert newest(world).outcome is Outcome.ROLLED_BACK


@pytest.mark.parametrize("way", WAYS)
def test_a_rule_that_cannot_be_put_back_ends_the_wait(world: World, ports: Ports, way: str) -> None:
    def refuse(rule: object) -> None:
        raise OperationError("CreateRule is denied")

    def delete() -> None:
        world.rules.clear()
        world.put_rule = refuse

    while_it_goes_back(world, ports, way, delete)
    # Whatever the tasks do, none of them gets an answer through.
    world._roll_back = lambda current: None
    began = world.seconds
    with pytest.raises(
        OperationError, match=r"but rule 100 of listener 2 was deleted meanwhile and cannot be put back \(CreateRule is"
    ):
        deploy(ports, "1.1.0")
    assert world.seconds - began < AT_ONCE_SECONDS
    assert newest(world).outcome is Outcome.FAILED
    assert len([line for line in world.lines if line.endswith("cannot be put back (CreateRule is denied)")]) == 1


@pytest.mark.parametrize("way", WAYS)
def test_a_deleted_target_group_is_said_at_once(world: World, ports: Ports, way: str) -> None:
    while_it_goes_back(world, ports, way, lambda: world.missing.add(GROUP_ARN))
    world._roll_back = lambda current: None
    began = world.seconds
    with pytest.raises(OperationError, match=rf"but target group {GROUP_ARN} was deleted"):
        deploy(ports, "1.1.0")
    assert world.seconds - began < AT_ONCE_SECONDS


@pytest.mark.parametrize("status", ["", "DRAINING", "INACTIVE"])
@pytest.mark.parametrize("way", WAYS)
def test_a_deleted_service_is_said_at_once(world: World, ports: Ports, way: str, status: str) -> None:
    def delete() -> None:
        world.service = replace(world.service, status=status) if status else None
        world._progress = world._roll_back = lambda current: None

    while_it_goes_back(world, ports, way, delete)
    began = world.seconds
    with pytest.raises(OperationError, match="but the service was deleted meanwhile"):
        deploy(ports, "1.1.0")
    assert world.seconds - began < AT_ONCE_SECONDS
    assert newest(world).outcome is Outcome.FAILED


@pytest.mark.parametrize("error", [OperationError("DescribeRules is denied"), UnavailableError("the network is down")])
def test_rules_that_cannot_be_seen_keep_no_release_from_going_back(
    world: World, ports: Ports, error: Exception
) -> None:
    """Three looks fail; the rule is found deleted afterwards."""
    failures = [error] * 3
    real = world.list_rules

    def list_rules(*arguments: Any) -> Any:
        if not world.rules and failures:
            raise failures.pop()
        return real(*arguments)

    while_it_goes_back(world, ports, "native", partial(delete_rules, world))
    world.list_rules = list_rules
    with pytest.raises(RolledBackError, match="Put back: rule 100"):
        deploy(ports, "1.1.0")
    assert not failures
    assert [line for line in world.lines if str(error) in line]


def test_a_list_that_is_late_puts_no_rule_back_twice(world: World, ports: Ports) -> None:
    real, late = world.list_rules, [True]
    while_it_goes_back(world, ports, "native", lambda: late.append(True))

    def list_rules(*arguments: Any) -> Any:
        return () if len(late) > 1 and late.pop() else real(*arguments)

    world.list_rules = list_rules
    with pytest.raises(RolledBackError):
        deploy(ports, "1.1.0")
    assert len(late) == 1
    assert not [line for line in world.lines if "was deleted meanwhile" in line]
