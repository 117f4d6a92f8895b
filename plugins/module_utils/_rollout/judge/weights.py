# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Live weights that somebody else changed while ECS moves the traffic: ECS does not look at them, and goes on. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..request.orientation import place
from ..service.rules import at

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..service.deployment import Progress
    from ..service.rules import StandingRule
    from ..values import ListenerRule

# Weights are whole numbers, whose shares need not be round.
_TOLERANCE = 0.5


def strange_weights(
    progress: Progress,
    group: str,
    wanted: Iterable[ListenerRule],
    left: Iterable[StandingRule],
    there: Iterable[StandingRule],
) -> str:
    """What differs between the share of the release's *group* that ECS tells and that by the rules; empty if nothing.

    *left* are the wanted rules as this run left them, which say where they stand; *there* is what they are now.
    """
    if progress.weight is None or not group:
        return ""
    left, now = tuple(left), {rule.arn: rule for rule in there}
    production = (at(left, place(rule)) for rule in wanted if not rule.is_test)
    found = [now[rule.arn] for rule in production if rule and rule.arn in now]
    return "; ".join(
        f"the live weights of {rule.arn} send {share:g} % to the release, where ECS has set {progress.weight:g} %: "
        "somebody else changed them"
        for rule in found
        if abs((share := _share(rule, group)) - progress.weight) > _TOLERANCE
    )


def _share(rule: StandingRule, group: str) -> float:
    whole = sum(rule.weights.values())
    return round(100.0 * rule.weights.get(group, 0) / whole, 1) if whole else 0.0
