# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A test listener that cannot be reached from where requests are sent is told before anything is changed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError
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
