# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a run was started is judged before anybody is asked anything."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.run_problem import run_problem

NAMES = [
    f"fastbreak_{name}" for name in ("account_id", "container_port", "environment", "region", "service_name", "tags")
]
WHOLE = {"groups": {"all": ["ecr", "rds"], "components": ["ecr", "rds"]}, "variables": [*NAMES, "fastbreak_other"]}
RUN = {"run_tags": ["all"], "skip_tags": [], "forks": 5}


def judged(**changes: Any) -> str:
    given = {**WHOLE, **RUN, **changes}
    return run_problem(given.pop("groups"), **given)


@pytest.mark.parametrize("changes", [{}, {"forks_needed": 5}, {"forks": 1}, {"run_tags": []}])
def test_a_whole_inventory_without_tags_is_right(changes: dict[str, Any]) -> None:
    assert judged(**changes) == ""


@pytest.mark.parametrize("name", NAMES)
def test_each_variable_that_all_need_is_missed_by_its_name(name: str) -> None:
    assert f"does not set {name}." in judged(variables=[other for other in NAMES if other != name])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"run_tags": ["x"]}, "no tags"),
        ({"run_tags": ["all", "x"]}, "no tags"),
        ({"run_tags": ["untagged"]}, "no tags"),
        ({"skip_tags": ["x"]}, "no tags"),
        ({"skip_tags": ["always"]}, "no tags"),
        ({"groups": {"all": [], "ungrouped": []}, "variables": []}, "No inventory was given"),
        ({"groups": {}, "variables": []}, "No inventory was given"),
        ({"groups": {"all": ["web"]}, "variables": []}, "does not set fastbreak_account_id, fastbreak_container_port,"),
        ({"groups": {"all": ["web"]}}, "has no hosts in its group components"),
        ({"groups": {"all": ["web"], "components": []}}, "has no hosts in its group components"),
        ({"forks": 4, "forks_needed": 5}, "5 components, and there are 4 forks"),
        ({"forks": 1, "forks_needed": 2}, "2 components, and there is 1 fork."),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_touched(changes: dict[str, Any], said: str) -> None:
    told = judged(**changes)
    assert said in told
    assert "othing was touched" in told
