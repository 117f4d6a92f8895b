# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""When a target counts as healthy: the state machine alone, without clock or network.

Follows the ALB user guide, "Health checks for your target groups": a newly registered target needs one success, an
unhealthy one as many in a row as the healthy threshold, and any target turns unhealthy after as many failures in a
row as the unhealthy threshold. Reason codes are those of `TargetHealth` in the ELBv2 API model.
"""

from dataclasses import dataclass
from enum import StrEnum

from sandbox.services.elbv2.model.records import HealthCheck


class State(StrEnum):
    """The states of DescribeTargetHealth."""

    INITIAL = "initial"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    DRAINING = "draining"
    UNUSED = "unused"


@dataclass(frozen=True)
class Outcome:
    """What one health check saw; `reason` and `description` are None when it passed."""

    reason: str | None = None
    description: str | None = None

    @property
    def passed(self) -> bool:
        """Whether the target answered as the matcher wants."""
        return self.reason is None


@dataclass(frozen=True)
class Health:
    """A target's state, why, and how many checks in a row ended alike."""

    state: State
    reason: str | None = None
    description: str | None = None
    successes: int = 0
    failures: int = 0


REGISTERING = Health(State.INITIAL, "Elb.RegistrationInProgress", "Target registration is in progress")
CHECKING = Health(State.INITIAL, "Elb.InitialHealthChecking", "Initial health checks in progress")
DRAINING = Health(State.DRAINING, "Target.DeregistrationInProgress", "Target deregistration is in progress")
NOT_REGISTERED = Health(State.UNUSED, "Target.NotRegistered", "Target is not registered to the target group")
NOT_IN_USE = Health(
    State.UNUSED, "Target.NotInUse", "Target group is not configured to receive traffic from the load balancer"
)


def assess(before: Health, outcome: Outcome, check: HealthCheck) -> Health:
    """The target's health after one more check."""
    successes = before.successes + 1 if outcome.passed else 0
    failures = 0 if outcome.passed else before.failures + 1
    if outcome.passed:
        needed = check.healthy_threshold if before.state is State.UNHEALTHY else 1
        if successes >= needed:
            return Health(State.HEALTHY, successes=successes)
    elif failures >= check.unhealthy_threshold:
        return Health(State.UNHEALTHY, outcome.reason, outcome.description, failures=failures)
    return Health(before.state, before.reason, before.description, successes, failures)


def matches(matcher: str, status: int) -> bool:
    """Whether the matcher ("200", "200,202" or "200-299") accepts the status code."""
    for part in matcher.split(","):
        low, _, high = part.strip().partition("-")
        if int(low) <= status <= int(high or low):
            return True
    return False
