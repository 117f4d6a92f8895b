# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a release stands, by what ECS tells."""

from __future__ import annotations

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.judge.phase import phase_of
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.deployment import (
    DeploymentState,
    Pause,
    Progress,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.stages import Phase, Stage

GOING = DeploymentState.IN_PROGRESS
PAUSED = (Pause("hook-1"),)
BEFORE, STEP, AFTER = Stage


@pytest.mark.parametrize(
    ("state", "progress", "phase"),
    [
        # A rolling deployment has no stages: it is judged once it is complete.
        (GOING, Progress(), None),
        (DeploymentState.SUCCESSFUL, Progress(), Phase(AFTER)),
        (GOING, Progress("SCALE_UP", 0.0, 0.0), None),
        (GOING, Progress("POST_SCALE_UP", 0.0, 0.0, PAUSED), Phase(BEFORE, 0.0)),
        (GOING, Progress("POST_TEST_TRAFFIC_SHIFT", 0.0, 100.0), Phase(BEFORE, 0.0, "http://test")),
        (GOING, Progress("PRODUCTION_TRAFFIC_SHIFT", 5.0, 100.0), Phase(STEP, 5.0)),
        # ECS has no word for this stage, and may get others.
        (GOING, Progress("", 5.0, 100.0, PAUSED), Phase(STEP, 5.0)),
        (GOING, Progress("A_STAGE_OF_TOMORROW", 40.0, 0.0), Phase(STEP, 40.0)),
        (GOING, Progress("BAKE_TIME", 100.0, 100.0), Phase(AFTER)),
        (GOING, Progress("POST_PRODUCTION_TRAFFIC_SHIFT", None, None, PAUSED), Phase(AFTER)),
        (GOING, Progress("POST_TEST_TRAFFIC_SHIFT", None, None, PAUSED), Phase(BEFORE, 0.0)),
        (DeploymentState.ROLLING_BACK, Progress("POST_TEST_TRAFFIC_SHIFT", 0.0, 100.0), None),
        (DeploymentState.UNKNOWN, Progress("BAKE_TIME", 100.0), None),
    ],
)
def test_a_release_stands_where_its_share_of_the_users_says(
    state: DeploymentState, progress: Progress, phase: Phase | None
) -> None:
    assert phase_of(state, progress, "http://test") == phase


def test_progress_is_told_in_words_also_where_ecs_tells_little() -> None:
    assert str(Progress("BAKE_TIME", 100.0)) == "stage BAKE_TIME, 100 % of the traffic on the new revision"
    assert str(Progress("", None, None, PAUSED)) == "stage not told, paused"
