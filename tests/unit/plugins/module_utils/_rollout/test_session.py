"""The lock: two rollouts at once, and a lock that is lost."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError, SupersededError
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Outcome

from tests.unit.plugins.module_utils._rollout.case import deploy, newest, released

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    from tests.unit.plugins.module_utils._rollout.fakes import World


def test_second_run_is_refused_by_the_name_of_the_holder(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    caught: list[str] = []

    def second() -> None:
        with pytest.raises(RefusedError) as refused:
            deploy(ports, "1.1.0", owner="other@there:2:bbbb")
        caught.append(refused.value.message)

    world.at.append((world.seconds + 4, second))
    deploy(ports, "1.1.0")
    assert "tester@here:1:aaaa" in caught[0]
    assert [release.outcome for release in world.history("inference")] == [Outcome.SUCCEEDED, Outcome.SUCCEEDED]


def test_lock_is_renewed_and_a_lost_one_ends_the_run(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b", ready_after=200.0)

    def steal() -> None:
        assert world.lock.held_at(world.now())
        world.lock = replace(world.lock, owner="thief", expires_at=int(world.now().timestamp()) + 1000)

    world.at.append((world.seconds + 150, steal))
    with pytest.raises(SupersededError, match="taken over by thief"):
        deploy(ports, "1.1.0")
    assert newest(world).outcome is Outcome.IN_PROGRESS
    assert world.lock.owner == "thief"
