# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Series of measures made fit for peaks and speeds: outliers out, short gaps bridged, noise filtered.

Series are evenly sampled, (frames,), NaN where nothing was measured. What was bridged is flagged; what is missing for
longer stays missing.

SciPy takes a second to import, so that is done when there is a series to filter: most processes here have none.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    type Flags = npt.NDArray[np.bool_]

type Series = npt.NDArray[np.float64]

LONGEST_BRIDGE_SECONDS = 0.1
_HALF_WINDOW = 3
_DEVIATIONS = 3.0
# The standard deviation of a normal distribution, in its median absolute deviations.
_SPREAD = 1.4826
# Passed forward and backward, an order of 2 makes one of 4, and the cut-off comes down by this (Winter, Biomechanics
# and Motor Control of Human Movement, 4th edition, section 3.4.4.2).
_ORDER = 2
_PASSES_TWICE = (np.sqrt(2) - 1) ** (1 / (2 * _ORDER))
_LOWEST_HZ, _HIGHEST_HZ, _STEP_HZ = 2.0, 15.0, 0.25
# The share of the frequencies at which the residual is taken for noise alone.
_NOISE_FROM = 0.6
_NOISE_STEPS = 20
_FEWEST_SAMPLES = 20
_EDGE = 9
"""Samples that are added at each end, as SciPy does for a filter of one section."""


@dataclass(frozen=True, slots=True)
class Filtered:
    """A series, what was done where, and the cut-off in Hz: None where it is too short or too slow for a filter."""

    values: Series
    cutoff_hz: float | None
    outliers: Flags
    interpolated: Flags


def filtered(values: Series, rate: float) -> Filtered:
    """A series at `rate` samples a second through all steps. Raises ValueError for a rate that is not positive."""
    whole, outliers, interpolated = mended(values, rate)
    cutoff = cutoff_of(whole, rate)
    return Filtered(smoothed(whole, rate, cutoff), cutoff, outliers, interpolated)


def mended(values: Series, rate: float) -> tuple[Series, Flags, Flags]:
    """The series without outliers and short gaps, where those were and what was interpolated. Raises as `filtered`."""
    if not rate > 0:
        raise ValueError(f"A series has a positive rate, not {rate}.")
    cleaned, outliers = without_outliers(values)
    # What was taken out and could not be bridged is missing now; what was bridged is an outlier all the same.
    whole, interpolated = bridged(cleaned, int(LONGEST_BRIDGE_SECONDS * rate + 1e-9))
    return whole, outliers, interpolated


def cutoff_of(whole: Series, rate: float) -> float | None:
    """The cut-off of a mended series, by its longest stretch without a gap."""
    return cutoff_by_residuals(max((whole[run] for run in _runs(whole)), key=len, default=whole[:0]), rate)


def smoothed(whole: Series, rate: float, cutoff: float | None) -> Series:
    """A mended series through the filter; as it is without a cut-off."""
    return all_smoothed([whole], rate, cutoff)[0]


def all_smoothed(columns: Sequence[Series], rate: float, cutoff: float | None) -> list[Series]:
    """Mended series of one length through the filter, as `smoothed`; the same stretches of several at once.

    Whoever is lost and found all the time has hundreds of short stretches, each of which costs a call.
    """
    smooth = [column.copy() for column in columns]
    if cutoff is None:
        return smooth
    alike = defaultdict(list)
    for column in smooth:
        for run in _runs(column):
            alike[run.start, run.stop].append(column)
    for (begin, end), group in alike.items():
        together = low_passed(np.stack([column[begin:end] for column in group]), rate, cutoff)
        for column, done in zip(group, together, strict=True):
            column[begin:end] = done
    return smooth


def without_outliers(values: Series) -> tuple[Series, Flags]:
    """The series with NaN for outliers, and where they were (Hampel's identifier over 7 samples).

    An outlier is further from the median of its window than 3 standard deviations, as estimated from the median
    absolute deviation. A window with fewer than 4 measures judges nothing.
    """
    if len(values) == 0:
        return np.array(values, np.float64), np.zeros(0, bool)
    padded = np.pad(np.asarray(values, np.float64), _HALF_WINDOW, constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * _HALF_WINDOW + 1)
    enough = np.isfinite(windows).sum(axis=1) > _HALF_WINDOW
    outliers = np.zeros(len(values), bool)
    if enough.any():
        judged = windows[enough]
        middle = _medians(judged)
        spread = _SPREAD * _medians(np.abs(judged - middle[:, None]))
        # Where most of a window is equal there is no spread to judge by.
        outliers[enough] = (np.abs(values[enough] - middle) > _DEVIATIONS * spread) & (spread > 0)
    return np.where(outliers, np.nan, values), outliers


