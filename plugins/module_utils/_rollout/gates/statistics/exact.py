# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exact binomial tests and bounds, by the standard library alone.

Logarithms of single probabilities are added up, so that neither large counts nor small shares overflow.
"""

from __future__ import annotations

from math import ceil, exp, inf, lgamma, log, log1p

# Beyond this part of what was added up, further terms no longer count.
_NEGLIGIBLE = 1e-17
# 3 / 0.01 may come out above 300.
_ROUNDING = 1e-9
# Halvings of the way from 0 to 1: more than a float can tell apart.
_HALVINGS = 60


def tail(successes: int, trials: int, share: float) -> float:
    """The probability of at least so many *successes* in *trials* that each succeed with the probability *share*.

    Raises ValueError for counts or shares that there cannot be.
    """
    _check(successes, trials, share)
    if successes <= 0:
        return 1.0
    if share <= 0:
        return 0.0
    if share >= 1:
        return 1.0
    if successes > trials * share:
        return min(1.0, _sum(successes, trials, share, 1))
    return max(0.0, 1.0 - _sum(successes - 1, trials, share, -1))


def at_most(successes: int, trials: int, share: float) -> float:
    """The probability of at most so many *successes*. Raises ValueError as `tail` does."""
    _check(successes, trials, share)
    return tail(trials - successes, trials, 1.0 - share)


def upper_bound(failures: int, samples: int, confidence: float = 0.95) -> float:
    """The largest share of failures that *failures* of *samples* leave possible (Clopper and Pearson, one-sided).

    Without failures it is about 3 / samples at a confidence of 95 %. Without samples it is 1.
    """
    if samples <= 0 or failures >= samples:
        return 1.0
    low, high = failures / samples, 1.0
    for _halving in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if at_most(failures, samples, middle) <= 1.0 - confidence else (middle, high)
    return high


def fewest_samples(margin: float) -> int:
    """How many samples without a failure show, at a confidence of 95 %, that fewer than *margin* (a share) fail."""
    if not 0 < margin < 1:
        raise ValueError(f"a margin of {margin} is no share between 0 and 1")
    return ceil(3.0 / margin - _ROUNDING)


def excess(errors: int, other_errors: int, share: float) -> float:
    """How probably so many of all errors, or more, are on one of two sides that fail alike.

    That side got *share* of the requests. Given the sum of both, errors are spread like the requests: what is reckoned
    is the binomial tail, which is on the safe side where many requests fail. Without errors it is 1.
    """
    return tail(errors, errors + other_errors, share)


def _check(successes: int, trials: int, share: float) -> None:
    if trials < 0 or successes > trials or not 0 <= share <= 1:
        raise ValueError(f"{successes} of {trials} with a probability of {share} cannot be")


def _sum(first: int, trials: int, share: float, step: int) -> float:
    """The sum of the probabilities from *first* on, away from where they are largest."""
    total, count, odds = 0.0, first, share / (1.0 - share)
    term = exp(_log_probability(first, trials, share))
    while 0 <= count <= trials and term > total * _NEGLIGIBLE:
        total += term
        term *= (trials - count) / (count + 1) * odds if step > 0 else count / ((trials - count + 1) * odds)
        count += step
    return total


def _log_probability(successes: int, trials: int, share: float) -> float:
    if not 0 <= successes <= trials:
        return -inf
    ways = lgamma(trials + 1) - lgamma(successes + 1) - lgamma(trials - successes + 1)
    return ways + successes * log(share) + (trials - successes) * log1p(-share)
