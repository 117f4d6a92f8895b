# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Taking a first release away: there is nothing to go back to, so that the account becomes as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._release.record import Outcome
from ..act.gone import await_gone
from .destination import Undone

if TYPE_CHECKING:
    from ..session import Session


def stop(session: Session, task_definition_arn: str) -> Undone:
    """Delete the service, its scaling and the revision that was made for it. Its listener rules go by the snapshot."""
    request, ports = session.request, session.ports
    session.say("nothing to go back to: deleting the service")
    if request.scaling:
        ports.scaling.remove_scaling(request.cluster, request.service)
    if ports.ecs.describe_service(request.cluster, request.service):
        ports.ecs.delete_service(request.cluster, request.service)
    await_gone(session)
    if request.owned_by.owns(ports.ecs.task_definition_tags(task_definition_arn)):
        ports.ecs.deregister_task_definition(task_definition_arn)
    gone = "The service was deleted"
    if request.target_group_arns:
        gone = "The service and its listener rules were deleted, so the load balancer answers by its default action"
    return Undone(
        Outcome.STOPPED,
        f"There was nothing to go back to: this was the first release. {gone}; the failed tasks' logs are kept. "
        "Correct the release and deploy again.",
    )
