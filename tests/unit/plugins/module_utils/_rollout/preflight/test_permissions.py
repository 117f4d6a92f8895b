# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What roles may do is asked only where a release needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.http import HttpGate
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.request.model import Probing

from tests.unit.plugins.module_utils._rollout.case import deploy, document, released, scaling
from tests.unit.plugins.module_utils._rollout.preflight.test_checks_list import SHIFT, attempt
from tests.unit.plugins.module_utils._rollout.shifting import ShiftingWorld

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

EVERYTHING = {
    "secretsmanager:GetSecretValue",
    "elasticloadbalancing:ModifyRule",
    "elasticloadbalancing:RegisterTargets",
    "elasticloadbalancing:DescribeRules",
}


@pytest.fixture
def world() -> ShiftingWorld:
    return ShiftingWorld()


def test_change_that_starts_no_task_asks_nothing(world: ShiftingWorld, ports: Ports) -> None:
    released(world, ports)
    world.denied = EVERYTHING
    assert not deploy(ports, "1.0.0").changed
    assert deploy(ports, "1.0.0", scaling=scaling(2, 9), check_mode=True).action == "settings"


def test_rolling_release_needs_no_infrastructure_role(world: ShiftingWorld, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    world.denied = EVERYTHING - {"secretsmanager:GetSecretValue"}
    assert deploy(ports, "1.1.0", check_mode=True).action == "deploy"


def test_without_secrets_no_execution_role_is_asked(world: ShiftingWorld, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    world.denied = EVERYTHING
    (container,) = document()["containerDefinitions"]
    plain = {name: value for name, value in container.items() if name != "secrets"}
    assert deploy(ports, "1.1.0", document={**document(), "containerDefinitions": [plain]}, check_mode=True).changed


@pytest.mark.parametrize("place", ["task", "controller"])
def test_role_of_a_task_that_asks_has_to_read_what_it_sends(world: ShiftingWorld, ports: Ports, place: str) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    gate = HttpGate(name="list", url="http://alb/", headers=(("Authorization", "secretsmanager:probe"),))
    asked = {"gates": (gate,), "probing": Probing(place, ("probe",), "service", "arn:role/probe"), "check_mode": True}
    world.denied = {"secretsmanager:GetSecretValue"}
    with pytest.raises(RefusedError) as caught:
        deploy(ports, "1.1.0", **asked)
    of_probe = [problem for problem in caught.value.details["problems"] if problem.startswith("Secret probe, which")]
    assert len(of_probe) == (place == "task")
    assert all("cannot be read by arn:role/probe" in problem for problem in of_probe)
    world.denied, world.missing = set(), {"arn:role/probe"}
    if place == "task":
        with pytest.raises(RefusedError, match="Role arn:role/probe does not exist"):
            deploy(ports, "1.1.0", **asked)
    else:
        assert deploy(ports, "1.1.0", **asked).changed


def test_every_denial_is_told(world: ShiftingWorld, ports: Ports) -> None:
    released(world, ports, **SHIFT)
    world.push("1.1.0", "b")
    world.denied = EVERYTHING
    told = attempt(world, ports, SHIFT).details["problems"]
    # The secret, looks, each of two groups, and each of two rules.
    assert len([problem for problem in told if "may not" in problem or "cannot be read" in problem]) == 6
