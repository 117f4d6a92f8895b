# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why the option ``scaling`` cannot be right."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.scaling.options import scaling_spec
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.scaling.problems import scaling_problems


def problems(**options: Any) -> str:
    checked = ArgumentSpecValidator(scaling_spec()).validate({"minimum": 2, "maximum": 4, **options})
    assert not checked.error_messages, checked.error_messages
    return " ".join(scaling_problems(checked.validated_parameters))


def acting(backlog_namespace: str = "", **fields: Any) -> dict[str, Any]:
    action = {"name": "night", "schedule": "cron(0 22 * * ? *)", "timezone": "Europe/Berlin", "maximum": 3}
    return {"scheduled_actions": [{**action, **fields}], "backlog_namespace": backlog_namespace}


def nights(**day: Any) -> dict[str, Any]:
    """A service that has no task at night, and some from the morning on: nothing else need wake it."""
    morning = {"name": "day", "schedule": "cron(0 7 * * ? *)", "minimum": 1, "maximum": 4, **day}
    (night,) = acting(minimum=0, maximum=0)["scheduled_actions"]
    return {"scheduled_actions": [night, morning]}


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"cpu_percent": 0},
        {"minimum": 0, "backlog_namespace": "Fastbreak/dev"},
        {"cpu_percent": 0, "memory_percent": 70.5, "requests_per_target": 1000},
        {"backlog_per_task": 2, "backlog_age_seconds": 300, "backlog_namespace": "Fastbreak/dev"},
        acting(),
        acting(minimum=0, backlog_namespace="Fastbreak/dev"),
        nights(),
        acting(minimum=3, maximum=None),
        acting(schedule="rate(1 day)", timezone=None),
    ],
)
def test_right_options_have_no_problem(options: dict[str, Any]) -> None:
    assert problems(**options) == ""


def test_scaling_that_is_not_asked_for_has_no_problem() -> None:
    assert list(scaling_problems(None)) == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"minimum": 5}, "scaling.minimum 5 is above scaling.maximum 4"),
        ({"minimum": 0}, "scaling by minimum 0 needs what the service tells of its queue"),
        (acting(minimum=0), "scaling by scheduled_actions 'night' minimum 0 needs what the service tells of its queue"),
        (acting(minimum=0, maximum=0), "scaling by scheduled_actions 'night' minimum 0 needs what"),
        (nights(minimum=0), "scaling by scheduled_actions 'night' minimum 0 and scheduled_actions 'day' minimum 0"),
        ({"minimum": 0, **nights()}, "scaling by minimum 0 and scheduled_actions 'night' minimum 0 needs what"),
        ({"minimum": -1}, "scaling.minimum must not be below 0"),
        ({"minimum": 0, "maximum": 0}, "scaling.maximum is below 1"),
        ({"rest_after_seconds": 90}, "scaling.rest_after_seconds must be whole minutes"),
        ({"rest_after_seconds": 0}, "scaling.rest_after_seconds must be whole minutes"),
        ({"cpu_percent": 101}, "scaling.cpu_percent must be 0 (no policy) to 100"),
        ({"memory_percent": -1}, "scaling.memory_percent must be 0"),
        ({"memory_percent": float("nan")}, "scaling.memory_percent must be 0"),
        ({"requests_per_target": -1}, "scaling.requests_per_target must be 0 (no policy) to any number above"),
        ({"requests_per_target": float("inf")}, "scaling.requests_per_target"),
        ({"backlog_per_task": -1}, "scaling.backlog_per_task must be 0"),
        ({"backlog_per_task": 2}, "scaling by backlog_per_task needs what the service tells"),
        ({"backlog_age_seconds": 9, "backlog_namespace": "a b"}, "scaling.backlog_namespace is 'a b'"),
        ({"scale_out_cooldown_seconds": -1}, "cooldowns"),
        (acting(name=""), "a name is 1 to 200 characters"),
        (acting(name="a/b"), "a name is 1 to 200 characters"),
        (acting(name=" a"), "spaces around it"),
        (acting(schedule=""), "schedule '' is neither"),
        (acting(schedule="cron(0 22 * * * *)"), "wants ? as either"),
        (acting(timezone="Berlin"), "timezone 'Berlin' is no name"),
        (acting(schedule="rate(1 day)"), "no meaning for a rate"),
        (acting(maximum=None), "sets neither minimum nor maximum"),
        (acting(minimum=-1), "must not be below 0"),
        (acting(minimum=4), "its minimum 4 is above its maximum 3"),
        (acting(maximum=1), "its maximum 1 is below scaling.minimum, 2"),
        (acting(minimum=5, maximum=None), "its minimum 5 is above scaling.maximum, 4"),
        (acting(schedule="cron(0 0 31 2 ? *)"), "would never run"),
        ({"scheduled_actions": acting()["scheduled_actions"] * 2}, "names 'night' twice"),
        ({"scheduled_actions": acting()["scheduled_actions"] * 201}, "has 201 entries; a scalable target takes 200"),
    ],
)
def test_options_that_cannot_be_right_are_named(options: dict[str, Any], said: str) -> None:
    assert said in problems(**options)
