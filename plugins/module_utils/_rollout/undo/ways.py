# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Undoing a release that was judged unfit, watched until it has really ended.

There are three ways. ECS rolls a deployment that is under way back to the revision before it. One that has completed
is followed by a new deployment of the revision before it. A first release has nothing before it: the service is
deleted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._errors import OperationError, SupersededError, WaitTimeoutError
from ..._release.record import Outcome
from ..judge import Step
from ..service import changed_settings, starts_deployment
from ..writes import ServiceChange
from .arrival import UnfinishedError
from .native import await_rollback
from .redeploy import redeploy
from .stop import stop
from .way import Undone

if TYPE_CHECKING:
    from ..read import Facts
    from ..session import Session
    from ..strategies.model import Started
    from .way import WayBack


def undo(session: Session, facts: Facts, started: Started, back: WayBack, step: Step) -> Undone:
    """Undo the release and watch until that has ended. A refusal on the way is an end too, and said."""
    try:
        undone = _undo(session, facts, started, back, step)
        if undone.outcome is Outcome.ROLLED_BACK:
            _restore_settings(session, facts)
    except SupersededError:
        raise
    except UnfinishedError as error:
        return Undone(Outcome.FAILED, error.message)
    except (OperationError, WaitTimeoutError) as error:
        return Undone(Outcome.FAILED, f"The way back failed as well: {error}")
    return undone


def _undo(session: Session, facts: Facts, started: Started, back: WayBack, step: Step) -> Undone:
    if back.stop:
        return stop(session)
    if not back.task_definition_arn:
        return Undone(Outcome.FAILED, "The service was left as it was found: no release of it was ever judged fit.")
    if step is Step.AWAIT_ROLLBACK or started.strategy.roll_back(session, started):
        return await_rollback(session, facts, started, back)
    return redeploy(session, facts, started.strategy, back)


def _restore_settings(session: Session, facts: Facts) -> None:
    """Put back what the release changed beside its tasks: ECS rolls revisions back, and not the service's settings."""
    request, ecs, before = session.request, session.ports.ecs, facts.found.service
    service = ecs.describe_service(request.cluster, request.service)
    if service is None or before is None:
        return
    differ = changed_settings(service.settings, before.settings)
    changed = tuple(name for name in differ if not starts_deployment((name,)))
    if set(changed) - {"tags"}:
        ecs.update_service(request.cluster, request.service, ServiceChange(before.settings, changed))
    if "tags" in changed:
        ecs.tag_service(service.arn, dict(before.settings.tags))
