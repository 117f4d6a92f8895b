# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether users get the answers that they got: the requests of the gates, asked through the load balancer again.

They are sent as the wanted listener rules take them, and as those took them that stood before: what users knew is
asked, and not only what a rule asks for now.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from ..._common.verdict import Verdict
from ..._common.wait import timed_out, until
from ..._common.workers import all_of
from ..._errors import WaitTimeoutError
from ..judge.decision import Step
from ..plan.snapshot import SeenAnswer
from ..service.requests import as_request
from ..service.routing import unmet

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..gates.model import UserRequest
    from ..judge.decision import Decision
    from ..plan.snapshot import Snapshot
    from ..service.rules import StandingRule
    from ..session import Session
    from ..values import Answer

_IN_A_ROW = 3
_SECONDS = 60.0


def ask_users(session: Session, rules: Iterable[StandingRule]) -> tuple[SeenAnswer, ...]:
    """What the requests that gates send, and those that users can send by *rules*, are answered now."""
    every = {**_gates_own(session), **_others_by(session, rules)}
    # A release waits for it: what is slow to answer is asked at the same time as the rest.
    answers = all_of(session.ports.workers, [partial(_ask, session, request) for request in every.values()])
    named = zip(every, answers, strict=True)
    return tuple(SeenAnswer(name, answer.status, answer.version) for name, answer in named)


@dataclass(frozen=True, slots=True)
class Users:
    """``problem``: why users are not back where they were. ``unasked``: why that could not be asked from here."""

    problem: str = ""
    unasked: str = ""


def ask_again(session: Session, snapshot: Snapshot, version: str) -> Users:
    """Whether every request that gates send, and every one that users could send before, is answered as before.

    It is when the release *version* gives a status that its gate expects or that it gave before the release, three
    times in a row. *version* empty: whatever the answers named before.
    """
    return _compare(session, snapshot, version, {**_gates_own(session), **_others_by(session, snapshot.rules)})


def still_served(session: Session, snapshot: Snapshot, decision: Decision, version: str) -> Decision:
    """*decision*, unless it lets a release in that does not answer what was answered before.

    Asked is what users could send by the rules before and no gate has sent, but for what they may send no more.
    """
    if decision.step is not Step.SUCCEED:
        return decision
    others = _others_by(session, snapshot.rules)
    asked = {name: request for name, request in others.items() if _is_wanted(session, request)}
    users = _compare(session, snapshot, version, asked)
    if not users.problem:
        return decision
    expected = "the answers that users got before"
    return replace(
        decision, step=Step.ROLL_BACK, verdict=Verdict.UNHEALTHY, gate="users", seen=users.problem, expected=expected
    )


def _is_wanted(session: Session, request: UserRequest) -> bool:
    seen = as_request(request.method, request.url, request.headers)
    return any(not unmet(rule, seen) for rule in session.request.rules)


def _compare(session: Session, snapshot: Snapshot, version: str, asked: Mapping[str, UserRequest]) -> Users:
    before = {answer.gate: answer for answer in snapshot.answers}
    problems: list[str] = []
    unasked: list[str] = []
    for name, request in asked.items():
        last, problem = _await(session, request, before.get(name, SeenAnswer(name, 0, "")), version)
        if problem:
            (unasked if last.unreachable else problems).append(f"{_named(request)}: {problem}")
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


def _named(request: UserRequest) -> str:
    host = next((value for name, value in request.headers if name.lower() == "host"), "")
    others = [name for name, _value in request.headers if name.lower() != "host"]
    besides = [f"with host {host}" if host else "", f"with {', '.join(others)}" if others else ""]
    return " ".join(filter(None, (request.method, request.url, *besides)))


def _gates_own(session: Session) -> dict[str, UserRequest]:
    found = ((gate.name, gate.user_request()) for gate in session.request.gates)
    return {name: request for name, request in found if request}


def _others_by(session: Session, rules: Iterable[StandingRule]) -> dict[str, UserRequest]:
    """What else users can send by *rules* than gates do, each under the name of its gate and a number."""
    routing = [rule.summary() for rule in rules if rule.conditions and rule.groups and not rule.warms]
    own = set(_gates_own(session).values())
    return {
        f"{gate.name} ({number})": request
        for gate in session.request.gates
        for number, request in enumerate(gate.requests_by(routing), 1)
        if request not in own
    }


def _ask(session: Session, request: UserRequest) -> Answer:
    return session.ports.probe.request(
        request.method,
        request.url,
        timeout_seconds=request.timeout_seconds,
        version_header=request.version_header,
        headers=request.headers,
    )
