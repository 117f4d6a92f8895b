# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a canary."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.strategies.canary import Canary

from tests.unit.plugins.module_utils._rollout.shifting import by


def problems(**given: Any) -> list[str]:
    return list(Canary().problems(by("CANARY", **given)["settings"].deployment, 2))


def test_options_are_written_as_ecs_has_them() -> None:
    own = by("CANARY", canary_percent=2.5, canary_bake_minutes=3, bake_minutes=4)["settings"].deployment.own
    assert own["canaryConfiguration"] == {"canaryPercent": 2.5, "canaryBakeTimeInMinutes": 3}
    assert own["bakeTimeInMinutes"] == 4
    (hook,) = own["lifecycleHooks"]
    assert (hook["targetType"], hook["timeoutConfiguration"]["action"]) == ("PAUSE", "ROLLBACK")


@pytest.mark.parametrize("percent", [0.1, 5.0, 33.3, 99.9])
def test_a_share_of_the_users_is_taken(percent: float) -> None:
    assert problems(canary_percent=percent) == []


@pytest.mark.parametrize("percent", [0.0, -1.0, 0.05, 100.0, 101.0, 7.25, float("nan"), float("inf")])
def test_a_share_that_is_none_or_all_is_refused_by_name(percent: float) -> None:
    (problem,) = problems(canary_percent=percent)
    assert problem.startswith(f"deployment.canary_percent is {percent:g}; write 0.1 to 99.9")


def test_a_bake_that_no_pause_outlasts_is_refused() -> None:
    (problem,) = problems(canary_bake_minutes=61)
    assert problem.startswith("deployment.canary_bake_minutes is 61, longer than deployment.pause_timeout_minutes 60")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"bake_minutes": -1}, "bake_minutes is -1; write 0 to 1440"),
        ({"bake_minutes": 1441, "pause_timeout_minutes": 2000}, "bake_minutes is 1441; write 0 to 1440"),
        ({"pause_timeout_minutes": 20161}, "pause_timeout_minutes is 20161; write 1 to 20160"),
    ],
)
def test_times_that_ecs_refuses_are_refused_by_name(given: dict[str, int], told: str) -> None:
    assert told in " ".join(problems(**given))
