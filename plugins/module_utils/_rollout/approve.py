# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answering what a gate of kind ``approval`` asks about a release that is under way. Who answers, AWS says."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from .._common.commands import DEPLOY
from .._errors import RefusedError, RequestError
from .._release.approval import Answer, answers_to
from .._release.image import version_names
from .._release.record import newest_first, timestamp

if TYPE_CHECKING:
    from .._common.clock import Clock
    from .._common.progress import Progress
    from .._release.approval import Question
    from .._release.ports import Approvals, Releases
    from .._release.record import Release
    from .ports import Surroundings

_LONGEST_COMMENT = 500


@dataclass(frozen=True, slots=True)
class ApprovalRequest:
    """An answer to the question of *gate* about the release *version* of *service*."""

    service: str
    version: str
    gate: str
    approved: bool
    comment: str = ""


@dataclass(frozen=True, slots=True)
class ApprovalPorts:
    """What it needs of the ports of a rollout."""

    releases: Releases
    approvals: Approvals
    surroundings: Surroundings
    clock: Clock
    progress: Progress


def build_approval(options: dict[str, Any]) -> ApprovalRequest:
    """The request that validated *options* stand for. Raises RequestError."""
    comment = " ".join((options["comment"] or "").split())
    if len(comment) > _LONGEST_COMMENT:
        raise RequestError(f"comment is longer than {_LONGEST_COMMENT} characters; nothing was answered.")
    return ApprovalRequest(options["service"], options["version"], options["gate"], options["approved"], comment)


def approve(request: ApprovalRequest, ports: ApprovalPorts, *, check_mode: bool) -> dict[str, Any]:
    """The question with all answers, as the module returns it.

    Raises RefusedError when there is nothing to answer: another release is under way or none, nothing was asked, or the
    answer was no and stays no.
    """
    release = _under_way(request, ports)
    question = _question(request, ports, release)
    by = ports.surroundings.caller_arn()
    before = answers_to(ports.approvals.answers(request.service, release.release_id), request.gate)
    changed = not any((answer.by, answer.approved) == (by, request.approved) for answer in before)
    if request.approved and (no := next((answer for answer in before if not answer.approved), None)):
        raise _refused(request, f"it was answered {no}. A no is final. Deploy the release again to be asked again.")
    answers = before
    if changed:
        now = timestamp(ports.clock.now())
        given = Answer(request.service, release.release_id, request.gate, request.approved, by, now, request.comment)
        answers = (*before, given)
    if changed and not check_mode:
        ports.approvals.answer(answers[-1])
        ports.progress.say(f"{request.service}: {question.message!r} about {release.version} is answered {answers[-1]}")
        _insist_in_time(request, ports, release)
    return {
        "changed": changed,
        "version": release.version,
        "release_id": release.release_id,
        "gate": request.gate,
        "message": question.message,
        "answers": [asdict(answer) for answer in answers],
    }


def _under_way(request: ApprovalRequest, ports: ApprovalPorts) -> Release:
    if problem := ports.releases.table_problem():
        raise _refused(request, problem)
    newest = next(iter(newest_first(ports.releases.history(request.service))), None)
    if newest is None:
        raise _refused(request, f"{request.service} was never released.")
    if not version_names(request.version, tag=newest.version, digest=newest.digest):
        raise _refused(request, f"the newest release is {newest.version} ({newest.outcome.value}), and not that one.")
    if not newest.in_progress:
        raise _refused(request, f"it has ended: {newest.outcome.value}. {DEPLOY.format(version=request.version)}")
    return newest


def _question(request: ApprovalRequest, ports: ApprovalPorts, release: Release) -> Question:
    asked = ports.approvals.questions(request.service, release.release_id)
    found = next((question for question in asked if question.gate == request.gate), None)
    if found is None:
        others = "; ".join(f"{question.gate}: {question.message}" for question in asked)
        told = f"it asks {others}. Name that gate." if asked else "it asks nothing yet. Answer once it does."
        raise _refused(request, f"no gate {request.gate!r} of the release asks for an approval; {told}")
    return found


def _insist_in_time(request: ApprovalRequest, ports: ApprovalPorts, release: Release) -> None:
    """Raise RefusedError when the release ended while it was answered."""
    history = ports.releases.history(request.service)
    now = next((known for known in history if known.release_id == release.release_id), release)
    if not now.in_progress:
        raise _refused(request, f"it came too late: the release has ended as {now.outcome.value} meanwhile.")


def _refused(request: ApprovalRequest, why: str) -> RefusedError:
    answer = "Yes" if request.approved else "No"
    return RefusedError(f"{answer} to {request.version} of {request.service} was refused: {why}")
