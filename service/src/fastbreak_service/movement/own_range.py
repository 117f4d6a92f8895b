# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The range in which a player's next landing is expected, told from earlier recordings of the same player.

Landings of one day are alike, so they are not so many independent values: players vary from day to day, and within a
day. With M recordings of n landings each (the harmonic mean of their numbers), the means of recordings vary by
s² = between² + within²/n. A single landing of a next recording then varies by s² + within² (1 - 1/n), and the mean of
all is known to s²/M. The range is the mean of the recordings' means ± t times the root of the sum: a prediction
interval of 95 % in a random-effects analysis of variance, t being Student's for Satterthwaite's degrees of freedom,
rounded down. s² is no smaller than what varies within recordings makes it. (Weir 2005, J Strength Cond Res, read in the
abstract, has the minimal difference of two recordings, 1.96 √2 SEM; this is the same thought for several.)

A median would take an odd landing for none; here it widens the range, so that less is told.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean, harmonic_mean, variance
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_T = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086),
    *(2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042),
)
"""Student's t, 97.5 %, for 1 to 30 degrees of freedom; of more it is taken to be that of 30."""
MOST_RECORDINGS = 20


@dataclass(frozen=True, slots=True)
class OwnRange:
    """The mean of the recordings' means, and from where to where single landings are expected."""

    mean: float
    low: float
    high: float


def own_range(recordings: Sequence[Sequence[float]]) -> OwnRange:
    """The range of the values of 2 to `MOST_RECORDINGS` recordings, none of them empty, in any order.

    Raises ValueError for fewer, more, or a value that is no number.
    """
    if not 2 <= len(recordings) <= MOST_RECORDINGS or not all(recordings):
        raise ValueError(f"a range needs 2 to {MOST_RECORDINGS} recordings with values")
    if not all(math.isfinite(value) for values in recordings for value in values):
        raise ValueError("a range needs finite values")
    means = sorted(math.fsum(values) / len(values) for values in recordings)
    mean, each = fmean(means), harmonic_mean([len(values) for values in recordings])
    within, freedom = _within(recordings)
    # What differs from day to day cannot be less than nothing.
    of_means = max(variance(means), within / each) * (1 + 1 / len(means))
    of_one = within * (1 - 1 / each)
    half = _student(of_means, len(means) - 1, of_one, freedom) * math.sqrt(of_means + of_one)
    return OwnRange(mean, mean - half, mean + half)


def _student(of_means: float, recordings: int, of_one: float, landings: int) -> float:
    """Student's t of a sum of two variances, each known with so many degrees of freedom (Satterthwaite 1946)."""
    if not of_one or not landings:
        return _T[min(recordings, len(_T)) - 1]
    whole = of_means + of_one
    freedom = 1 / ((of_means / whole) ** 2 / recordings + (of_one / whole) ** 2 / landings)
    return _T[min(math.floor(freedom + 1e-9), len(_T)) - 1]


def _within(recordings: Sequence[Sequence[float]]) -> tuple[float, int]:
    """The variance within recordings, over all that have two values or more, and its degrees of freedom."""
    freedom = sum(len(values) - 1 for values in recordings)
    if not freedom:
        return 0.0, 0
    squares = (variance(sorted(values)) * (len(values) - 1) for values in recordings if len(values) > 1)
    return math.fsum(sorted(squares)) / freedom, freedom
