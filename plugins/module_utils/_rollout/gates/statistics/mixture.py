# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The mean of several likelihood ratios, which may be looked at again and again.

While a release is good, each is a martingale of mean 1. Their mean reaches ``1 / p`` at any look at all with a
probability of at most ``p`` (Ville's inequality).
"""

from __future__ import annotations

from math import exp, log
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def mixed_p_value(evidence: Sequence[float]) -> float:
    """How probably a mean like this comes of a good release, at any look; at most. *evidence* are its logarithms."""
    largest = max(evidence)
    logarithm = largest + log(sum(exp(each - largest) for each in evidence) / len(evidence))
    return exp(-logarithm) if logarithm > 0 else 1.0
