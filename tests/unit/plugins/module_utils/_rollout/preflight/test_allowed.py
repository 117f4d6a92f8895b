# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looks that these credentials may not make."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.plugins.module_utils._rollout.case import deploy, released
from tests.unit.plugins.module_utils._rollout.preflight.test_checks_list import LIST, SHIFT
from tests.unit.plugins.module_utils._rollout.shifting import ShiftingWorld

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports


@pytest.fixture
def world() -> ShiftingWorld:
    return ShiftingWorld()


@pytest.mark.parametrize("name", ["infrastructure role may not write rules", "secret not readable"])
def test_what_these_credentials_may_not_ask_is_said_and_refuses_nothing(
    world: ShiftingWorld, ports: Ports, name: str
) -> None:
    released(world, ports, **SHIFT)
    world.push("1.1.0", "b")
    LIST[name][0](world)
    world.forbidden = True
    result = deploy(ports, "1.1.0", **SHIFT, check_mode=True)
    assert any("was not checked: these credentials may not" in warning for warning in result.warnings)
