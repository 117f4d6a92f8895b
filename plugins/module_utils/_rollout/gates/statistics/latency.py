# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a canary is slower, by how many of its answers exceed a quantile of the running version's.

A mean hides the few that wait, and percentiles of parts cannot be averaged. Counts can be added up, and tested exactly.
"""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from .exact import at_most, tail

if TYPE_CHECKING:
    from collections.abc import Sequence


def quantile_bound(samples: Sequence[float], quantile: float, confidence: float) -> float | None:
    """What the *quantile* of whatever the *samples* come from does not exceed, with this *confidence*.

    It is a sample: the k-th smallest, for the smallest k that is large enough for any distribution. None when there are
    too few samples for that. Raises ValueError for samples that are no numbers.
    """
    ordered = _sorted(samples)
    low, high = 0, len(ordered)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if at_most(middle, len(ordered), quantile) >= confidence else (middle + 1, high)
    return ordered[low] if low < len(ordered) else None


def slower(
    canary: Sequence[float], baseline: Sequence[float], *, quantile: float, margin: float, confidence: float = 0.995
) -> float | None:
    """How probably so many of the canary's answers exceed the baseline's *quantile* by chance, at most.

    *margin* is the part by which a canary may be slower (0.1 for a tenth). What the baseline's own quantile is
    uncertain by, at this *confidence*, is added to the result. None when the baseline has too few samples, or the
    canary none. Raises ValueError for samples that are no numbers.
    """
    bound = quantile_bound(baseline, quantile, confidence)
    if bound is None or not canary:
        return None
    limit = bound * (1.0 + margin)
    exceeding = sum(seconds > limit for seconds in _sorted(canary))
    return min(1.0, tail(exceeding, len(canary), 1.0 - quantile) + 1.0 - confidence)


def _sorted(samples: Sequence[float]) -> list[float]:
    if not all(isfinite(seconds) and seconds >= 0 for seconds in samples):
        raise ValueError("a latency is no number of seconds from 0 that ends")
    return sorted(samples)
