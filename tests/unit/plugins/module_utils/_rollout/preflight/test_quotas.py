# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""vCPUs that Fargate lets an account have, beside those that a release needs at its peak."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError, UnavailableError
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import CapacityProvider

from tests.unit.plugins.module_utils._rollout.case import deploy, make_request, released

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    from tests.unit.plugins.module_utils._rollout.fakes import World


def test_both_revisions_have_to_fit(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    world.vcpus = 4.0
    assert not deploy(ports, "1.1.0", check_mode=True).warnings
    world.vcpus = 3.9
    with pytest.raises(RefusedError, match=r"4 tasks of 1 vCPU .* 4 vCPUs together, where .* have 3\.9\. Ask for more"):
        deploy(ports, "1.1.0")
    assert world.calls == []
    assert not deploy(ports, "1.0.0").changed


def test_a_first_release_needs_its_own_tasks_alone(world: World, ports: Ports) -> None:
    world.push("1.0.0", "a")
    world.vcpus = 1.0
    with pytest.raises(RefusedError, match="2 tasks of 1 vCPU"):
        deploy(ports, "1.0.0")
    world.vcpus = 2.0
    assert deploy(ports, "1.0.0").changed


@pytest.mark.parametrize(("answer", "said"), [(None, "does not know it"), (UnavailableError("no network"), "no net")])
def test_a_quota_that_cannot_be_read_is_said_and_refuses_nothing(
    world: World, ports: Ports, answer: Any, said: str
) -> None:
    world.push("1.0.0", "a")

    def ask(*, spot: bool) -> float | None:
        assert not spot
        if isinstance(answer, Exception):
            raise answer
        return None

    world.fargate_vcpus = ask  # type: ignore[method-assign]
    warnings = deploy(ports, "1.0.0").warnings
    assert [warning for warning in warnings if "quota of vCPUs was not checked" in warning and said in warning]


@pytest.mark.parametrize(
    ("providers", "asked"),
    [(["FARGATE"], [False]), (["FARGATE_SPOT"], [True]), (["FARGATE", "FARGATE_SPOT"], []), (["own"], [])],
)
def test_each_kind_of_capacity_has_a_quota_of_its_own(
    world: World, ports: Ports, providers: list[str], asked: list[bool]
) -> None:
    world.push("1.0.0", "a")
    world.providers |= {"own"}
    kinds: list[bool] = []

    def ask(*, spot: bool) -> float | None:
        kinds.append(spot)
        return 100.0

    world.fargate_vcpus = ask  # type: ignore[method-assign]
    chosen = frozenset(CapacityProvider(name) for name in providers)
    settings = replace(make_request("").settings, launch_type="", capacity_providers=chosen)
    deploy(ports, "1.0.0", settings=settings, check_mode=True)
    assert kinds == asked
