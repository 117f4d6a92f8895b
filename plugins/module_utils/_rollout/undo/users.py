# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether users get answers again after an undo: the http gates' own paths, asked through the load balancer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..._common.wait import timed_out, until
from ..gates.http import HttpGate
from ..snapshot import SeenAnswer

if TYPE_CHECKING:
    from ..session import Session
    from ..snapshot import Snapshot
    from ..values import Answer

_IN_A_ROW = 3
_SECONDS = 60.0


def ask_users(session: Session) -> tuple[SeenAnswer, ...]:
    """What the paths of the http gates answer now."""
    return tuple(
        SeenAnswer(gate.name, answer.status, answer.version)
        for gate in _gates(session)
        for answer in [_ask(session, gate)]
    )


@dataclass(frozen=True, slots=True)
class Users:
    """``problem``: why users are not back where they were. ``unasked``: why that could not be asked from here."""

    problem: str = ""
    unasked: str = ""


def ask_again(session: Session, snapshot: Snapshot, version: str) -> Users:
    """Whether every path of the http gates answers as before.

    A path answers when the release *version* gives a status that its gate expects or that it gave before the release,
    three times in a row. *version* empty: whatever the answers named before.
    """
    before = {answer.gate: answer for answer in snapshot.answers}
    problems: list[str] = []
    unasked: list[str] = []
    for gate in _gates(session):
        last, problem = _await(session, gate, before.get(gate.name, SeenAnswer(gate.name, 0, "")), version)
        if problem:
            (unasked if last.unreachable else problems).append(f"{gate.method} {gate.url}: {problem}")
    return Users("; ".join(problems), "; ".join(unasked))


def _await(session: Session, gate: HttpGate, before: SeenAnswer, version: str) -> tuple[Answer, str]:
    """The last answer, and what is wrong with it."""
    row = 0

    def look() -> tuple[Answer, str]:
        nonlocal row
        answer = _ask(session, gate)
        problem = _problem(gate, answer, before, version)
        row = 0 if problem else row + 1
        return answer, problem

    began = session.monotonic()
    answer, problem = until(
        look,
        lambda _seen: row >= _IN_A_ROW or session.monotonic() - began >= _SECONDS,
        clock=session,
        seconds=2 * _SECONDS,
        pause=min(gate.interval_seconds, 1.0),
        on_timeout=lambda seen, _elapsed: timed_out(seen[1]),
    )
    return answer, problem or ("" if row >= _IN_A_ROW else "answers come and go")


def _problem(gate: HttpGate, answer: Answer, before: SeenAnswer, version: str) -> str:
    if not answer.status:
        return f"no answer ({answer.problem})"
    if answer.status not in gate.expected_status and answer.status != before.status:
        return str(answer.status)
    named = (version or before.version) if before.version else ""
    if gate.version_header and named and answer.version != named:
        return f"{answer.status} from release {answer.version or '(none named)'} and not from {named}"
    return ""


def _gates(session: Session) -> list[HttpGate]:
    return [gate for gate in session.request.gates if isinstance(gate, HttpGate)]


def _ask(session: Session, gate: HttpGate) -> Answer:
    return session.ports.probe.request(
        gate.method, gate.url, timeout_seconds=gate.request_timeout_seconds, version_header=gate.version_header
    )
