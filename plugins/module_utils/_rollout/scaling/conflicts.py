# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why scheduled actions do not go together, with each other and with the target's own bounds. Pure.

An action that sets a single bound leaves the other as the action before it set it ("How scheduled scaling works" in the
Application Auto Scaling user guide), so that any two actions may meet.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from .schedule import instants, years_named

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    Options = Mapping[str, Any]

# Looked at for two actions at the same time: these years, and as many of those that a schedule names.
_YEARS, _NAMED_YEARS = frozenset(range(2027, 2031)), 8
# How many times are looked at, of all actions together and of each at least.
_TIMES, _LEAST_TIMES = 200_000, 1_500
_BOUNDS = ("minimum", "maximum")


def conflicts(actions: Sequence[Options], lowest: int, highest: int) -> Iterator[str]:
    """What is wrong with *actions*, each of which has no problem of its own, beside the target's own bounds."""
    for action in actions:
        if problem := _crossing(action, actions, lowest, highest):
            yield f"scaling.scheduled_actions {action['name']!r}: {problem}."
    for first, second, bound, moment in _simultaneous(actions):
        yield (
            f"scaling.scheduled_actions {first['name']!r} and {second['name']!r} both run at {moment:%Y-%m-%dT%H:%MZ}, "
            f"and set {bound} to {first[bound]} and {second[bound]}: which of them is last is not known. Give them "
            "different times."
        )


def _crossing(action: Options, actions: Sequence[Options], lowest: int, highest: int) -> str:
    """Why an action that sets one bound may be refused when it runs: the other one may be on the wrong side by then."""
    minimum, maximum = action["minimum"], action["maximum"]
    if (minimum is None) == (maximum is None):
        return ""
    bound, other = ("minimum", "maximum") if maximum is None else ("maximum", "minimum")
    standing = {f"scaling.{other}": highest if other == "maximum" else lowest}
    standing |= {f"the {other} of {each['name']!r}": each[other] for each in actions if each[other] is not None}
    for whose, value in standing.items():
        if (minimum is not None and minimum > value) or (maximum is not None and maximum < value):
            side = "above" if bound == "minimum" else "below"
            return (
                f"its {bound} {action[bound]} is {side} {whose}, {value}, which may be in force when it runs. Let it "
                f"set {other}, too"
            )
    return ""


def _simultaneous(actions: Sequence[Options]) -> Iterator[tuple[Options, Options, str, datetime]]:
    """Pairs of actions that set a bound differently at the same time: each pair once."""
    named = sorted(frozenset().union(*(years_named(action["schedule"]) for action in actions)))
    years = _YEARS | set(named[:_NAMED_YEARS])
    most = max(_LEAST_TIMES, _TIMES // max(1, len(actions)))
    # The first action of each time and bound: where any two differ, one of them differs from it.
    seen: dict[tuple[datetime, str], Options] = {}
    told: set[tuple[str, str]] = set()
    for action in actions:
        bounds = [bound for bound in _BOUNDS if action[bound] is not None]
        for moment in islice(instants(action["schedule"], action["timezone"] or "UTC", years), most):
            for bound in bounds:
                other = seen.setdefault((moment, bound), action)
                pair = (other["name"], action["name"])
                if other[bound] != action[bound] and pair not in told:
                    told.add(pair)
                    yield other, action, bound, moment
