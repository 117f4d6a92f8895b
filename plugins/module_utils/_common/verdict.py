# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The four verdicts, and what several of them say together."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Verdict(Enum):
    """What a gate found. Only HEALTHY passes; only UNHEALTHY says that the release itself is at fault."""

    HEALTHY = "HEALTHY"
    UNHEALTHY = "UNHEALTHY"
    INCONCLUSIVE = "INCONCLUSIVE"
    ERROR = "ERROR"


_GRAVEST_FIRST = (Verdict.UNHEALTHY, Verdict.ERROR, Verdict.INCONCLUSIVE, Verdict.HEALTHY)


def combine(verdicts: Iterable[Verdict]) -> Verdict:
    """The gravest of *verdicts*. No verdicts at all are INCONCLUSIVE: nothing measured never passes."""
    found = set(verdicts)
    return next((verdict for verdict in _GRAVEST_FIRST if verdict in found), Verdict.INCONCLUSIVE)
