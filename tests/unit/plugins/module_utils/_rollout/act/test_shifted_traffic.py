# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The listener rules whose weights are ECS's."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError

from tests.unit.plugins.module_utils._rollout.case import deploy, released
from tests.unit.plugins.module_utils._rollout.fakes import LISTENER_ARN
from tests.unit.plugins.module_utils._rollout.shifting import TEST_LISTENER_ARN, ShiftingWorld, by

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

BLUE_GREEN = by("BLUE_GREEN", bake_minutes=1)


@pytest.fixture
def world() -> ShiftingWorld:
    return ShiftingWorld()


def test_the_first_release_by_a_strategy_that_shifts_lets_nobody_in_before_it_is_judged(
    world: ShiftingWorld, ports: Ports
) -> None:
    world.push("1.0.0", "a", path_status={"/v1/analyses": 500})
    with pytest.raises(OperationError, match="this was the first release"):
        deploy(ports, "1.0.0", **BLUE_GREEN)
    assert not [answer for answer in world.requests if answer[0] == "user" and answer[1] != 503]
    assert world.service is None
    assert not world.rules


def conditions(world: ShiftingWorld) -> list[frozenset[str]]:
    return [world.rules[place, 100].summary().path_patterns for place in (LISTENER_ARN, TEST_LISTENER_ARN)]


def test_paths_change_without_the_weights(world: ShiftingWorld, ports: Ports) -> None:
    released(world, ports, **BLUE_GREEN)
    world.push("1.1.0", "b")
    deploy(ports, "1.1.0", **BLUE_GREEN)
    before = world.rules[LISTENER_ARN, 100].weights
    paths = frozenset({"/v1/*", "/readyz"})
    rules = tuple(replace(rule, path_patterns=paths) for rule in BLUE_GREEN["rules"])
    deploy(ports, "1.1.0", **{**BLUE_GREEN, "rules": rules, "stop_serving": ("path /*",)})
    assert conditions(world) == [paths, paths]
    assert world.rules[LISTENER_ARN, 100].weights == before
    assert sorted(before.values()) == [0, 100]


def test_a_release_that_is_refused_leaves_the_paths_of_before(world: ShiftingWorld, ports: Ports) -> None:
    released(world, ports, **BLUE_GREEN)
    before = conditions(world)
    world.push("1.1.0", "b", status=500)
    rules = tuple(replace(rule, path_patterns=frozenset({"/*", "/more"})) for rule in BLUE_GREEN["rules"])
    with pytest.raises(OperationError):
        deploy(ports, "1.1.0", **{**BLUE_GREEN, "rules": rules})
    assert conditions(world) == before
