# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeping the record of a release under way: it is begun, told its deployment, and completed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .._errors import FastbreakError, SupersededError
from .._release.record import CoursePoint, Outcome, Release, finished, newest_first, running_release, timestamp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._release.record import Measurement
    from .judge.watch import Standing
    from .plan.read import Facts
    from .service.deployment import Progress
    from .session import Session

# What could not be kept is not tried again for a while: a table that does not answer would hold up the judging.
_KEEP_AGAIN_SECONDS = 120.0
_MOST_POINTS = 200


def begin_record(
    session: Session, facts: Facts, task_definition_arn: str, snapshot: str, migration: str = ""
) -> Release:
    """Write the record of a release that begins. *snapshot* is what there is before it, encoded.

    *migration* says whether that runs, and why.
    """
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
        schema_version=facts.target.schema.version,
        oldest_schema_version=facts.target.schema.oldest,
        services=session.request.services,
        ended_before=_ended_beside(session),
        migration=session.redaction.text(migration),
    )
    release = session.ports.releases.start(release)
    session.say(f"releasing {release.name} ({facts.plan.action.value})")
    return release


def _ended_beside(session: Session) -> dict[str, str]:
    """The newest release of each other service of it that has ended."""
    others = [name for name in session.request.services if name != session.request.service]
    histories = {name: newest_first(session.ports.releases.history(name)) for name in others}
    ended = {name: [past.release_id for past in history if not past.in_progress] for name, history in histories.items()}
    return {name: found[0] if found else "" for name, found in ended.items()}


def with_point(course: tuple[CoursePoint, ...], progress: Progress, stamp: str) -> tuple[CoursePoint, ...]:
    """*course* with where the deployment stands, unless that is where it stood."""
    point = CoursePoint(stamp, progress.stage, progress.weight, bool(progress.pauses))
    same = course and replace(course[-1], at=stamp) == point
    return course if same or len(course) >= _MOST_POINTS else (*course, point)


class Recording:
    """The record of the *release* under way. What cannot be written never hides how the release ended."""

    def __init__(self, session: Session, release: Release) -> None:
        self._session = session
        self.release = release
        self._keep_from = session.monotonic()

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

    def keep(self, standing: Standing) -> None:
        """Keep how the release stands, for a run that goes on with it. It is judged, whether that succeeds or not."""
        now = self._session.monotonic()
        self.release = replace(
            self.release,
            gates=self._told(standing.measurements),
            measuring=self._told_text(standing.text),
            course=with_point(self.release.course, standing.progress, timestamp(self._session.clock.now())),
        )
        if now < self._keep_from or not self._session.can_renew_lock:
            return
        try:
            self._session.ports.releases.keep_measurements(self.release)
        except SupersededError:
            raise
        except FastbreakError as error:
            self._keep_from = now + _KEEP_AGAIN_SECONDS
            self._session.warn_once(
                "what was measured so far could not be kept, so that a run that goes on with this release may have to "
                f"measure again: {error}"
            )

    def _told(self, gates: tuple[Measurement, ...]) -> tuple[Measurement, ...]:
        """*gates* as the record may hold them. Others read it, so that it never holds a value, asked for or not."""
        redaction = self._session.redaction
        return tuple(replace(gate, seen=redaction.text(gate.seen)) for gate in gates)

    def _told_text(self, standing: str) -> str:
        return json.dumps(self._session.redaction.data(json.loads(standing))) if standing else ""

    def finish(
        self,
        outcome: Outcome,
        reason: str,
        gates: tuple[Measurement, ...] = (),
        evidence: tuple[Mapping[str, Any], ...] = (),
    ) -> str:
        """Complete it, once. Why that could not be done, or an empty string."""
        if not self.release.in_progress:
            return ""
        ended = finished(
            replace(self.release, evidence=self._session.redaction.data(evidence)),
            outcome,
            moment=self._session.clock.now(),
            reason=self._session.redaction.text(reason),
            gates=self._told(gates),
        )
        try:
            self._session.ports.releases.finish(ended)
        except FastbreakError as error:
            self._session.warn(f"the release could not be recorded as {outcome.value}: {error}")
            return f"it could not be recorded as {outcome.value}: {error}"
        self.release = ended
        return ""
