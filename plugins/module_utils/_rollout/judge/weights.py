# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Live weights that are not what ECS says of them, while it moves the traffic and after: it looks at none. Pure."""

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
    return "; ".join(
        f"the live weights of {rule.arn} send {share:g} % to the release, where ECS has set {progress.weight:g} %: "
        "somebody else changed them"
        for rule in _production(wanted, left, there)
        if abs((share := _share(rule, group)) - progress.weight) > _TOLERANCE
    )


def not_moved(
    group: str, wanted: Iterable[ListenerRule], left: Iterable[StandingRule], there: Iterable[StandingRule]
) -> tuple[str, ...]:
    """Which rules send users elsewhere than to the release's *group*, though ECS has ended, in words.

    *left* and *there* are as above.
    """
    if not group:
        return ()
    return tuple(
        f"ECS calls the deployment SUCCESSFUL, but {rule.arn} (listener_rules) sends {share:g} % of the users to the "
        "release"
        for rule in _production(wanted, left, there)
        if (share := _share(rule, group)) < 100 - _TOLERANCE
    )


def _production(
    wanted: Iterable[ListenerRule], left: Iterable[StandingRule], there: Iterable[StandingRule]
) -> list[StandingRule]:
    """The rules of users as they are now."""
    left, now = tuple(left), {rule.arn: rule for rule in there}
    stood = (at(left, place(rule)) for rule in wanted if not rule.is_test)
    return [now[rule.arn] for rule in stood if rule and rule.arn in now]


def _share(rule: StandingRule, group: str) -> float:
    whole = sum(rule.weights.values())
    return round(100.0 * rule.weights.get(group, 0) / whole, 1) if whole else 0.0
