# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Looking at a release while it is judged: its deployment, its tasks, its targets."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from .._errors import OperationError, UnavailableError
from .deployment import DeploymentState
from .tasks import TargetObservation, count_targets, of_revision

if TYPE_CHECKING:
    from .session import Session
    from .strategies.model import Started
    from .values import Service


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen last. ``settled_at`` is the monotonic time at which the deployment was first seen to be complete.

    ``problem`` says why the latest look failed; everything else is of the look before then.
    """

    state: DeploymentState = DeploymentState.PENDING
    reason: str = ""
    superseded: bool = False
    settled_at: float | None = None
    targets: TargetObservation = field(default_factory=TargetObservation)
    problem: str = ""

    @property
    def reachable(self) -> bool:
        """Whether requests may reach the release."""
        return self.targets.healthy > 0 or self.settled_at is not None


class Observer:
    """Looks at what was *started*. Of what ran before it was watched, tasks that had stopped by then do not count."""

    def __init__(self, session: Session, started: Started) -> None:
        self._session = session
        self._started = started
        self._stopped_before: frozenset[str] | None = frozenset() if started.arn else None

    def look(self, last: Look) -> Look:
        """The next look after *last*. One that fails says so, and keeps what was seen before."""
        seen = last
        try:
            service = self._describe_service()
            if service is None:
                gone = "the service was deleted while the release was under way"
                return replace(seen, superseded=True, reason=gone, problem=gone)
            seen = self._follow(seen, service)
            return replace(seen, targets=self._count_targets(service), problem="")
        except (UnavailableError, OperationError) as error:
            # A refused look is like one that could not be made: the next may be allowed.
            return replace(seen, problem=str(error))

    def _describe_service(self) -> Service | None:
        request = self._session.request
        return self._session.ports.ecs.describe_service(request.cluster, request.service)

    def _follow(self, last: Look, service: Service) -> Look:
        standing = self._started.strategy.follow(self._session, self._started, service)
        settled_at = last.settled_at
        if settled_at is None and standing.state is DeploymentState.SUCCESSFUL:
            settled_at = self._session.monotonic()
        return replace(
            last,
            state=standing.state,
            reason=standing.reason,
            superseded=last.superseded or standing.superseded,
            settled_at=settled_at,
        )

    def _count_targets(self, service: Service) -> TargetObservation:
        request, ports = self._session.request, self._session.ports
        tasks = of_revision(ports.ecs.list_tasks(request.cluster, request.service), self._started.task_definition_arn)
        if self._stopped_before is None:
            self._stopped_before = frozenset(task.arn for task in tasks if task.stop_code)
        watched = tuple(task for task in tasks if task.arn not in self._stopped_before)
        return count_targets(service.desired_count, watched, ports.balancing.describe_targets(request.target_group_arn))
