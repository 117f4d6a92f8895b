# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests from inside the network of the service's tasks: a task that runs once sends a batch, and its log is read.

Where the machine that deploys cannot reach a listener, a task of the released revision can. It costs the start of a
task for each batch, so that answers are kept for a short while and given out one by one.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..._common.workers import OneByOne
from ..._errors import FastbreakError, SupersededError
from ..definition.references import log_stream
from ..gates.http_address import header_options
from ..request.model import CONTROLLER
from ..service.writes import OneOffTask
from ..values import Answer
from .one_off import Errand, Stage, exit_code_of, run_once, started_by, told

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..ports import Ports, Probe
    from ..session import Session
    from ..stages import Phase
    from ..values import Task

KIND = "probe"
# A task takes longer to start than to send these.
_BATCH, _INTERVAL_SECONDS = 120, 0.1
# Answers tell how the release was then. A while later it may be otherwise.
_FRESH_SECONDS = 60.0
_START_SECONDS = 300.0


def gate_ports(session: Session, task_definition_arn: str) -> Callable[[Phase | None], Ports]:
    """The ports that gates measure by in a phase: they send requests from where the request says."""
    here, probing = session.ports, session.request.probing
    if probing.place == CONTROLLER:
        return lambda _phase: here
    # Who starts tasks also has to end them.
    by_task = replace(here, probe=TaskProbe(session, task_definition_arn), workers=OneByOne())
    return lambda phase: by_task if probing.by_task_at(phase) else here


@dataclass(slots=True)
class _Batch:
    """Answers that are not given out yet, when they came, and how long tasks had been waited for until then."""

    answers: list[Answer]
    at: float
    waited: float


class TaskProbe:
    """Sends GET and HEAD from a task of the revision; anything else goes out from here, as it is meant for others."""

    def __init__(self, session: Session, task_definition_arn: str) -> None:
        self._session = session
        self._arn = task_definition_arn
        self._here: Probe = session.ports.probe
        self._kept: dict[tuple[Any, ...], _Batch] = {}
        self._waited = 0.0

    def request(  # noqa: PLR0913 - a request of HTTP has as many parts
        self,
        method: str,
        url: str,
        *,
        timeout_seconds: float,
        version_header: str,
        headers: tuple[tuple[str, str], ...] = (),
        body: bytes = b"",
        keep_bytes: int = 0,
    ) -> Answer:
        """The next answer. One that no task could get is one that was not sent, so that it never passes."""
        if body or method not in ("GET", "HEAD"):
            return self._here.request(
                method,
                url,
                timeout_seconds=timeout_seconds,
                version_header=version_header,
                headers=headers,
                body=body,
                keep_bytes=keep_bytes,
            )
        asked = (method, url, timeout_seconds, version_header, headers, keep_bytes)
        kept = self._kept.get(asked)
        if kept is None or not kept.answers or self._age(kept) > _FRESH_SECONDS:
            options = _options(method, timeout_seconds, version_header, headers, keep_bytes)
            began = self._session.monotonic()
            answers = self._batch((*self._session.request.probing.command, *options, url), keep_bytes)
            now = self._session.monotonic()
            self._waited += now - began
            kept = self._kept[asked] = _Batch(answers, now, self._waited)
        return kept.answers.pop(0)

    def _age(self, kept: _Batch) -> float:
        """Seconds in which the answers could have been given out.

        While a task for another gate was waited for they could not: a task that takes longer than answers are fresh
        would have each gate's answers thrown away for the other's, again and again.
        """
        return self._session.monotonic() - kept.at - (self._waited - kept.waited)

    def own_address(self, url: str) -> str:
        """That of this machine: where a task comes to be is not known before."""
        return self._here.own_address(url)

    def _batch(self, command: tuple[str, ...], keep_bytes: int) -> list[Answer]:
        """At least one answer."""
        try:
            return self._run(command, keep_bytes) or [_unsent("the task of the probe logged no answer")]
        except SupersededError:
            raise
        except FastbreakError as error:
            return [_unsent(str(error))]

    def _run(self, command: tuple[str, ...], keep_bytes: int) -> list[Answer]:
        session, request = self._session, self._session.request
        definition = session.ports.ecs.describe_task_definition(self._arn)
        if definition is None:
            return [_unsent(f"revision {self._arn} does not exist any more")]
        container = request.probing.container
        stream_of = definition.document
        stage = Stage(session.ports, request.cluster, session, lambda _line: None, request.poll_seconds)
        errand = Errand(KIND, "timeout_seconds", _START_SECONDS, "release again")
        task = OneOffTask(
            cluster=request.cluster,
            task_definition_arn=self._arn,
            container=container,
            command=command,
            settings=request.settings,
            started_by=started_by(KIND, request.service),
            task_role_arn=request.probing.task_role_arn,
        )
        ended = run_once(stage, errand, task)
        if exit_code_of(ended, container) != 0:
            return [_unsent(f"the task of the probe failed{told(ended)}")]
        return self._read(stream_of, ended, keep_bytes)

    def _read(self, document: Mapping[str, Any], ended: Task, keep_bytes: int) -> list[Answer]:
        container = self._session.request.probing.container
        stream = log_stream(document, container, ended.id)
        if stream is None:
            return [_unsent(f"container {container} has no awslogs group and prefix to read answers from")]
        lines = self._session.ports.logs.tail(*stream, lines=_BATCH)
        return [answer for line in lines if (answer := answer_of(line, keep_bytes))]


def _options(
    method: str, timeout: float, version_header: str, headers: tuple[tuple[str, str], ...], keep_bytes: int
) -> tuple[str, ...]:
    """What the service's ``probe`` takes. Of a header whose value lies in a secret it is told where, and reads it."""
    shared = ("--method", method, "--count", str(_BATCH), "--interval", str(_INTERVAL_SECONDS))
    named = ("--version-header", version_header) if version_header else ()
    given = tuple(part for name, value in headers for part in header_options(name, value))
    return (*shared, "--timeout", f"{timeout:g}", "--keep", str(keep_bytes), *named, *given)


def _unsent(problem: str) -> Answer:
    return Answer(0, problem=problem, unreachable=True)


def answer_of(line: str, keep_bytes: int) -> Answer | None:
    """The answer that a *line* of the log tells, of whose body so much is asked for; None for any other line."""
    try:
        told_of = json.loads(line)
        status = told_of["status"]
        if not isinstance(status, int) or isinstance(status, bool):
            return None
        body = base64.b64decode(str(told_of.get("body") or ""))
        # A version of before does not say how long the body was.
        length = int(told_of.get("body_bytes") or len(body))
        return Answer(
            status=status,
            version=str(told_of.get("version") or ""),
            problem=str(told_of.get("problem") or ""),
            unreachable=told_of.get("unreachable") is True,
            location=str(told_of.get("location") or ""),
            body=body,
            untold_bytes=max(0, min(length, keep_bytes) - len(body)),
            seconds=float(told_of.get("seconds") or 0.0),
            request_id=str(told_of.get("request_id") or ""),
        )
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
        return None
