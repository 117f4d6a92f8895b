# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A test listener that cannot be reached from where requests are sent is told before anything is changed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.http import HttpGate
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.served_inference import ServedInferenceGate
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.request.model import Probing
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.access import Ingress, ListenerAccess

from tests.unit.plugins.module_utils._rollout.case import deploy, make_request, released
from tests.unit.plugins.module_utils._rollout.shifting import ShiftingWorld, by

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

SHIFT = by("CANARY", canary_percent=10, canary_bake_minutes=1, bake_minutes=1)
TASK = Probing("task", ("probe",), "service")
BEFORE = Probing("task_before_traffic", ("probe",), "service")
ACCESS = ListenerAccess(9000, frozenset({"sg-lb"}), True)


@pytest.fixture
def world() -> ShiftingWorld:
    return ShiftingWorld()


@pytest.mark.parametrize(
    ("place", "probing", "said"),
    [
        (
            ("10.0.0.0/8", "172.17.0.2"),
            Probing(),
            "this machine (probe_from=controller) cannot reach test_url http://alb",
        ),
        (("10.0.0.0/8", "10.9.9.9"), Probing(), ""),
        (("10.0.0.0/8", "127.0.0.1"), Probing(), ""),
        (("10.0.0.0/8", "172.17.0.2"), TASK, ""),
        (("192.168.0.0/16", "192.168.1.1"), TASK, "a task in network.subnets (probe_from=task) cannot reach test_url"),
        (("10.0.0.0/8", "172.17.0.2"), BEFORE, ""),
        (
            ("192.168.0.0/16", "192.168.1.1"),
            BEFORE,
            "a task in network.subnets (probe_from=task_before_traffic) cannot reach test_url",
        ),
    ],
)
def test_place_that_is_not_let_in_is_told(
    world: ShiftingWorld, ports: Ports, place: tuple[str, str], probing: Probing, said: str
) -> None:
    released(world, ports, **SHIFT)
    world.push("1.1.0", "b")
    cidr, world.address = place
    world.access, world.lets_in = ACCESS, (Ingress(9000, 9000, (cidr,)),)
    if not said:
        deploy(ports, "1.1.0", **SHIFT, probing=probing, check_mode=True)
        return
    with pytest.raises(RefusedError) as raised:
        deploy(ports, "1.1.0", **SHIFT, probing=probing)
    assert said in raised.value.message
    assert f"lets only {cidr} in on port 9000" in raised.value.message
    assert world.calls == []


def test_a_gate_that_has_a_task_ask_is_let_in_by_the_network_of_the_tasks(world: ShiftingWorld, ports: Ports) -> None:
    released(world, ports, **SHIFT)
    world.push("1.1.0", "b")
    # This machine is let in, and the tasks are not.
    world.address = "192.168.1.1"
    world.access, world.lets_in = ACCESS, (Ingress(9000, 9000, ("192.168.0.0/16",)),)
    deploy(ports, "1.1.0", **SHIFT, check_mode=True)
    sends = ServedInferenceGate(golden_file="g", inference_clips=("a.mp4",), url="http://alb/v1/analyses", dry_run=True)
    with pytest.raises(RefusedError, match=r"a task in network\.subnets \(of a gate served_inference\) cannot reach"):
        deploy(ports, "1.1.0", **SHIFT, gates=(*make_request("x").gates, sends))


def test_without_test_url_or_security_groups_nothing_is_asked(world: ShiftingWorld, ports: Ports) -> None:
    released(world, ports, **SHIFT)
    world.push("1.1.0", "b")
    world.access = ACCESS
    deploy(ports, "1.1.0", **{**SHIFT, "test_url": ""}, check_mode=True)
    world.access = replace(ACCESS, groups=frozenset())
    deploy(ports, "1.1.0", **SHIFT, check_mode=True)
    world.access = None
    deploy(ports, "1.1.0", **SHIFT, check_mode=True)


USERS = ListenerAccess(80, frozenset({"sg-lb"}), True)


def asked(world: ShiftingWorld, ports: Ports, url: str, **other: Any) -> str:
    """Why a release is refused that users reach at *url*; empty when it is not."""
    world.push("1.1.0", "b")
    world.access, world.lets_in = replace(USERS, **other.pop("access", {})), (Ingress(80, 80, ("10.0.0.0/8",)),)
    gates = tuple(replace(gate, url=url) if isinstance(gate, HttpGate) else gate for gate in make_request("x").gates)
    try:
        deploy(ports, "1.1.0", **{"gates": gates, "check_mode": True, **other})
    except RefusedError as error:
        return error.message
    return ""


BALANCER = "http://alb-1.eu-west-1.elb.amazonaws.com/readyz"


def test_place_that_does_not_reach_where_users_ask_is_told_by_every_strategy(
    world: ShiftingWorld, ports: Ports
) -> None:
    released(world, ports)
    world.address = "192.168.1.1"
    told = asked(world, ports, BALANCER)
    assert "this machine cannot reach url http://alb-1.eu-west-1.elb.amazonaws.com: security group sg-lb" in told
    assert "lets only 10.0.0.0/8 in on port 80. Set probe_from=task, which asks from the network of the tasks" in told
    assert asked(world, ports, BALANCER, probing=TASK) == ""
    # Before users a task asks, and where users ask this machine does.
    assert "this machine cannot reach url" in asked(world, ports, BALANCER, **{**SHIFT, "probing": BEFORE})
    # It is another listener that is asked.
    assert asked(world, ports, BALANCER.replace(".com", ".com:8080")) == ""
    world.address = "10.1.1.1"
    assert asked(world, ports, BALANCER) == ""


def test_address_that_somebody_else_may_stand_behind_refuses_nothing(world: ShiftingWorld, ports: Ports) -> None:
    released(world, ports)
    world.address = "192.168.1.1"
    assert asked(world, ports, "http://api.example.com/readyz") == ""
    deploy_warned: list[str] = []
    world.push("1.1.0", "b")
    gate = replace(make_request("x").gates[1], url="http://api.example.com/readyz")
    result = deploy(ports, "1.1.0", gates=(make_request("x").gates[0], gate), check_mode=True)
    deploy_warned += result.warnings
    assert any("this machine cannot reach url http://api.example.com: " in text for text in deploy_warned)


def test_gate_that_posts_has_to_reach_it_too(world: ShiftingWorld, ports: Ports) -> None:
    released(world, ports)
    world.address = "192.168.1.1"
    posts = replace(make_request("x").gates[1], method="POST", url=BALANCER)
    assert "cannot reach url" in asked(world, ports, BALANCER, gates=(make_request("x").gates[0], posts))
