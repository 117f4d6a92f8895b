# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a series of values grows, and when it would reach a limit; asked again with every value that comes in.

Values without a trend come in any order as probably as in any other, so that it is known exactly how probably so few
pairs of them do not grow (M. G. Kendall, "A new measure of rank correlation", Biometrika 30, 1938). The n-th look may
be wrong by a part of the false alarms, and all looks together by no more than these. How fast it grows is the median of
all pairs (H. Theil, P. K. Sen), which single values do not move.
"""

from __future__ import annotations

from itertools import combinations
from math import factorial
from statistics import median
from typing import TYPE_CHECKING

from .proportion import FALSE_ALARM

if TYPE_CHECKING:
    from collections.abc import Sequence

#: With fewer values no order of them is rare enough.
FEWEST = 6


def grows(values: Sequence[float]) -> bool:
    """Whether the *values*, in the order in which they came, show that they grow."""
    count, looks = len(values), len(values) - FEWEST + 1
    if looks < 1:
        return False
    against = sum(later <= earlier for earlier, later in combinations(values, 2))
    return chance(count, against) <= FALSE_ALARM / (looks * (looks + 1))


def chance(count: int, against: int) -> float:
    """How probably at most so many pairs of *count* values without a trend are *against* it."""
    # How many orders have how many pairs against it, built up value by value.
    orders = [1]
    for values in range(2, count + 1):
        longest = len(orders) + values - 1
        orders = [sum(orders[max(0, pairs - values + 1) : pairs + 1]) for pairs in range(longest)]
    return sum(orders[: against + 1]) / factorial(count)


def until_limit(points: Sequence[tuple[float, float]], limit: float) -> float | None:
    """How long after the last of the *points* (when, how much) it reaches the *limit*; None when it does not grow."""
    if not grows([value for _moment, value in points]):
        return None
    pace = median((second[1] - first[1]) / (second[0] - first[0]) for first, second in combinations(points, 2))
    return max(0.0, (limit - points[-1][1]) / pace) if pace > 0 else None
