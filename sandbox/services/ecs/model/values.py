# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What the scheduler sees and what it decides: values only."""

from dataclasses import dataclass, field
from enum import Enum, StrEnum


class Health(Enum):
    """Whether a task counts. PENDING: not yet judged; UNHEALTHY: judged bad, after every grace period."""

    PENDING = "pending"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"


class RolloutState(StrEnum):
    """`Deployment.rolloutState` of the ECS API."""

    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"


class FailureCause(Enum):
    """Why a deployment is given up."""

    CIRCUIT_BREAKER = "circuit breaker"
    ALARM = "alarm"
    HOOK = "lifecycle hook"
    NETWORKING = "invalid networking configuration"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A task that ECS wants to run (`desiredStatus` RUNNING). Times are seconds since the epoch."""

    id: str
    deployment: str
    created_at: float
    running: bool = False
    health: Health = Health.PENDING
    problem: str = ""
    """For an UNHEALTHY task: the `stoppedReason` it gets."""
    was_healthy: bool = False
    """Whether it ever was HEALTHY."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """The PRIMARY deployment. `retry_at`: nothing is started before this time."""

    id: str
    rollout_state: RolloutState
    failed_tasks: int = 0
    retry_at: float = 0.0
    bake_seconds: float = 0.0
    baking_since: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """What ends a deployment: a number of failed tasks (None: never) or an alarm in ALARM."""

    threshold: int | None = None
    alarmed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlySuccess:
    """`DeploymentEarlySuccessCriteria`: the deployment completes with `healthy_percent` of its tasks healthy.

    `deferred`: old tasks are stopped after that, not before.
    """

    healthy_percent: int
    deferred: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service of the REPLICA strategy with the ROLLING deployment strategy, at one instant."""

    desired: int
    minimum_healthy_percent: int
    maximum_percent: int
    primary: Deployment
    tasks: tuple[Task, ...] = ()
    draining: int = 0
    """Tasks that are being stopped and have not stopped yet."""
    breaker: Breaker = field(default_factory=Breaker)
    early: EarlySuccess | None = None

    @property
    def lower(self) -> int:
        """The least number of tasks that must stay up: the percentage, rounded up."""
        return -(-self.desired * self.minimum_healthy_percent // 100)

    @property
    def enough(self) -> int:
        """How many healthy tasks of the PRIMARY deployment complete it: by default all, never none."""
        percent = self.early.healthy_percent if self.early else 100
        return min(self.desired, max(1, -(-self.desired * percent // 100)))

    @property
    def upper(self) -> int:
        """The greatest number of tasks starting or running: the percentage, rounded down."""
        return self.desired * self.maximum_percent // 100


@dataclass(frozen=True, slots=True)
class Start:
    """Start `count` tasks of the PRIMARY deployment."""

    count: int


@dataclass(frozen=True, slots=True)
class Stop:
    """Drain and stop a task; `problem` is empty when it is only no longer needed."""

    task: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Complete:
    """The deployment has reached a steady state."""


@dataclass(frozen=True, slots=True)
class Bake:
    """The tasks stand; watch the alarms for the bake time before completing."""


@dataclass(frozen=True, slots=True)
class Fail:
    """Give the PRIMARY deployment up."""

    cause: FailureCause


@dataclass(frozen=True, slots=True)
class Blocked:
    """The configured percentages allow neither a start nor a stop."""


Action = Start | Stop | Complete | Bake | Fail | Blocked
