# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What undoing puts back beside the tasks, and what ends it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError, RolledBackError
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Outcome

from tests.unit.plugins.module_utils._rollout.case import deploy, make_request, newest, released

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    from tests.unit.plugins.module_utils._rollout.fakes import World


def test_settings_that_a_failed_release_changed_are_put_back(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b", path_status={"/v1/analyses": 500})
    settings = replace(make_request("x").settings, health_check_grace_period_seconds=5)
    with pytest.raises(RolledBackError):
        deploy(ports, "1.1.0", settings=settings)
    assert world.service.settings.health_check_grace_period_seconds == 30
    assert not deploy(ports, "1.0.0").changed


def test_refusal_on_the_way_back_is_an_end_and_said(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b", path_status={"/v1/analyses": 500})
    world._progress = lambda current: None

    def refuse(arn: str) -> bool:
        raise OperationError("StopServiceDeployment is denied")

    world.stop_service_deployment = refuse
    with pytest.raises(OperationError, match="The way back failed as well: StopServiceDeployment is denied"):
        deploy(ports, "1.1.0")
    assert newest(world).outcome is Outcome.FAILED
