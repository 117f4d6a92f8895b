# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deregistering the service's own revisions that are no longer kept, once a release was accepted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._common.amount import amount
from ..._errors import FastbreakError

if TYPE_CHECKING:
    from ..plan.read import Facts
    from ..session import Session


def deregister_spare(session: Session, facts: Facts) -> None:
    """Make the plan's spare revisions inactive, but for what a task runs by now.

    What fails is a warning: the release is in place, and the next one tries again.
    """
    request, ecs, done = session.request, session.ports.ecs, 0
    if not facts.plan.spare:
        return
    try:
        running = ecs.running_revisions(request.cluster, str(facts.target.document["family"]))
        for arn in facts.plan.spare:
            if arn not in running:
                ecs.deregister_task_definition(arn)
                done += 1
    except FastbreakError as error:
        session.warn(f"older revisions could not be deregistered, which the next release tries again: {error}")
    if done:
        session.say(
            f"deregistered {amount(done, 'revision')} beyond the newest {request.keep_revisions} (keep_revisions)"
        )
