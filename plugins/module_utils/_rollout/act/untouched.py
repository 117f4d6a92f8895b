# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the service is still what the plan was made for: a migration, or another service's release, takes minutes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._errors import OperationError

if TYPE_CHECKING:
    from ..plan.read import Facts
    from ..session import Session


def check_untouched(session: Session, facts: Facts) -> None:
    """Raise OperationError when somebody else has deployed since the service was read.

    Theirs would be replaced unseen, and an undo would go back to what stood before it.
    """
    request = session.request
    if facts.found.service is None or request.supersede:
        return
    known = {deployment.arn for deployment in facts.deployments}
    listed = session.ports.ecs.list_service_deployments(request.cluster, request.service)
    theirs = next((deployment for deployment in listed if deployment.arn not in known), None)
    if theirs:
        raise OperationError(
            f"Releasing {facts.target.release.version} to {request.service} was refused: deployment {theirs.arn} "
            f"({theirs.state.value}) was begun by somebody else after this run had looked, while it migrated or "
            "released other services. It was not replaced, and this run did not touch the service. See who deploys "
            "(CloudTrail: UpdateService); when that has ended, run the same command again, or at once with "
            "supersede=true to replace it."
        )
