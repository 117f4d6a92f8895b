# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether users get answers again after an undo: the requests of the gates, asked through the load balancer again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..._common.wait import timed_out, until
from ..._errors import WaitTimeoutError
from .snapshot import SeenAnswer

if TYPE_CHECKING:
    from ..gates.model import UserRequest
    from ..session import Session
    from ..values import Answer
    from .snapshot import Snapshot

_IN_A_ROW = 3
_SECONDS = 60.0


def ask_users(session: Session) -> tuple[SeenAnswer, ...]:
    """What the requests that gates send are answered now."""
    asked = [(name, _ask(session, request)) for name, request in _requests(session)]
    return tuple(SeenAnswer(name, answer.status, answer.version) for name, answer in asked)


@dataclass(frozen=True, slots=True)
class Users:
    """``problem``: why users are not back where they were. ``unasked``: why that could not be asked from here."""

    problem: str = ""
    unasked: str = ""


def ask_again(session: Session, snapshot: Snapshot, version: str) -> Users:
    """Whether every request that gates send is answered as before.

    It is when the release *version* gives a status that its gate expects or that it gave before the release, three
    times in a row. *version* empty: whatever the answers named before.
    """
    before = {answer.gate: answer for answer in snapshot.answers}
    problems: list[str] = []
    unasked: list[str] = []
    for name, request in _requests(session):
        last, problem = _await(session, request, before.get(name, SeenAnswer(name, 0, "")), version)
        if problem:
            (unasked if last.unreachable else problems).append(f"{request.method} {request.url}: {problem}")
    return Users("; ".join(problems), "; ".join(unasked))


@dataclass(frozen=True, slots=True)
class _Row:
    """The last answer, what is wrong with it, and how many in a row were right."""

    answer: Answer
    problem: str
    right: int


def _await(session: Session, request: UserRequest, before: SeenAnswer, version: str) -> tuple[Answer, str]:
    """The last answer, and what is wrong with it."""
    seen: list[_Row] = []

    def look() -> _Row:
        answer = _ask(session, request)
        problem = _problem(request, answer, before, version)
        seen.append(_Row(answer, problem, 0 if problem else (seen[-1].right if seen else 0) + 1))
        return seen[-1]

    try:
        until(
            look,
            lambda row: row.right >= _IN_A_ROW,
            clock=session,
            seconds=_SECONDS,
            pause=min(request.interval_seconds, 1.0),
            on_timeout=lambda row, _elapsed: timed_out(row.problem or "answers come and go"),
        )
    except WaitTimeoutError as late:
        return seen[-1].answer, late.message
    return seen[-1].answer, ""


def _problem(request: UserRequest, answer: Answer, before: SeenAnswer, version: str) -> str:
    if not answer.status:
        return f"no answer ({answer.problem})"
    if answer.status not in request.expected_status and answer.status != before.status:
        where = f", a redirect to {answer.location}, which is not followed" if answer.location else ""
        return f"{answer.status}{where}"
    named = (version or before.version) if before.version else ""
    if request.version_header and named and answer.version != named:
        return f"{answer.status} from release {answer.version or '(none named)'} and not from {named}"
    return ""


def _requests(session: Session) -> list[tuple[str, UserRequest]]:
    found = [(gate.name, gate.user_request()) for gate in session.request.gates]
    return [(name, request) for name, request in found if request]


def _ask(session: Session, request: UserRequest) -> Answer:
    return session.ports.probe.request(
        request.method,
        request.url,
        timeout_seconds=request.timeout_seconds,
        version_header=request.version_header,
        headers=request.headers,
    )
