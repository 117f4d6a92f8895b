# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the log driver awslogs has to be told."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.definition.log_options import log_option_problems

from tests.unit.plugins.module_utils._rollout.definitions import LOG_OPTIONS


def problems(options: Any, *, fargate: bool, driver: str = "awslogs") -> list[str]:
    log = {"logDriver": driver, "options": options}
    return list(log_option_problems({"logConfiguration": log}, "Container 'app'", fargate=fargate))


@pytest.mark.parametrize("name", list(LOG_OPTIONS))
@pytest.mark.parametrize("fargate", [True, False])
@pytest.mark.parametrize("empty", [True, False])
def test_each_option_that_ecs_needs_is_missed(name: str, fargate: bool, empty: bool) -> None:
    options = {key: value for key, value in LOG_OPTIONS.items() if key != name} | ({name: ""} if empty else {})
    found = problems(options, fargate=fargate)
    needed = fargate or name != "awslogs-stream-prefix"
    assert found == [f"Container 'app' logs by awslogs, whose options lack {name}; ECS refuses it without."] * needed


@pytest.mark.parametrize("options", [None, {}])
def test_all_of_them_are_told_at_once(options: Any) -> None:
    (problem,) = problems(options, fargate=True)
    assert "lack awslogs-group, awslogs-region, awslogs-stream-prefix;" in problem


def test_other_drivers_have_options_of_their_own() -> None:
    assert problems({}, fargate=True, driver="splunk") == []
    assert list(log_option_problems({}, "Container 'app'", fargate=True)) == []
