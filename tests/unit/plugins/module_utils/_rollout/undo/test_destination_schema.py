# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A release whose schema leaves no room for what runs: that is said beforehand, and when it went back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RolledBackError
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import ROLLBACK
from ansible_collections.fastbreak.aws.plugins.module_utils._release.schema import Schema

from tests.unit.plugins.module_utils._rollout.case import deploy, newest, released

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    from tests.unit.plugins.module_utils._rollout.fakes import World

UNFIT = {"path_status": {"/v1/analyses": 500}}


def told(warnings: tuple[str, ...]) -> bool:
    return any("going back may not help" in warning for warning in warnings)


@pytest.mark.parametrize(
    ("before", "made", "warned"),
    [
        (Schema(7), Schema(8), True),
        (Schema(7), Schema(8, 8), True),
        (Schema(), Schema(1), True),
        (Schema(7), Schema(8, 7), False),
        (Schema(8), Schema(8), False),
        (Schema(9, 8), Schema(9, 8), False),
        (Schema(7), Schema(), False),
        (Schema(), Schema(), False),
    ],
)
def test_it_is_said_beforehand_and_after_an_undo(
    world: World, ports: Ports, before: Schema, made: Schema, warned: bool
) -> None:
    released(world, ports, schema=before)
    world.push("1.1.0", "b", **UNFIT)
    assert told(deploy(ports, "1.1.0", schema=made, check_mode=True).warnings) is warned
    with pytest.raises(RolledBackError) as raised:
        deploy(ports, "1.1.0", schema=made)
    assert ("But 1.0.0" in raised.value.message and "Look whether it works" in raised.value.message) is warned
    assert ("Look whether it works" in newest(world).reason) is warned


@pytest.mark.parametrize("options", [{"version": "1.0.0"}, {"version": "", "kind": ROLLBACK}])
def test_nothing_is_said_where_nothing_is_released_or_it_goes_back(
    world: World, ports: Ports, options: dict[str, Any]
) -> None:
    released(world, ports, schema=Schema(7))
    if "kind" in options:
        world.push("1.1.0", "b")
        deploy(ports, "1.1.0", schema=Schema(8, 7))
    assert not told(deploy(ports, **options, schema=Schema(9)).warnings)
