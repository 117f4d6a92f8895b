# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why the option ``scaling`` cannot be right, in its own words. Nothing is asked of the world."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from .conflicts import conflicts
from .metrics import METRICS
from .schedule import schedule_problem, timezone_problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Options = Mapping[str, Any]

# Quota of a scalable target, and the pattern and length of a name in PutScheduledAction without our mark.
_MOST_ACTIONS = 200
_DAY = 86400
_NAMESPACE = re.compile(r"[A-Za-z0-9.\-_/#:]{1,255}")
_NAME = re.compile(r"[^\x00-\x1f\x7f-\x9f:/|]{1,200}")


def scaling_problems(options: Options | None) -> Iterator[str]:
    """Everything that is wrong with validated *options* of `scaling_spec`."""
    if not options:
        return
    lowest, highest = options["minimum"], options["maximum"]
    if lowest > highest:
        yield f"scaling.minimum {lowest} is above scaling.maximum {highest}."
    if lowest < 0:
        yield "scaling.minimum must not be below 0."
    if highest < 1:
        yield "scaling.maximum is below 1, so that nothing would ever run."
    for metric in METRICS:
        if not 0 <= options[metric.option] <= metric.most:
            most = f"{metric.most:g}" if metric.most <= 100 else "any number above"
            yield f"scaling.{metric.option} must be 0 (no policy) to {most}."
    yield from _backlog_problems(options)
    if options["scale_in_cooldown_seconds"] < 0 or options["scale_out_cooldown_seconds"] < 0:
        yield "scaling's cooldowns must not be below 0."
    actions = options["scheduled_actions"]
    if len(actions) > _MOST_ACTIONS:
        yield f"scaling.scheduled_actions has {len(actions)} entries; a scalable target takes {_MOST_ACTIONS}."
    wrong = [
        f"scaling.scheduled_actions names {name!r} twice."
        for name, count in Counter(action["name"] for action in actions).items()
        if count > 1
    ]
    wrong += [
        f"scaling.scheduled_actions {action['name']!r}: {problem}."
        for action in actions
        for problem in _action_problems(action)
    ]
    yield from wrong or conflicts(actions[:_MOST_ACTIONS], lowest, highest)


def _backlog_problems(options: Options) -> Iterator[str]:
    followed = [*_unwoken(options), *(each.option for each in METRICS if each.of_backlog and options[each.option])]
    namespace = options["backlog_namespace"] or ""
    idle = options["rest_after_seconds"]
    if not 60 <= idle <= _DAY or idle % 60:
        yield f"scaling.rest_after_seconds must be whole minutes, from 60 to {_DAY}: no alarm looks back further."
    if followed and not _NAMESPACE.fullmatch(namespace):
        yield (
            f"scaling by {' and '.join(followed)} needs what the service tells of its queue in CloudWatch, and "
            f"scaling.backlog_namespace is {namespace!r}. Name the namespace, which is FASTBREAK_METRICS_NAMESPACE in "
            "the environment of the service: 1 to 255 letters, digits and any of . - _ / # :"
        )


def no_tasks(options: Options) -> list[str]:
    """What lets a service come to no task, in the words of the options."""
    actions = [f"scheduled_actions {each['name']!r} minimum 0" for each in _to_nothing(options)]
    return [*(["minimum 0"] if options["minimum"] == 0 else []), *actions]


def _to_nothing(options: Options) -> list[Options]:
    return [action for action in options["scheduled_actions"] if action["minimum"] == 0]


def _unwoken(options: Options) -> list[str]:
    """The same, but for a night without any task that another action ends with some: nothing else need wake it."""
    nights = all(action["maximum"] == 0 for action in _to_nothing(options)) and options["minimum"] != 0
    ends = any((action["minimum"] or 0) > 0 for action in options["scheduled_actions"])
    return [] if nights and ends else no_tasks(options)


def _action_problems(action: Options) -> Iterator[str]:
    name, schedule, timezone = action["name"], action["schedule"], action["timezone"] or "UTC"
    minimum, maximum = action["minimum"], action["maximum"]
    if not _NAME.fullmatch(name) or name != name.strip():
        yield "a name is 1 to 200 characters without ':', '/', '|' and spaces around it"
    if problem := schedule_problem(schedule):
        yield f"schedule {schedule!r} {problem}"
    elif problem := timezone_problem(timezone, schedule):
        yield f"timezone {timezone!r} {problem}"
    if minimum is None and maximum is None:
        yield "it sets neither minimum nor maximum"
    elif any(bound is not None and bound < 0 for bound in (minimum, maximum)):
        yield "its minimum and maximum must not be below 0"
    elif minimum is not None and maximum is not None and minimum > maximum:
        yield f"its minimum {minimum} is above its maximum {maximum}"
