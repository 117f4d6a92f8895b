# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What becomes of a piece of work whose analysis came to no result: it is tried again, or given up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastbreak_service.errors import Rejection
from fastbreak_service.worker.protocol import STORAGE

if TYPE_CHECKING:
    from fastbreak_service.errors import AnalysisError
    from fastbreak_service.store.work import Work

DIED = "worker_died"
# What may end otherwise the next time; everything else is the video's or a fault of ours, and stays.
_WORTH_ANOTHER_TRY = (DIED, STORAGE)
_VIDEOS_FAULT = frozenset(Rejection)
FAILURE_PAUSE_SECONDS = 2.0
STORAGE_PAUSE_SECONDS = 10.0
MOST_TAKES = 360
"""However often work is handed back without a fault of its own: an hour of a storage that is away, at least."""


@dataclass(frozen=True, slots=True)
class TryAgain:
    """Hand it back; somebody may take it after some seconds. `failure` is why, None when it counts as none."""

    after_seconds: float
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The analysis has failed with this code and message. `dead_letter`: after several tries, not for its content."""

    code: str
    message: str
    dead_letter: bool = False


MISSING = GiveUp("video_missing", "The video is no longer in the service's storage. Send it again.")
"""Nothing is left to analyse."""


def before(taken: Work, most_failures: int) -> GiveUp | None:
    """Why a piece of work is not even begun: earlier attempts took their workers with them, or never got anywhere."""
    if taken.failures >= most_failures:
        return GiveUp(
            DIED,
            f"{what(taken)} was tried {taken.failures} times, and none came to an end: {taken.reason}. It may be "
            "damaged in a way that breaks the decoder, or need more memory than there is. Re-encode it, or make it "
            "smaller.",
            dead_letter=True,
        )
    if taken.attempt > MOST_TAKES:
        return GiveUp(
            STORAGE,
            f"The analysis was begun {taken.attempt - 1} times, and each time the service could not go on with it. "
            "Send the video again.",
            dead_letter=True,
        )
    return None


def after(error: AnalysisError, taken: Work, most_failures: int) -> TryAgain | GiveUp:
    """What becomes of work whose analysis ended with an error."""
    if error.code not in _WORTH_ANOTHER_TRY:
        return GiveUp(error.code, error.message)
    failures = taken.failures + 1
    if failures < most_failures:
        return TryAgain(FAILURE_PAUSE_SECONDS * failures, error.message)
    times = "once" if failures == 1 else f"{failures} times"
    return GiveUp(error.code, f"{error.message} It was tried {times}.", dead_letter=True)


def is_videos_fault(code: str | None) -> bool:
    """Whether it is the video that a failure is told of, and no other try would help."""
    return code in _VIDEOS_FAULT


def what(taken: Work) -> str:
    """What is analysed, in words."""
    if taken.part is None:
        return "The video"
    segment = taken.part.segment
    return f"The part from {segment.start_seconds:.1f} to {segment.end_seconds:.1f} seconds"
