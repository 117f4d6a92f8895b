# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a shift in equal steps."""

from __future__ import annotations

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.strategies.linear import Linear

from tests.unit.plugins.module_utils._rollout.shifting import by


@pytest.mark.parametrize("percent", [3.0, 10.0, 33.3, 99.9])
def test_a_step_is_taken(percent: float) -> None:
    deployment = by("LINEAR", step_percent=percent, step_bake_minutes=6)["settings"].deployment
    assert list(Linear().problems(deployment, 2)) == []
    assert deployment.own["linearConfiguration"] == {"stepPercent": percent, "stepBakeTimeInMinutes": 6}


def test_the_defaults_are_those_of_ecs() -> None:
    assert [Linear.options[name]["default"] for name in ("step_percent", "step_bake_minutes")] == [10.0, 6]


@pytest.mark.parametrize("percent", [0.0, 2.9, 100.0, 3.05])
def test_a_step_that_is_none_or_all_is_refused_by_name(percent: float) -> None:
    (problem,) = Linear().problems(by("LINEAR", step_percent=percent)["settings"].deployment, 2)
    assert problem.startswith(f"deployment.step_percent is {percent:g}; write 3 to 99.9")


@pytest.mark.parametrize(("percent", "steps"), [(10.0, 9), (50.0, 1), (40.0, 2), (33.3, 3)])
def test_every_step_but_the_last_is_waited_for(percent: float, steps: int) -> None:
    deployment = by("LINEAR", step_percent=percent, step_bake_minutes=2, bake_minutes=1)["settings"].deployment
    assert Linear().planned_seconds(deployment) == 60 * (1 + 2 * steps)
    assert Linear().judged_shares(deployment) == 2 + steps
