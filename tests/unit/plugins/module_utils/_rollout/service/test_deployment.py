# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Service deployments as ECS tells of them."""

from __future__ import annotations

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.deployment import (
    DeploymentState,
    parse_state,
)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("IN_PROGRESS", DeploymentState.IN_PROGRESS),
        ("STOP_REQUESTED", DeploymentState.ROLLING_BACK),
        ("ROLLBACK_SUCCESSFUL", DeploymentState.ROLLED_BACK),
        ("SOMETHING_NEW", DeploymentState.UNKNOWN),
    ],
)
def test_states_are_read_leniently(status: str, state: DeploymentState) -> None:
    assert parse_state(status) is state
