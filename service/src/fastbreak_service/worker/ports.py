# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What the loop of a worker works with: a queue, the analyses' records, and whoever analyses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from fastbreak_service.worker.announcing import untold
from fastbreak_service.worker.bell import EachSecond
from fastbreak_service.worker.telling import untold as nobody_told

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path
    from uuid import UUID

    from fastbreak_service.footage.ports import Footage
    from fastbreak_service.segments.budget import Used
    from fastbreak_service.segments.cutting import Segment
    from fastbreak_service.store.coverings import Seen
    from fastbreak_service.store.segments import Ended
    from fastbreak_service.store.work import Work
    from fastbreak_service.worker.bell import Bell
    from fastbreak_service.worker.client import Allow
    from fastbreak_service.worker.protocol import Cover, Job, Join, Look
    from fastbreak_service.worker.telling import Finished


class Queue(Protocol):
    """See store.work.WorkQueue. Every method raises DATABASE_ERRORS."""

    def take(self, *, abandoned: bool) -> Work | None:
        """The next piece of work by whose turn it is, None when there is none."""

    def extend(self, taken: Work) -> bool:
        """Keep the lease alive; False when the work is no longer this attempt's."""

    def hand_back(self, taken: Work, delay_seconds: float, failure: str | None = None) -> bool:
        """Let somebody take it again after a while. False when it is no longer ours."""

    def put_off(self, taken: Work, delay_seconds: float) -> bool:
        """Let a segment that was not begun be taken again after a while. False when it is no longer ours."""

    def bury(self, taken: Work, reason: str) -> bool:
        """Make it a dead letter. False when it is no longer ours."""

    def done(self, taken: Work) -> bool:
        """It has ended. False when it is no longer ours."""

    def waiting(self) -> int:
        """How many analyses wait."""

    def left(self) -> int:
        """How many pieces of work there are, taken or not."""

    def unneeded(self, found: Sequence[UUID]) -> list[UUID]:
        """Those of the analyses for which there is no work, and whose videos have been kept for long enough."""


class Records(Protocol):
    """See store.analyses.AnalysisStore. Every method raises DATABASE_ERRORS; False: the analysis is not the owner's."""

    def start(self, analysis: UUID, owner: str, attempt: int) -> bool:
        """Mark as running."""

    def wait(self, analysis: UUID, owner: str) -> bool:
        """Mark as queued again."""

    def ended(self, analysis: UUID) -> tuple[str, str] | None:
        """Whose it is and as what it has ended; None when it has not."""

    def fail(  # noqa: PLR0913 - what, whose, and why
        self, analysis: UUID, owner: str, code: str, message: str, held: Work | None = None, *, dead: bool = False
    ) -> bool:
        """Mark as failed, while the piece of work is the attempt's; `dead`: and that as a dead letter, at once."""

    def finish(  # noqa: PLR0913, PLR0917 - what, whose, and where from
        self,
        analysis: UUID,
        owner: str,
        result: dict[str, Any],
        rows: Path,
        poses: Path | None = None,
        held: Work | None = None,
        trails: Path | None = None,
        dead: str = "",
    ) -> bool:
        """Record the result, likewise; `dead`: as a dead letter, and why."""

    def beat(self, place: str) -> None:
        """Say that whatever has its video in this place is still looked after."""

    def fail_all(self, place: str, code: str, message: str) -> list[UUID]:
        """Mark as failed whatever has its video in this place and has not ended."""

    def fail_abandoned(self) -> list[UUID]:
        """Mark as failed whatever nobody looks after."""

    def forget_old(self) -> int:
        """Delete the entries of the audit trail that are old enough; how many there were."""


class Coverings(Protocol):
    """See store.coverings.CoveringStore. Every method raises DATABASE_ERRORS."""

    def sightings(self, analysis: UUID) -> list[list[Seen]]:
        """Where each of those is who are to be covered, in order of time."""

    def unseen(self, analysis: UUID) -> list[tuple[float, float]]:
        """From when to when nobody could look at its video."""

    def covered(self, taken: Work, replace: Callable[[], int]) -> bool:
        """Replace the video; False when the work is no longer ours."""

    def deleted(self, taken: Work, erase: Callable[[], int]) -> bool:
        """Erase the video; False when the work is no longer ours."""


class Segments(Protocol):
    """See store.segments.SegmentStore. Every method raises DATABASE_ERRORS; False: the work is no longer ours."""

    def cut(self, taken: Work, cut: Sequence[Segment]) -> bool:
        """Make segments of a piece of work."""

    def allow(self, taken: Work, used: Used, limit_seconds: float) -> float | None:
        """How much work an attempt at a segment may be in all; None: ask again."""

    def saw(self, taken: Work, seen: bytes, spent_seconds: float) -> bool:
        """A segment was looked at."""

    def miss(self, taken: Work, code: str, reason: str) -> bool:
        """A segment is missing for good."""

    def lost(self, analysis: UUID) -> bool:
        """Whether some of what is charged was the work of attempts that came to no end."""

    def ended(self, analysis: UUID) -> list[Ended]:
        """The segments that have ended, in order."""

    def seen(self, analysis: UUID, number: int) -> bytes | None:
        """What was seen of a segment."""


class Analyst(Protocol):
    """See worker.client.Worker."""

    @property
    def ready(self) -> bool:
        """Whether it can analyse at once."""

    async def start(self) -> None:
        """Make it ready. Raises AnalysisError, TimeoutError, OSError."""

    async def analyse(self, job: Job) -> dict[str, Any] | list[Segment]:
        """The result of a job, or the segments of a video that is to be cut. Raises AnalysisError."""

    async def look(self, job: Look, allow: Allow) -> tuple[int, float]:
        """Have a segment looked at; its frames and the work they were. Raises AnalysisError."""

    async def join(self, job: Join) -> dict[str, Any]:
        """The result of all segments together. Raises AnalysisError."""

    async def cover(self, job: Cover) -> int:
        """Have a film written in which persons are covered; how many frames it has. Raises AnalysisError."""


@dataclass(frozen=True, slots=True)
class Ports:
    """What a loop works with."""

    queue: Queue
    records: Records
    footage: Footage
    analyst: Analyst
    coverings: Coverings
    segments: Segments
    announce: Callable[[UUID], Awaitable[None]] = untold
    """Tells whoever waits for it how an analysis has ended."""
    bell: Bell = field(default_factory=EachSecond)
    """Says when to look for work."""
    tell: Callable[[Finished], None] = nobody_told
    """Tells what a finished piece of work took."""
