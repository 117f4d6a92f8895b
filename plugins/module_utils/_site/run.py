# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Release a site: read, plan, send, show, verify, record, forget. In this order no page ever lacks what it names."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .._common.amount import amount
from .._errors import FastbreakError, OperationError, RefusedError, RequestError, RolledBackError
from .._release.record import Outcome
from .history import accepted, rollback_target
from .names import in_sentences
from .parallel import in_parallel
from .plan import SitePlan, State, plan, problems, standing
from .prune import prune
from .report import SiteResult, diff
from .session import Session
from .show import show
from .state import read_state
from .values import PUBLISH, ROLLBACK, Manifest, SiteFile, SiteRelease, manifest_key
from .verify import verify

if TYPE_CHECKING:
    from .ports import Ports
    from .request import SiteRequest


def release(request: SiteRequest, ports: Ports, *, check_mode: bool) -> tuple[SiteResult, dict[str, str]]:
    """Publish, or roll back, and what changes as a diff. In check mode nothing is written.

    Raises RequestError and RefusedError before anything is written, in check mode alike. An error that ends a release
    midway says what the site shows. A run that finds nothing to do takes no lock.
    """
    session = Session(request, ports)
    target = ports.folder.scan() if ports.folder else None
    planned, state = _planned(session, target)
    told = diff(planned, state, request)
    if check_mode or not planned.changed:
        newest = accepted(state.history)
        known = newest.release_id if newest and not planned.changed else ""
        return SiteResult(planned.changed, planned, standing(state.history), known), told
    with session.locked():
        planned, state = _planned(session, target)
        if not planned.changed:
            return SiteResult(changed=False, planned=planned, previous_version=standing(state.history)), told
        return _Run(session, planned, state).go(), diff(planned, state, request)


def _planned(session: Session, target: Manifest | None) -> tuple[SitePlan, State]:
    """The plan on what stands now. Raises RefusedError when it must not be carried out."""
    request, state = session.request, read_state(session)
    if target is None:
        goal = rollback_target(state.history, request.version, request.keep, request.url)
        planned = plan(goal.version, state.manifests.get(goal.manifest, Manifest(())), state, request.keep)
        _check_kept(session, planned, goal)
    else:
        planned = plan(request.version or target.digest[:12], target, state, request.keep)
    if found := problems(planned, state):
        raise RefusedError(f"{session.doing} was refused; nothing was changed: {in_sentences(found)}", problems=found)
    return planned, state


def _check_kept(session: Session, planned: SitePlan, goal: SiteRelease) -> None:
    missing = [file.path for file in (*planned.send, *planned.store)]
    if missing or not planned.target.files:
        told = (
            f"of its files these are missing: {', '.join(missing[:10])}" if missing else "its list of files is missing"
        )
        raise RefusedError(
            f"{session.doing} to {goal.version} was refused: {told} in bucket {session.request.bucket}. Somebody "
            "deleted them. Nothing was changed. Publish that version again from its commit."
        )


class _Run:
    """Carries a plan out, and knows what the site shows."""

    def __init__(self, session: Session, planned: SitePlan, state: State) -> None:
        self.session, self.planned, self.state = session, planned, state
        self.ports = session.ports
        self.record: SiteRelease | None = None
        self.shows = f"The site shows what it showed before ({standing(state.history) or 'nothing'})."

    def go(self) -> SiteResult:
        """All of it."""
        try:
            record = self._place()
            self.shows = f"The site may show {self.planned.version} already."
            show(self.session, self.planned, f"{record.release_id}-show")
            if problem := verify(self.session, self.planned):
                raise self._restored(record, problem)
            self._finish(record, Outcome.SUCCEEDED)
            self.shows = f"The site shows {self.planned.version}, which is verified and recorded."
            prune(self.session, self.planned, f"{record.release_id}-forget")
        except RolledBackError:
            raise
        except FastbreakError as error:
            error.message = f"{error.message} {self.shows} Run again to go on: what is there is not sent again."
            error.args = (error.message,)
            raise
        self.session.say(f"{self.planned.version} is published, verified and recorded")
        return SiteResult(
            changed=True,
            planned=self.planned,
            previous_version=standing(self.state.history),
            release_id=record.release_id,
        )

    def _place(self) -> SiteRelease:
        """Everything that the version needs, but for what shows it. The list of files is there before its record."""
        target = self.planned.target
        self.session.secure("writing the list of files")
        if manifest_key(target.digest) not in self.state.listing:
            self.ports.bucket.put_text(manifest_key(target.digest), target.text)
        record = self.ports.releases.start(self._new_record())
        sending = [*self.planned.send, *self.planned.store]
        if sending:
            self.session.say(f"sending {amount(len(sending), 'file')}, {self.planned.bytes_to_send} bytes")
        in_parallel(self._send, sending, self.session.request.concurrency)
        folder = self.ports.folder
        if folder and folder.scan() != target:
            raise RequestError(
                f"{self.session.doing}: the folder (source) changed while it was published. End the build first."
            )
        return record

    def _send(self, file: SiteFile) -> None:
        self.session.check()
        folder = self.ports.folder
        # A rollback sends nothing.
        body = folder.read(file) if folder else b""
        self.ports.bucket.put_file(file.stored_at, file, body)

    def _new_record(self) -> SiteRelease:
        sent = len(self.planned.send) + len(self.planned.store)
        return SiteRelease(
            site=self.session.request.site,
            release_id="",
            version=self.planned.version,
            manifest=self.planned.target.digest,
            kind=ROLLBACK if self.session.request.rolls_back else PUBLISH,
            started_at=self.session.now(),
            started_by=self.ports.releases.caller(),
            previous_version=standing(self.state.history),
            files=len(self.planned.target.files),
            sent=sent,
            bytes_sent=self.planned.bytes_to_send,
        )

    def _finish(self, record: SiteRelease, outcome: Outcome, reason: str = "") -> None:
        self.session.secure("completing the record")
        self.ports.releases.finish(replace(record, outcome=outcome, reason=reason, finished_at=self.session.now()))

    def _restored(self, record: SiteRelease, problem: str) -> OperationError:
        """The error of a version that is not served as it should be, after the one before is shown again."""
        before = accepted(self.state.history)
        seen = f"{self.session.doing}: {self.planned.version} is not served as it should be: {problem}."
        if before is None or before.manifest not in self.state.manifests:
            self._finish(record, Outcome.FAILED, problem)
            return OperationError(f"{seen} There is no version to go back to.", problem=problem)
        self.session.say(f"{problem}: going back to {before.version}")
        # What was shown meanwhile is in the history by now.
        now = read_state(self.session)
        back = plan(before.version, self.state.manifests[before.manifest], now, self.session.request.keep)
        show(self.session, back, f"{record.release_id}-back")
        self._finish(record, Outcome.ROLLED_BACK, problem)
        return RolledBackError(
            f"{seen} The site shows {before.version} again. Look at the distribution's behaviors and the build, then "
            "publish again.",
            problem=problem,
            version=before.version,
        )
