# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A person's coordinates as stretches of one view without a gap, as programs want them that know no missing values.

A coordinate that is missing in over a tenth of the time of a view is left out of that time; where one of the others is
missing, a stretch ends. So it does where a joint's angle jumps from one end of its turn to the other, where no joint
can be: what is wrong there is not carried on into what comes after.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

import numpy as np

from fastbreak_service.reporting.coordinates import ROUND, SEEN, coordinates

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastbreak_service.movement.series import Doubles, Flags
    from fastbreak_service.reporting.coordinates import Look, Told
    from fastbreak_service.reporting.markers import Places

_MISSING_SHARE = 0.1
_SHORTEST_SECONDS = 0.25
_HALF_TURN = 180
_SHORT = "less than a quarter of a second in one view without a gap or a jump"
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
    round_ = np.array([name in ROUND for name in names])
    values = values[:, kept]
    for run in _steady(_runs(there[:, kept].all(axis=1)), values[:, ~round_]):
        if run.stop - run.start < max(2, _SHORTEST_SECONDS * rate):
            yield _gap(times[run], _SHORT)
            continue
        whole = values[run]
        whole[:, round_] = np.unwrap(whole[:, round_], period=360, axis=0)
        yield Stretch(look, names, missing, times[run], whole)


def _steady(runs: list[slice], joints: Doubles) -> Iterator[slice]:
    """The runs, cut where an angle of a joint is at the other end of its turn all at once."""
    for run in runs:
        jumps = (np.abs(np.diff(joints[run], axis=0)) > _HALF_TURN).any(axis=1)
        edges = [run.start, *(run.start + 1 + np.flatnonzero(jumps)).tolist(), run.stop]
        yield from (slice(first, last) for first, last in pairwise(edges))


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
