# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a release is judged: the stages at which gates are asked. A strategy says which of them it has."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

#: When a run may end, beside at a stage: with the release, or as soon as ECS waits for a verdict.
DONE, PAUSED = "done", "paused"
#: ECS's word for the time after the last pause, in which it waits with all users on the release.
BAKING = "BAKE_TIME"


class Stage(Enum):
    """A stage of a deployment.

    BEFORE_TRAFFIC: the new tasks are healthy and no user reaches them. EACH_STEP: a share of the users reaches them,
    before each further step. AFTER_TRAFFIC: all users reach them.
    """

    BEFORE_TRAFFIC = "before_traffic"
    EACH_STEP = "each_step"
    AFTER_TRAFFIC = "after_traffic"


@dataclass(frozen=True, slots=True)
class Phase:
    """Where a release stands. ``percent`` is its share of the users' requests.

    ``test_url`` is where it is reached before there are any; empty when it cannot be.
    """

    stage: Stage
    percent: float = 100.0
    test_url: str = ""
