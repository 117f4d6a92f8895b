# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measuring with one gate, minute after minute, as a watch does."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates import table
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.model import Scene, TargetObservation
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import ListenerRule

from tests.unit.plugins.module_utils._rollout.fakes import GROUP_ARN, LISTENER_ARN

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.model import Gate
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    from tests.unit.plugins.module_utils._rollout.fakes import World

OTHER_ARN = GROUP_ARN.replace("blue", "green")
RULE = ListenerRule(LISTENER_ARN, 100, frozenset({"/*"}), GROUP_ARN)


def read(kind: str, **options: Any) -> Gate[Any]:
    """The gate that options stand for, behind a load balancer."""
    checked = ArgumentSpecValidator(table.gate_spec()).validate({"kind": kind, **options})
    assert not checked.error_messages, checked.error_messages
    return table.read_gate(checked.validated_parameters, "http://alb").aimed([RULE])


def scene(ports: Ports, **other: Any) -> Scene:
    """What a gate may look at, with both target groups."""
    made = Scene(ports, "v2", TargetObservation(), fresh=True, reachable=True)
    groups = {"target_group_arn": GROUP_ARN, "baseline_target_group_arn": OTHER_ARN}
    return replace(made, **{**groups, **other})


def measured(gate: Gate[Any], world: World, ports: Ports, *, times: int, every: float = 60.0) -> Any:
    """The tally after so many measurings."""
    tally = gate.begin()
    for _time in range(times):
        tally = gate.measure(tally, scene(ports))
        world.sleep(every)
    return tally