def _medians(windows: Series) -> Series:
    """Of what there is in each window, at least one value. NumPy's `nanmedian` takes ten times as long."""
    ordered, known = np.sort(windows, axis=1), (~np.isnan(windows)).sum(axis=1)
    rows = np.arange(len(windows))
    middle: Series = (ordered[rows, (known - 1) // 2] + ordered[rows, known // 2]) / 2
    return middle


def bridged(values: Series, longest: int) -> tuple[Series, Flags]:
    """The series with gaps of up to `longest` samples interpolated, and where they were. Nothing is added at its ends.

    By PCHIP, which goes beyond neither of a gap's neighbours.
    """
    there = np.flatnonzero(np.isfinite(values))
    added = np.zeros(len(values), bool)
    if len(there) < 2:
        return np.array(values, np.float64), added
    for before, after in pairwise(there):
        if 1 < after - before <= longest + 1:
            added[before + 1 : after] = True
    result = np.array(values, np.float64)
    if not added.any():
        return result, added
    from scipy.interpolate import PchipInterpolator  # noqa: PLC0415 - see the top

    # Slopes so small that one over them is infinite are taken for none, which is right.
    with np.errstate(over="ignore"):
        result[added] = PchipInterpolator(there, result[there])(np.flatnonzero(added))
    return result, added


def low_passed(values: Series, rate: float, cutoff_hz: float) -> Series:
    """A series without gaps, or several, through a Butterworth filter of order 4 without delay; as it is if too short.

    `cutoff_hz` is where the filter as a whole lets half of the power through.
    """
    if values.shape[-1] < _FEWEST_SAMPLES:
        return values
    from scipy.signal import sosfilt  # noqa: PLC0415 - see the top

    sections, settled = _sections(rate, cutoff_hz)
    # As SciPy's `sosfiltfilt`, which finds out at each call what the filter is when it has settled.
    before = 2 * values[..., :1] - values[..., _EDGE:0:-1]
    after = 2 * values[..., -1:] - values[..., -2 : -_EDGE - 2 : -1]
    passed = np.concatenate([before, values, after], axis=-1)
    for _ in range(2):
        passed = sosfilt(sections, passed, zi=settled * passed[None, ..., :1])[0][..., ::-1]
    return passed[..., _EDGE:-_EDGE]


# The same cut-offs are tried on every series of a clip.
@lru_cache(maxsize=256)
def _sections(rate: float, cutoff_hz: float) -> tuple[Series, Series]:
    """The filter of one pass, a section, and its state once it has settled on a series of ones."""
    from scipy.signal import butter, sosfilt_zi  # noqa: PLC0415 - see the top

    # The correction is one of an analogue filter's frequency, which a digital one bends.
    single = rate / np.pi * np.arctan(np.tan(np.pi * cutoff_hz / rate) / _PASSES_TWICE)
    sections: Series = butter(_ORDER, single, fs=rate, output="sos")
    return sections, sosfilt_zi(sections)


def cutoff_by_residuals(values: Series, rate: float) -> float | None:
    """The cut-off by residual analysis in Hz, 2 to 15 (Winter, section 3.4.4.3). None where none can be told.

    The residual is what a cut-off takes away. At high cut-offs that is noise alone and falls on a line; the cut-off is
    the one whose residual is that line's value at 0 Hz, so that signal lost and noise kept are about equal.
    """
    highest = min(_HIGHEST_HZ, 0.4 * rate)
    if len(values) < _FEWEST_SAMPLES or highest < 2 * _LOWEST_HZ:
        return None
    # Beyond the highest cut-off that is used too: there is the noise.
    tried = np.concatenate([np.arange(_LOWEST_HZ, highest, _STEP_HZ), np.linspace(highest, 0.45 * rate, _NOISE_STEPS)])
    residuals = np.array([np.sqrt(np.mean((values - low_passed(values, rate, hz)) ** 2)) for hz in tried])
    noise = tried >= _NOISE_FROM * tried[-1]
    slope, level = np.polyfit(tried[noise], residuals[noise], 1)
    below = np.flatnonzero(residuals <= level)
    if slope >= 0 or len(below) == 0:
        return highest
    return float(min(tried[below[0]], highest))


def _runs(values: Series) -> Iterator[slice]:
    """The stretches without a gap."""
    there = np.concatenate([[False], np.isfinite(values), [False]])
    edges = np.flatnonzero(there[1:] != there[:-1])
    yield from (slice(begin, end) for begin, end in zip(edges[::2], edges[1::2], strict=True))
