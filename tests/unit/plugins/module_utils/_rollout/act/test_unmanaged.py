# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""After a release it is said what of the service differs that no rollout manages."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RolledBackError

from tests.unit.plugins.module_utils._rollout.case import deploy, released

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    from tests.unit.plugins.module_utils._rollout.fakes import World


def someone_sets_service_connect(world: World) -> None:
    assert world.service
    world.service = replace(world.service, unmanaged=frozenset({("Service Connect", "{}")}))


def test_a_change_meanwhile_is_a_warning_of_a_release_and_said_with_a_failure(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    world.at.append((world.seconds + 4, lambda: someone_sets_service_connect(world)))
    (warning,) = deploy(ports, "1.1.0").warnings
    assert "differ from before the release: Service Connect was set. They were left" in warning
    world.push("1.2.0", "c", status=500)
    world.at.append((world.seconds + 4, lambda: someone_takes_it_away(world)))
    with pytest.raises(RolledBackError):
        deploy(ports, "1.2.0")
    assert any("Service Connect was taken away" in line for line in world.lines)


def someone_takes_it_away(world: World) -> None:
    assert world.service
    world.service = replace(world.service, unmanaged=frozenset())


def test_nothing_is_said_when_nothing_differs(world: World, ports: Ports) -> None:
    released(world, ports)
    someone_sets_service_connect(world)
    world.push("1.1.0", "b")
    assert deploy(ports, "1.1.0").warnings == ()
