# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeping the record of a release under way: it is begun, told its deployment, and completed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .._errors import FastbreakError, SupersededError
from .._release.record import Outcome, Release, finished, running_release, timestamp

if TYPE_CHECKING:
    from .._release.record import Measurement
    from .plan.read import Facts
    from .session import Session


def begin_record(session: Session, facts: Facts, task_definition_arn: str, snapshot: str) -> Release:
    """Write the record of a release that begins. *snapshot* is what there is before it, encoded."""
    target = facts.target
    running = running_release(facts.history, facts.running_arn)
    release = Release(
        service=session.request.service,
        release_id="",
        version=target.release.version,
        image=target.image,
        digest=target.release.digest,
        commit=target.release.commit,
        strategy=session.request.settings.deployment.strategy,
        kind=session.request.kind,
        task_definition_arn=task_definition_arn,
        started_at=timestamp(session.clock.now()),
        started_by=session.ports.surroundings.caller_arn(),
        definition=target.definition,
        previous_task_definition_arn=facts.running_arn,
        previous_version=running.version if running else "",
        snapshot=snapshot,
    )
    release = session.ports.releases.start(release)
    session.say(f"releasing {release.name} ({facts.plan.action.value})")
    return release


class Recording:
    """The record of the *release* under way. What cannot be written never hides how the release ended."""

    def __init__(self, session: Session, release: Release) -> None:
        self._session = session
        self.release = release

    def note(self, deployment_arn: str) -> None:
        """Tell it the deployment that was begun. Empty: none is known."""
        if not deployment_arn or deployment_arn == self.release.deployment_id:
            return
        self.release = replace(self.release, deployment_id=deployment_arn)
        try:
            self._session.ports.releases.note_deployment(self.release)
        except SupersededError:
            raise
        except FastbreakError as error:
            # ECS is at work: that is judged, whatever becomes of the record.
            self._session.warn(f"the deployment could not be noted in the release's record: {error}")

    def finish(self, outcome: Outcome, reason: str, gates: tuple[Measurement, ...] = ()) -> str:
        """Complete it, once. Why that could not be done, or an empty string."""
        if not self.release.in_progress:
            return ""
        # The record is kept and read by others, so that it never holds a value, asked for or not.
        redaction = self._session.redaction
        ended = finished(
            self.release,
            outcome,
            moment=self._session.clock.now(),
            reason=redaction.text(reason),
            gates=tuple(replace(gate, seen=redaction.text(gate.seen)) for gate in gates),
        )
        try:
            self._session.ports.releases.finish(ended)
        except FastbreakError as error:
            self._session.warn(f"the release could not be recorded as {outcome.value}: {error}")
            return f"it could not be recorded as {outcome.value}: {error}"
        self.release = ended
        return ""
