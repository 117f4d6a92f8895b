# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What the loop of a worker works with: a queue, the analyses' records, and whoever analyses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from fastbreak_service.worker.announcing import untold

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path
    from uuid import UUID

    from fastbreak_service.footage.ports import Footage
    from fastbreak_service.store.coverings import Seen
    from fastbreak_service.store.work import Work
    from fastbreak_service.worker.protocol import Cover, Job


class Queue(Protocol):
    """See store.work.WorkQueue. Every method raises DATABASE_ERRORS."""

    def take(self, *, abandoned: bool) -> Work | None:
        """The next piece of work, None when there is none."""

    def extend(self, taken: Work) -> bool:
        """Keep the lease alive; False when the work is no longer this attempt's."""

    def hand_back(self, taken: Work, delay_seconds: float, failure: str | None = None) -> bool:
        """Let somebody take it again after a while. False when it is no longer ours."""

    def bury(self, taken: Work, reason: str) -> bool:
        """Make it a dead letter. False when it is no longer ours."""

    def done(self, taken: Work) -> bool:
        """It has ended. False when it is no longer ours."""

    def waiting(self) -> int:
        """How many pieces of work nobody has taken."""

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

    def fail(self, analysis: UUID, owner: str, code: str, message: str) -> bool:
        """Mark as failed."""

    def finish(self, analysis: UUID, owner: str, result: dict[str, Any], rows: Path, poses: Path | None = None) -> bool:
        """Record the result."""

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

    def covered(self, taken: Work, replace: Callable[[], int]) -> bool:
        """Replace the video; False when the work is no longer ours."""

    def deleted(self, taken: Work, erase: Callable[[], int]) -> bool:
        """Erase the video; False when the work is no longer ours."""


class Analyst(Protocol):
    """See worker.client.Worker."""

    @property
    def ready(self) -> bool:
        """Whether it can analyse at once."""

    async def start(self) -> None:
        """Make it ready. Raises AnalysisError, TimeoutError, OSError."""

    async def analyse(self, job: Job) -> dict[str, Any]:
        """The result of a job. Raises AnalysisError."""

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
    announce: Callable[[UUID], Awaitable[None]] = untold
    """Tells whoever waits for it how an analysis has ended."""
