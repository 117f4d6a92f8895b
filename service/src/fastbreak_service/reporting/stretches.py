# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A person's coordinates as stretches of one view without a gap, as programs want them that know no missing values.

A coordinate that is missing in over a tenth of the time of a view is left out of that time; where one of the others is
missing, a stretch ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from fastbreak_service.reporting.coordinates import SEEN, coordinates

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastbreak_service.movement.series import Doubles, Flags
    from fastbreak_service.reporting.coordinates import Look, Told
    from fastbreak_service.reporting.markers import Places

_MISSING_SHARE = 0.1
_SHORTEST_SECONDS = 0.25
_SHORT = "less than a quarter of a second in one view without a gap"
_UNSEEN = "the landmarks that the view would show were not seen"
_NOTHING = "the landmarks that the view would show were missing in over a tenth of the time"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Coordinates at even times: `values` (samples, names) in degrees. `missing`: those that could not be told."""

    look: Look
    names: list[str]
    missing: list[str]
    times: Doubles
    values: Doubles


@dataclass(frozen=True, slots=True)
class Gap:
    """From when to when, in seconds, no coordinate is told, and why."""

    first: float
    last: float
    why: str


def stretches(found: Places) -> tuple[list[Stretch], list[Gap]]:
    """A person's stretches in order of time, and where there are none."""
    told = coordinates(found)
    made = [
        one
        for run in _runs_of(told.looks)
        for one in _of_view(found.times[run], told.looks[run.start], _columns(told, run), found.rate)
    ]
    gaps = [one for one in made if isinstance(one, Gap)]
    return [one for one in made if isinstance(one, Stretch)], sorted(gaps, key=lambda gap: gap.first)


def _columns(told: Told, run: slice) -> dict[str, Doubles]:
    return {name: told.values[name][run] for name in SEEN.get(told.looks[run.start], ())}


def _of_view(times: Doubles, look: Look, columns: dict[str, Doubles], rate: float) -> Iterator[Stretch | Gap]:
    if not columns:
        yield _gap(times, look.value)
        return
    values = np.stack(list(columns.values()), axis=1)
    seen = np.isfinite(values).any(axis=1)
    yield from (_gap(times[run], _UNSEEN) for run in _runs(~seen))
    for run in _runs(seen):
        yield from _of_time(times[run], look, list(columns), values[run], rate)


def _of_time(times: Doubles, look: Look, columns: list[str], values: Doubles, rate: float) -> Iterator[Stretch | Gap]:
    """What is made of a time in which some coordinate is known in each sample."""
    there = np.isfinite(values)
    kept = there.mean(axis=0) >= 1 - _MISSING_SHARE
    if not kept.any():
        yield _gap(times, _NOTHING)
        return
    names = [name for name, is_kept in zip(columns, kept, strict=True) if is_kept]
    missing = [name for name in columns if name not in names]
    for run in _runs(there[:, kept].all(axis=1)):
        if run.stop - run.start < max(2, _SHORTEST_SECONDS * rate):
            yield _gap(times[run], _SHORT)
            continue
        whole = np.unwrap(values[run][:, kept], period=360, axis=0)
        yield Stretch(look, names, missing, times[run], whole)


def _gap(times: Doubles, why: str) -> Gap:
    return Gap(float(times[0]), float(times[-1]), why)


def _runs_of(looks: list[Look]) -> Iterator[slice]:
    """Where the same is seen, as slices."""
    first = 0
    for _, same in groupby(looks):
        count = sum(1 for _ in same)
        yield slice(first, first + count)
        first += count


def _runs(flags: Flags) -> list[slice]:
    """Where flags are set, as slices."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return [slice(int(begin), int(end)) for begin, end in edges.reshape(-1, 2)]
