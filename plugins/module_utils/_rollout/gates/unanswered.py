# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests that a target group was sent and that no target of it answered, by what a load balancer counts. Pure.

When a target cannot be connected to, closes the connection or takes too long, users are answered by the load balancer.
CloudWatch has those answers for the load balancer as a whole only. Of a target group it has the requests for which a
target was chosen (``RequestCount``) and the targets' answers by hundreds: what is missing had none.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, sqrt

#: What targets answered beside errors of the server, by hundreds of the status.
OTHER_ANSWERS = tuple(f"HTTPCode_Target_{hundreds}XX_Count" for hundreds in range(2, 5))
#: Its sum over a period, divided by the period, is how many requests were under way on average.
SECONDS = "TargetResponseTime"
# How far what is under way may be above that average: it varies from moment to moment, and may be growing.
_GROWTH, _DEVIATIONS, _SPARE = 2.0, 3.0, 1.0


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Of one target group. ``open``: by how many its requests are more than its answers; ``failed``: those told."""

    open: int = 0
    failed: int = 0

    def see(self, requests: int, answers: int, under_way: float) -> Unanswered:
        """With another period, in which so many requests were *under_way* on average.

        A request may be answered in a later period than it was counted in. So only what is missing beyond these has
        failed, and it stays missing.
        """
        missing = self.open + requests - answers
        may_come = _GROWTH * under_way + _DEVIATIONS * sqrt(under_way) + _SPARE
        return Unanswered(missing, max(self.failed, floor(missing - may_come)))
