# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A world for the rollout's flows."""

from __future__ import annotations

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

from tests.unit.plugins.module_utils._rollout.fakes import World


@pytest.fixture
def world() -> World:
    """An account in memory."""
    return World()


@pytest.fixture
def ports(world: World) -> Ports:
    """That account behind every port."""
    return Ports(world, world, world, world, world, world, world, world, world, world, world, world, world)
