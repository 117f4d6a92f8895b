# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The queue and its workers, event by event: what waits, who works, and what scaling in takes away half done."""

import heapq
import itertools
import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.league.calendar import Clip
from benchmarks.league.scaling import Policy, Scaler

MINUTE = 60.0


@dataclass(frozen=True)
class Work:
    """What work costs: ``seconds`` of a task for a footage minute; ``piece_minutes`` of footage in a piece of work."""

    seconds: float
    piece_minutes: float = math.inf
    start_seconds: float = 60.0
    """From the moment that a task is wanted until it works: Fargate places it, pulls its image, loads the networks."""


@dataclass
class Outcome:
    """What became of all clips; times in seconds."""

    ready: list[float] = field(default_factory=list)
    """From each clip's arrival until its analysis was whole."""
    waits: list[float] = field(default_factory=list)
    """From each piece's arrival until a task took it for good."""
    most: int = 0
    """Tasks at once."""
    paid: float = 0.0
    """Task-seconds."""
    lost: float = 0.0
    """Task-seconds of work that was begun and stopped."""
    queued: int = 0
    """Clips that waited at once with no task at any piece of them, at most."""


@dataclass
class _Clip:
    at: float
    left: int
    held: int = 0
    """Its pieces at which a task is."""


@dataclass
class _Piece:
    clip: _Clip
    seconds: float


@dataclass
class _Task:
    number: int
    since: float
    working: bool = False
    piece: _Piece | None = None
    began: float = 0.0


class Simulation:
    """One course of a queue. Tasks that scaling removes are the youngest, busy or not: what they had begun is lost."""

    def __init__(self, work: Work, policy: Policy) -> None:
        self._work, self._scaler = work, Scaler(policy)
        self._waiting: deque[_Piece] = deque()
        self._tasks: dict[int, _Task] = {}
        self._idle: deque[_Task] = deque()
        self._events: list[tuple[float, int, str, object]] = []
        self._order, self._numbers = itertools.count(), itertools.count()
        self._arriving = self._queued = 0
        self.outcome = Outcome()

    def run(self, clips: Sequence[Clip]) -> Outcome:
        """Run until every clip has arrived, none waits and no task is at work; idle tasks are paid until then."""
        for clip in clips:
            self._at(clip.at, "arrival", clip)
        self._arriving = len(clips)
        self._at(0.0, "minute", None)
        now = 0.0
        while self._events and (self._arriving or self._waiting or self._busy()):
            now, _, kind, what = heapq.heappop(self._events)
            getattr(self, f"_{kind}")(now, what)
        for task in self._tasks.values():
            self.outcome.paid += now - task.since
        return self.outcome

    def _at(self, when: float, kind: str, what: object) -> None:
        heapq.heappush(self._events, (when, next(self._order), kind, what))

    def _busy(self) -> list[_Task]:
        return [task for task in self._tasks.values() if task.piece]

    def _arrival(self, now: float, clip: Clip) -> None:
        self._arriving -= 1
        pieces = max(1, math.ceil(clip.minutes / self._work.piece_minutes))
        whole = _Clip(clip.at, pieces)
        self._queue(whole)
        for _ in range(pieces):
            self._waiting.append(_Piece(whole, clip.minutes * self._work.seconds / pieces))
        self._hand_out(now)

    def _minute(self, now: float, _: object) -> None:
        self._at(now + MINUTE, "minute", None)
        running = sum(task.working for task in self._tasks.values())
        age = now - self._waiting[0].clip.at if self._waiting else 0.0
        wanted = self._scaler.minute(now, len(self._waiting) + len(self._busy()), age, running)
        for _more in range(wanted - len(self._tasks)):
            task = _Task(next(self._numbers), now)
            self._tasks[task.number] = task
            self._at(now + self._work.start_seconds, "started", task)
        for task in sorted(self._tasks.values(), key=lambda task: -task.since)[: max(0, len(self._tasks) - wanted)]:
            self._stop(now, task)
        self.outcome.most = max(self.outcome.most, len(self._tasks))
        self._hand_out(now)

    def _started(self, now: float, task: _Task) -> None:
        task.working = True
        self._idle.append(task)
        self._hand_out(now)

    def _stop(self, now: float, task: _Task) -> None:
        del self._tasks[task.number]
        self.outcome.paid += now - task.since
        if task.piece:
            self.outcome.lost += now - task.began
            self._waiting.appendleft(task.piece)
            self._let_go(task.piece.clip)
            task.piece = None

    def _queue(self, clip: _Clip) -> None:
        """Nobody is at it, and somebody has to be."""
        if clip.left and not clip.held:
            self._queued += 1
            self.outcome.queued = max(self.outcome.queued, self._queued)

    def _let_go(self, clip: _Clip) -> None:
        clip.held -= 1
        self._queue(clip)

    def _hand_out(self, now: float) -> None:
        while self._waiting and self._idle:
            task = self._idle.popleft()
            if task.number in self._tasks:
                task.piece, task.began = self._waiting.popleft(), now
                self._queued -= task.piece.clip.held == 0
                task.piece.clip.held += 1
                self._at(now + task.piece.seconds, "finished", (task, task.piece))

    def _finished(self, now: float, what: tuple[_Task, _Piece]) -> None:
        task, piece = what
        if task.piece is not piece:
            return
        task.piece = None
        self._idle.append(task)
        self.outcome.waits.append(task.began - piece.clip.at)
        piece.clip.left -= 1
        self._let_go(piece.clip)
        if piece.clip.left == 0:
            self.outcome.ready.append(now - piece.clip.at)
        self._hand_out(now)
