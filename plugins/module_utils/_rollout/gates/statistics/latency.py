# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a release is slower than the running version, by how many of its answers exceed a quantile of that one's.

A mean hides the few that wait, and percentiles of parts cannot be averaged. Counts can be added up, and tested exactly.

Answers of the same minutes make a block: m of the running version and c of the release. The j-th longest of the m is
where their quantile lies. If both are equally fast, any order of the m + c is as likely as any other, whatever the
latencies are like. So how many of the c exceed the j-th longest is a beta-binomial count, with j and m + 1 - j; the
quantile's own uncertainty is in it. Where the release is slower, its odds of exceeding are some multiple of that: the
ratio of both probabilities is the evidence of a block, and no answer is in two blocks. Evidence grows with the count,
so that of a release that is faster, or of answers that took equally long, it is smaller still.
"""

from __future__ import annotations

from math import ceil, floor, isfinite, lgamma
from typing import TYPE_CHECKING

from .mixture import mixed_p_value
from .proportion import FALSE_ALARM

if TYPE_CHECKING:
    from collections.abc import Sequence

# Multiples of the odds that an answer of the running version has to exceed the quantile.
_MULTIPLES = (1.5, 2.0, 4.0, 10.0, 50.0)
#: The evidence before any block.
NONE: tuple[float, ...] = (0.0,) * len(_MULTIPLES)
# 0.9 / (1 - 0.9) comes out above 9.
_ROUNDING = 1e-9
# Evidence that chance explains only so rarely is no reason to pass.
_DOUBT = 10 * FALSE_ALARM


def block_size(quantile: float) -> int:
    """How many answers of the running version hold one beyond their *quantile*."""
    return ceil(quantile / (1.0 - quantile) - _ROUNDING)


def exceeding(ours: Sequence[float], theirs: Sequence[float], *, quantile: float, increase: float) -> int:
    """How many of a block took longer than the running version's *quantile* and that *increase* of it.

    *increase* is the part by which a release may be slower (0.1 for a tenth). Raises ValueError for samples that are no
    numbers, or too few.
    """
    if not all(isfinite(seconds) and seconds >= 0 for seconds in (*ours, *theirs)):
        raise ValueError("a latency is no number of seconds from 0 that ends")
    limit = sorted(theirs, reverse=True)[_place(len(theirs), quantile) - 1] * (1.0 + increase)
    return sum(seconds > limit for seconds in ours)


def evidence_of(count: int, ours: int, theirs: int, *, quantile: float) -> tuple[float, ...]:
    """The logarithms of how much more probable it is in a slower release that *count* of *ours* exceed the quantile."""
    place = _place(theirs, quantile)
    alike = _log_weight(count, ours, place, theirs + 1 - place)
    return tuple(_log_weight(count, ours, place * each, theirs + 1 - place) - alike for each in _MULTIPLES)


def is_slower(evidence: Sequence[float]) -> bool:
    """Whether this shows that the release is slower than it may be. Raises ValueError for what is no such evidence."""
    if len(evidence) != len(NONE):
        raise ValueError(f"evidence of {len(evidence)} alternatives, where there are {len(NONE)}")
    return mixed_p_value(evidence) <= FALSE_ALARM


def is_in_doubt(evidence: Sequence[float]) -> bool:
    """Whether this is too much to let the release pass, shown or not."""
    return mixed_p_value(evidence) <= _DOUBT


def _place(theirs: int, quantile: float) -> int:
    """The largest j with which at most 1 - *quantile* of the answers exceed the j-th longest."""
    place = floor((1.0 - quantile) * (theirs + 1) + _ROUNDING)
    if place < 1:
        raise ValueError(f"{theirs} samples hold none beyond their quantile {quantile}")
    return place


def _log_weight(count: int, trials: int, above: float, below: float) -> float:
    """The logarithm of a beta-binomial probability, without the number of orders, which is the same for all."""
    return _log_beta(count + above, trials - count + below) - _log_beta(above, below)


def _log_beta(first: float, second: float) -> float:
    return lgamma(first) + lgamma(second) - lgamma(first + second)
