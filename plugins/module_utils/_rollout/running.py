# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A release that runs already: nothing to change, but it is looked at before it is called healthy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._common.wait import until
from .._errors import OperationError
from .gates.target_health import TargetHealthGate, TargetTally
from .tasks import count_targets, of_revision

if TYPE_CHECKING:
    from .read import Facts
    from .session import Session
    from .tasks import TargetObservation


def verify_running(session: Session, facts: Facts) -> None:
    """Raise OperationError when what runs is not healthy. Tasks that come and go are given the gate's deadline."""
    request, ports = session.request, session.ports
    gates = (gate for gate in request.gates if isinstance(gate, TargetHealthGate))
    gate = next(gates, TargetHealthGate())

    def look() -> TargetObservation:
        service = ports.ecs.describe_service(request.cluster, request.service)
        tasks = of_revision(ports.ecs.list_tasks(request.cluster, request.service), facts.running_arn)
        targets = ports.balancing.describe_targets(request.target_group_arn)
        return count_targets(service.desired_count if service else 0, tasks, targets)

    def not_healthy(last: TargetObservation, _elapsed: float) -> OperationError:
        tally = TargetTally().add(last)
        return OperationError(
            f"Release {facts.target.release.version} of {request.service} runs already, so there was nothing to "
            f"change, but it is not healthy. Seen: {gate.seen(tally)}. Expected: {gate.expected()}. "
            "Nothing was changed. Look at the tasks' logs; deploy a corrected version, or roll back.",
            last={"desired": last.desired, "healthy": last.healthy, "running": last.running},
        )

    until(
        look,
        lambda seen: seen.whole,
        clock=session,
        seconds=gate.deadline_seconds,
        pause=request.poll_seconds,
        on_timeout=not_healthy,
    )
