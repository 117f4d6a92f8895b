# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What a finished piece of work took, told in CloudWatch's embedded metric format: speed, stages, damage and cost.

Workers apart serve nobody who could ask them for it.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

import structlog

from fastbreak_service.embedded import embedded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_CENTS_PER_MICRODOLLAR = 1e-4
_UNITS = {
    "FetchSeconds": "Seconds",
    "AnalyseSeconds": "Seconds",
    "RecordSeconds": "Seconds",
    "FramesPerSecond": "Count/Second",
    "FootageMinutes": "None",
    "SecondsPerFootageMinute": "Seconds",
    "CentsPerFootageMinute": "None",
}
log = structlog.get_logger()


class Stage(StrEnum):
    """What a piece of work goes through."""

    FETCH = "FetchSeconds"
    """Its video comes from the storage, or what was seen of its segments from the database."""
    ANALYSE = "AnalyseSeconds"
    """It is decoded, looked at or joined, and measured."""
    RECORD = "RecordSeconds"
    """What was found goes to the database."""


class Stopwatch:
    """How long each stage of one piece of work took, in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.seconds: dict[Stage, float] = {}

    @contextmanager
    def of(self, stage: Stage) -> Iterator[None]:
        """What is done within belongs to the *stage*."""
        began = self._clock()
        try:
            yield
        finally:
            self.seconds[stage] = self.seconds.get(stage, 0.0) + self._clock() - began


@dataclass(frozen=True, slots=True)
class Finished:
    """A piece of work that is done: a whole video, a segment of one, or its segments joined.

    `frames` and `footage_seconds` are of what it looked at itself, so that sums count nothing twice. `decode_errors` is
    None where only the whole video's are known.
    """

    piece: str
    frames: int = 0
    footage_seconds: float = 0.0
    decode_errors: int | None = None
    stages: dict[Stage, float] = field(default_factory=dict)


def untold(_finished: Finished) -> None:
    """Tell nobody."""


def teller(namespace: str, microdollars_per_hour: int) -> Callable[[Finished], None]:
    """What tells of finished pieces of work in the log; `untold` without a namespace."""
    if not namespace:
        return untold

    def tell(finished: Finished) -> None:
        values = figures(finished, microdollars_per_hour)
        log.info("piece finished", piece=finished.piece, **embedded(namespace, values, time.time(), _UNITS))

    return tell


def figures(finished: Finished, microdollars_per_hour: int) -> dict[str, float]:
    """The metrics of a finished piece, by their names in CloudWatch.

    What it cost is the task's hourly price for the seconds that it took, whatever else the task did meanwhile.
    """
    seconds = sum(finished.stages.values())
    told: dict[str, float] = {str(stage): round(took, 3) for stage, took in finished.stages.items()}
    if finished.decode_errors is not None:
        told["DecodeErrors"] = finished.decode_errors
    if finished.frames and seconds > 0:
        told["FramesPerSecond"] = round(finished.frames / seconds, 3)
    if finished.footage_seconds > 0:
        minutes = finished.footage_seconds / 60
        told["FootageMinutes"] = round(minutes, 4)
        told["SecondsPerFootageMinute"] = round(seconds / minutes, 3)
        if microdollars_per_hour:
            cents = seconds / 3600 * microdollars_per_hour * _CENTS_PER_MICRODOLLAR
            told["CentsPerFootageMinute"] = round(cents / minutes, 5)
    return told
