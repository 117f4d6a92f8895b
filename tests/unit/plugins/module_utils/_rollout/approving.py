# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A release that asks a person, and the person's answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.approve import (
    ApprovalPorts,
    approve,
    build_approval,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.approval import ApprovalGate
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.stages import Stage

from tests.unit.plugins.module_utils._rollout.case import make_request
from tests.unit.plugins.module_utils._rollout.shifting import by

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

GATE = ApprovalGate(
    name="approval", question="Go?", bake_seconds=0, deadline_seconds=120, stages=(Stage.BEFORE_TRAFFIC,)
)
CANARY = by("CANARY", bake_minutes=1, canary_percent=20.0, canary_bake_minutes=1)
ASKING = {**CANARY, "gates": (*make_request("x").gates, GATE)}


def told(ports: Ports, *, approved: bool = True, check_mode: bool = False, **other: Any) -> dict[str, Any]:
    options = {"service": "inference", "version": "1.1.0", "gate": "approval", "approved": approved, "comment": "seen"}
    made = ApprovalPorts(ports.releases, ports.approvals, ports.surroundings, ports.clock, ports.progress)
    return approve(build_approval({**options, **other}), made, check_mode=check_mode)
