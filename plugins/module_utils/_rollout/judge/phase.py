# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""At which share of the users a release stands, as ECS tells it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..service.deployment import DeploymentState
from ..stages import Phase, Stage

if TYPE_CHECKING:
    from ..service.deployment import Progress

_ALL = 100.0
#: Stages of ECS at which all traffic has moved, for a deployment that tells no weights.
_AFTER = frozenset({"POST_PRODUCTION_TRAFFIC_SHIFT", "BAKE_TIME", "CLEAN_UP"})


def phase_of(state: DeploymentState, progress: Progress, test_url: str) -> Phase | None:
    """Where the release stands; None as long as it cannot be reached, or is on its way back.

    Weights say it and not ECS's word for the stage: that has no word for a step, and may get new ones.
    """
    if state is DeploymentState.SUCCESSFUL:
        return Phase(Stage.AFTER_TRAFFIC)
    if state is not DeploymentState.IN_PROGRESS or not (progress.stage or progress.pauses):
        return None
    weight = progress.weight
    if weight is None:
        weight = _ALL if progress.stage in _AFTER else 0.0
    if weight >= _ALL:
        return Phase(Stage.AFTER_TRAFFIC)
    if weight > 0:
        return Phase(Stage.EACH_STEP, weight)
    tested = bool(progress.test_weight)
    return Phase(Stage.BEFORE_TRAFFIC, 0.0, test_url if tested else "") if tested or progress.pauses else None
