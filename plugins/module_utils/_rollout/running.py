# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A release that runs already: nothing to change, but it is looked at before it is called healthy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._errors import OperationError
from .gates.model import TargetHealthGate, TargetTally, describe_targets, expect_targets
from .tasks import observe, of_revision

if TYPE_CHECKING:
    from .read import Facts
    from .session import Session


def verify_running(session: Session, facts: Facts) -> None:
    """Raise OperationError when what runs is not healthy. Tasks that come and go are given the gate's deadline."""
    gate = next(iter(session.request.target_gates), TargetHealthGate())
    request, ports = session.request, session.ports
    until = session.clock.monotonic() + gate.deadline_seconds
    while True:
        service = ports.ecs.describe_service(request.cluster, request.service)
        tasks = of_revision(ports.ecs.list_tasks(request.cluster, request.service), facts.running_arn)
        targets = ports.balancing.describe_targets(request.target_group_arn)
        seen = TargetTally().add(observe(service.desired_count if service else 0, tasks, targets))
        if seen.consecutive:
            return
        if session.clock.monotonic() >= until:
            raise OperationError(
                f"Release {facts.target.release.version} of {request.service} runs already, so there was nothing to "
                f"change, but it is not healthy. Seen: {describe_targets(seen)}. Expected: {expect_targets(gate)}. "
                "Nothing was changed. Look at the tasks' logs; deploy a corrected version, or roll back."
            )
        session.pause(request.poll_seconds)
