# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A service deployment: ECS's work of bringing a service to a revision. Values only."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class DeploymentState(Enum):
    """Where a service deployment stands. The API has more states; those it may grow read as UNKNOWN."""

    PENDING = "PENDING"
    IN_PROGRESS = "IN_PROGRESS"
    SUCCESSFUL = "SUCCESSFUL"
    STOPPED = "STOPPED"
    ROLLING_BACK = "ROLLING_BACK"
    ROLLED_BACK = "ROLLED_BACK"
    ROLLBACK_FAILED = "ROLLBACK_FAILED"
    UNKNOWN = "UNKNOWN"

    @property
    def moving(self) -> bool:
        """Whether ECS is still at work on it."""
        return self in (
            DeploymentState.PENDING,
            DeploymentState.IN_PROGRESS,
            DeploymentState.ROLLING_BACK,
            DeploymentState.UNKNOWN,
        )


_STATES = {
    "PENDING": DeploymentState.PENDING,
    "IN_PROGRESS": DeploymentState.IN_PROGRESS,
    "SUCCESSFUL": DeploymentState.SUCCESSFUL,
    "STOPPED": DeploymentState.STOPPED,
    "STOP_REQUESTED": DeploymentState.ROLLING_BACK,
    "ROLLBACK_REQUESTED": DeploymentState.ROLLING_BACK,
    "ROLLBACK_IN_PROGRESS": DeploymentState.ROLLING_BACK,
    "ROLLBACK_SUCCESSFUL": DeploymentState.ROLLED_BACK,
    "ROLLBACK_FAILED": DeploymentState.ROLLBACK_FAILED,
}


def parse_state(status: str) -> DeploymentState:
    """The state that the API calls *status*."""
    return _STATES.get(status, DeploymentState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Pause:
    """A lifecycle hook that waits for an answer. After ``expires_at`` ECS does ``timeout_action`` itself."""

    hook_id: str
    expires_at: datetime | None = None
    timeout_action: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a deployment is that shifts traffic.

    ``stage`` is ECS's word, also one that is not known here; empty for a deployment without stages. The weights are the
    shares of the new revision in per cent, None where ECS tells none.
    """

    stage: str = ""
    weight: float | None = None
    test_weight: float | None = None
    pauses: tuple[Pause, ...] = ()

    def __str__(self) -> str:
        share = "" if self.weight is None else f", {self.weight:g} % of the traffic on the new revision"
        paused = ", paused" if self.pauses else ""
        return f"stage {self.stage or 'not told'}{share}{paused}"


@dataclass(frozen=True, slots=True)
class ServiceDeployment:
    """A service deployment. ``reason`` is what ECS says of its state."""

    arn: str
    state: DeploymentState
    created_at: datetime
    target_revision_arn: str = ""
    reason: str = ""
    progress: Progress = field(default_factory=Progress)

    @property
    def moving(self) -> bool:
        """Whether ECS is still at work on it."""
        return self.state.moving
