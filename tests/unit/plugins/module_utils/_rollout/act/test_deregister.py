# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Older revisions go once a release was accepted, and can be gone back to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError, RolledBackError
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import ROLLBACK, Outcome

from tests.unit.plugins.module_utils._rollout.case import deploy, document, newest, scaling

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    from tests.unit.plugins.module_utils._rollout.fakes import World


def active(world: World) -> list[int]:
    return [definition.revision for definition in world.definitions.values() if definition.active]


def release(world: World, ports: Ports, count: int, **other: Any) -> None:
    """Release 1.0.0, 2.0.0 and so on."""
    for number in range(1, count + 1):
        world.push(f"{number}.0.0", "abcdef"[number - 1])
        deploy(ports, f"{number}.0.0", **other)


def test_newest_revisions_stay_after_each_release(world: World, ports: Ports) -> None:
    release(world, ports, 5, keep_revisions=3)
    assert active(world) == [3, 4, 5]


def test_check_mode_says_which_go_and_a_second_run_changes_nothing(world: World, ports: Ports) -> None:
    release(world, ports, 4)
    world.push("5.0.0", "e")
    predicted = deploy(ports, "5.0.0", keep_revisions=2, check_mode=True).plan
    assert active(world) == [1, 2, 3, 4]
    family = document()["family"]
    assert predicted.before["own_revisions"] == [f"{family}:{number}" for number in (1, 2, 3, 4)]
    # 3 is the one that a rollback from 4 goes to, should this release fail.
    assert predicted.after["own_revisions"] == [f"{family}:{number}" for number in (3, 4)]
    assert deploy(ports, "5.0.0", keep_revisions=2).plan.spare == predicted.spare
    assert active(world) == [3, 4, 5]
    assert not deploy(ports, "5.0.0", keep_revisions=1).changed
    assert active(world) == [3, 4, 5]


def test_revision_of_another_service_or_in_use_stays(world: World, ports: Ports) -> None:
    release(world, ports, 4)
    first, second, *_ = world.definitions
    world.definition_tags[first] = {"fastbreak:service": "api", "fastbreak:cluster": "fastbreak-dev"}
    task = next(task for task in world.tasks if not task.stop_code)
    running = world.running_revisions
    world.running_revisions = lambda *names: running(*names) | {second}  # type: ignore[method-assign]
    assert task.definition_arn != second
    world.push("5.0.0", "e")
    deploy(ports, "5.0.0", keep_revisions=1)
    assert active(world) == [1, 2, 3, 4, 5]
    world.push("6.0.0", "f")
    world.running_revisions = running  # type: ignore[method-assign]
    deploy(ports, "6.0.0", keep_revisions=1)
    assert active(world) == [1, 4, 5, 6]


def test_failed_release_deregisters_nothing(world: World, ports: Ports) -> None:
    release(world, ports, 4)
    world.push("5.0.0", "e", path_status={"/v1/analyses": 500})
    with pytest.raises(RolledBackError):
        deploy(ports, "5.0.0", keep_revisions=1)
    assert active(world) == [1, 2, 3, 4, 5]


def test_deregistered_release_can_be_gone_back_to(world: World, ports: Ports) -> None:
    release(world, ports, 4, keep_revisions=1)
    assert 1 not in active(world)
    deploy(ports, "1.0.0", kind=ROLLBACK, keep_revisions=1)
    assert newest(world).version.startswith("1.0.0")
    assert newest(world).outcome is Outcome.SUCCEEDED
    deploy(ports, "4.0.0", kind=ROLLBACK, keep_revisions=1)
    assert newest(world).version.startswith("4.0.0")


def test_refusal_to_deregister_is_a_warning(world: World, ports: Ports) -> None:
    release(world, ports, 3)

    def refuse(*_: object) -> None:
        raise OperationError("DeregisterTaskDefinition is denied")

    world.deregister_task_definition = refuse  # type: ignore[method-assign]
    world.push("4.0.0", "d")
    result = deploy(ports, "4.0.0", keep_revisions=1)
    assert any("DeregisterTaskDefinition is denied" in warning for warning in result.warnings)
    assert newest(world).outcome is Outcome.SUCCEEDED


def asked(world: World) -> list[str]:
    return [call for call in world.reads if call.startswith(("list_task", "running_rev", "task_definition_tags"))]


def test_nobody_is_asked_about_revisions_but_for_a_release_that_may_drop_some(world: World, ports: Ports) -> None:
    release(world, ports, 3)
    assert asked(world) == []
    # An unchanged run, and changed settings.
    assert not deploy(ports, "3.0.0", keep_revisions=1).changed
    deploy(ports, "3.0.0", keep_revisions=1, scaling=scaling(2, 9))
    assert asked(world) == []
    world.push("4.0.0", "d")
    deploy(ports, "4.0.0", keep_revisions=5, check_mode=True)
    assert asked(world) == ["list_task_definitions"]
    world.reads.clear()
    deploy(ports, "4.0.0", keep_revisions=1, check_mode=True)
    assert asked(world)[:2] == ["list_task_definitions", "running_revisions"]
    assert len(asked(world)) == 5


def test_family_of_thousands_is_worked_off_bit_by_bit(world: World, ports: Ports) -> None:
    release(world, ports, 1)
    (made,) = world.definitions.values()
    marks = world.definition_tags[made.arn]
    family, _colon, _number = made.arn.rpartition(":")
    for number in range(2, 2001):
        world.definitions[f"{family}:{number}"] = replace(made, arn=f"{family}:{number}", revision=number)
        world.definition_tags[f"{family}:{number}"] = dict(marks)
    world.push("2.0.0", "b")
    world.reads.clear()
    result = deploy(ports, "2.0.0", keep_revisions=10)
    assert len(result.plan.spare) == 20
    # The plan is made twice: before and under the lock.
    assert len(asked(world)) < 2 * 40
    assert made.arn in active_arns(world)


def active_arns(world: World) -> list[str]:
    return [definition.arn for definition in world.definitions.values() if definition.active]
