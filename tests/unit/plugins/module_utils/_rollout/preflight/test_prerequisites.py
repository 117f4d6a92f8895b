# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task needs and must be there beforehand."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.http import HttpGate
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import CapacityProvider

from tests.unit.plugins.module_utils._rollout.case import deploy, document, make_request

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    from tests.unit.plugins.module_utils._rollout.fakes import World


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"missing": {"subnet-2"}}, "Subnet subnet-2 of network.subnets does not exist"),
        ({"missing": {"sg-1"}}, "Security group sg-1 of network.security_groups does not exist"),
        ({"group_vpc": "vpc-2"}, "lie in more than one VPC: vpc-1, vpc-2"),
        ({"keys": frozenset({"user"})}, "has no JSON key 'password' (it has: user)"),
        ({"keys": None}, "what it holds is no JSON object"),
        ({"platforms": frozenset({"linux/arm64"})}, "is built for linux/arm64, where task_definition.runtimePlatform"),
    ],
)
@pytest.mark.parametrize("check_mode", [False, True])
def test_what_no_task_could_start_with_is_refused(
    world: World, ports: Ports, change: dict[str, Any], said: str, check_mode: bool
) -> None:
    world.push("1.0.0", "a")
    for name, value in change.items():
        setattr(world, name, value)
    with pytest.raises(RefusedError) as caught:
        deploy(ports, "1.0.0", check_mode=check_mode)
    assert said in caught.value.message
    assert world.calls == []


@pytest.mark.parametrize(
    ("named", "there", "said"),
    [
        ("nope", {"FARGATE", "instances"}, "nope of capacity_provider_strategy is not associated with cluster"),
        ("instances", {"FARGATE", "instances"}, ""),
        ("arn:aws:ecs:us-east-1:111111111111:capacity-provider/instances", {"instances"}, ""),
        ("FARGATE_SPOT", set(), "(it has: none)"),
        ("FARGATE_SPOT", {"FARGATE"}, "(it has: FARGATE)"),
    ],
)
def test_a_capacity_provider_that_the_cluster_has_not_is_refused(
    world: World, ports: Ports, named: str, there: set[str], said: str
) -> None:
    world.push("1.0.0", "a")
    world.providers = frozenset(there)
    settings = replace(make_request("x").settings, capacity_providers=frozenset({CapacityProvider(named)}))
    if not said:
        assert deploy(ports, "1.0.0", settings=settings).changed
        return
    with pytest.raises(RefusedError) as caught:
        deploy(ports, "1.0.0", settings=settings)
    assert said in caught.value.message
    assert world.calls == []


def test_architecture_of_the_task_is_that_of_the_image(world: World, ports: Ports) -> None:
    world.push("1.0.0", "a")
    arm = {**document(), "runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"}}
    with pytest.raises(RefusedError, match="wants linux/arm64"):
        deploy(ports, "1.0.0", document=arm)
    world.platforms = frozenset({"linux/amd64", "linux/arm64"})
    assert deploy(ports, "1.0.0", document=arm).changed


def test_look_that_is_forbidden_is_said_and_refuses_nothing(world: World, ports: Ports) -> None:
    world.push("1.0.0", "a")
    world.forbidden = True
    warnings = " ".join(deploy(ports, "1.0.0").warnings)
    for what in ("role arn:aws", " Secret ", "the JSON key of Secret", "the platform of image", "network.subnets"):
        assert f"{what}" in warnings
    assert "was not checked" in warnings


@pytest.mark.parametrize("check_mode", [False, True])
def test_a_gates_secret_that_is_missing_is_refused(world: World, ports: Ports, check_mode: bool) -> None:
    world.push("1.0.0", "a")
    gate = HttpGate(name="ready", url="http://alb/", headers=(("x-key", "secretsmanager:probe"),))
    world.missing.add("probe")
    with pytest.raises(RefusedError, match="Gate ready sends in a header what secret probe holds, which does not"):
        deploy(ports, "1.0.0", gates=(gate,), check_mode=check_mode)
    assert world.calls == []


def test_all_that_is_wrong_is_said_at_once(world: World, ports: Ports) -> None:
    world.push("1.0.0", "a")
    world.missing |= {"subnet-1", "/fastbreak/dev/service"}
    wrong = {**document(), "memory": "1024", "networkMode": "bridge"}
    with pytest.raises(RefusedError) as caught:
        deploy(ports, "1.0.0", document=wrong, settings=make_request("1.0.0").settings)
    assert len(caught.value.details["problems"]) == 4
