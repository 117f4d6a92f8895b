# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several tests at once: which of them may refuse, so that all together refuse hardly ever by chance.

S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6, 1979.
"""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def rejected(p_values: Sequence[float], false_alarm: float) -> tuple[bool, ...]:
    """Which of the tests refuse, when at most *false_alarm* of all good releases may be refused by any of them.

    A p-value that is no number refuses nothing.
    """
    refuses = [False] * len(p_values)
    order = sorted((value, place) for place, value in enumerate(p_values) if not isnan(value))
    for done, (value, place) in enumerate(order):
        if value > false_alarm / (len(p_values) - done):
            break
        refuses[place] = True
    return tuple(refuses)
