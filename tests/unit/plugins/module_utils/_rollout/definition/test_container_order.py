# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The order in which containers start."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.definition.container_order import order_problems


def container(name: str, **awaited: str) -> dict[str, Any]:
    after = [{"containerName": other, "condition": condition} for other, condition in awaited.items()]
    return {"name": name, "dependsOn": after}


@pytest.mark.parametrize(
    ("containers", "said"),
    [
        ([container("a", b="START")], "depends on 'b', which task_definition does not have (a)"),
        ([container("a", a="START")], "in a circle: a -> a"),
        ([container("a", b="START"), container("b", a="START")], "in a circle"),
        ([container("a", b="HEALTHY"), container("b")], "has no healthCheck"),
        ([container("a", b="SUCCESS"), container("b")], "Set essential: false on 'b'"),
        ([container("a", b="COMPLETE"), container("b")], "which is essential"),
    ],
)
def test_order_that_cannot_be_kept_is_said(containers: list[dict[str, Any]], said: str) -> None:
    assert said in " ".join(order_problems(containers))


def test_order_that_can_be_kept_is_no_problem() -> None:
    healthy = {**container("b", c="SUCCESS"), "healthCheck": {"command": ["CMD", "true"]}}
    assert list(order_problems([container("a", b="HEALTHY"), healthy, {"name": "c", "essential": False}])) == []
