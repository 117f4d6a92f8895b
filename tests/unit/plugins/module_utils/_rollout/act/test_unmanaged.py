# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""After a release it is said what of the service differs that no rollout manages."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RolledBackError
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import ListenerRule

from tests.unit.plugins.module_utils._rollout.case import deploy, make_request, released
from tests.unit.plugins.module_utils._rollout.fakes import GROUP_ARN, LISTENER_ARN

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    from tests.unit.plugins.module_utils._rollout.fakes import World


#: It takes users away from the service.
TYPO = (ListenerRule(LISTENER_ARN, 100, frozenset({"/typo/*"}), GROUP_ARN),)


def someone_sets_service_connect(world: World) -> None:
    assert world.service
    world.service = replace(world.service, unmanaged=frozenset({("Service Connect", "{}")}))


def test_a_change_meanwhile_is_a_warning_of_a_release_and_said_with_a_failure(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    world.at.append((world.seconds + 4, lambda: someone_sets_service_connect(world)))
    (warning,) = deploy(ports, "1.1.0").warnings
    assert "differ from before this run: Service Connect was set. They were left" in warning
    world.push("1.2.0", "c", status=500)
    world.at.append((world.seconds + 4, lambda: someone_takes_it_away(world)))
    with pytest.raises(RolledBackError):
        deploy(ports, "1.2.0")
    assert any("Service Connect was taken away" in line for line in world.lines)


def test_a_change_meanwhile_is_a_warning_of_a_change_of_settings_too(world: World, ports: Ports) -> None:
    released(world, ports)
    settings = replace(make_request("x").settings, tags=frozenset({("a", "b")}))
    world.at.append((world.seconds + 2, lambda: someone_sets_service_connect(world)))
    result = deploy(ports, "1.0.0", settings=settings)
    assert result.action == "settings"
    (warning,) = result.warnings
    assert "Service Connect was set" in warning


def test_a_change_meanwhile_is_said_when_settings_are_put_back(world: World, ports: Ports) -> None:
    released(world, ports)
    world.at.append((world.seconds + 2, lambda: someone_sets_service_connect(world)))
    with pytest.raises(RolledBackError):
        deploy(ports, "1.0.0", rules=TYPO, stop_serving=("path /*",))
    assert any("Service Connect was set" in line for line in world.lines)


def someone_takes_it_away(world: World) -> None:
    assert world.service
    world.service = replace(world.service, unmanaged=frozenset())


def test_nothing_is_said_when_nothing_differs(world: World, ports: Ports) -> None:
    released(world, ports)
    someone_sets_service_connect(world)
    world.push("1.1.0", "b")
    assert deploy(ports, "1.1.0").warnings == ()
