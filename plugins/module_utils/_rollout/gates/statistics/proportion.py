# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a share of failures is above a limit, asked again and again while samples come in.

A limit that is held against the counts at every look refuses good releases: each look is another chance to be wrong.
Here the counts are weighed by a mixture of likelihood ratios, which is a martingale while the true share is the limit.
It reaches ``1 / FALSE_ALARM`` at any look at all with a probability of at most ``FALSE_ALARM`` (Ville's inequality;
H. Robbins, "Statistical methods related to the law of the iterated logarithm", Annals of Mathematical Statistics 41,
1970). The samples are taken to fail independently of each other.
"""

from __future__ import annotations

from functools import lru_cache
from math import log, log1p

from .mixture import mixed_p_value

#: How often a release whose true share of failures is the limit is refused, at most, however often it is looked at.
FALSE_ALARM = 0.01
# Shares that a bad release may have, as parts of the way from the limit to 1: from slightly bad to all but dead.
_ALTERNATIVES = (0.05, 0.1, 0.2, 0.4, 0.9)


def is_above(failures: int, samples: int, limit: float) -> bool:
    """Whether *failures* of *samples* show that more than *limit* (a share, 0 to below 1) fail. Without samples: no."""
    return p_value(failures, samples, limit) <= FALSE_ALARM


@lru_cache(maxsize=4096)
def p_value(failures: int, samples: int, limit: float) -> float:
    """How probably evidence like this comes, at any look, when at most *limit* fail; at most. Without samples: 1."""
    if limit <= 0:
        return 0.0 if failures > 0 else 1.0
    return mixed_p_value(_log_evidence(failures, samples - failures, limit))


def is_within(failures: int, samples: int, limit: float) -> bool:
    """Whether the share that was seen is at most *limit*. Without samples: no."""
    # A quotient and not a product: 29 of 100 are within 0.29, yet 0.29 * 100 is below 29.
    return samples > 0 and failures / samples <= limit


def _log_evidence(failures: int, passes: int, limit: float) -> tuple[float, ...]:
    """The logarithms of the likelihood ratios of the alternatives to the limit."""
    return tuple(failures * of_failure + passes * of_pass for of_failure, of_pass in _ratios(limit))


@lru_cache(maxsize=64)
def _ratios(limit: float) -> tuple[tuple[float, float], ...]:
    """What a failure and a pass tell for each alternative, as logarithms."""
    shares = (limit + (1 - limit) * part for part in _ALTERNATIVES)
    return tuple((log(share / limit), log1p(-share) - log1p(-limit)) for share in shares)
