# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a command that is run once."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.request.service_task import build_service_task

GOOD: dict[str, Any] = {
    "cluster": "fastbreak-dev",
    "service": "inference",
    "name": "rotation",
    "container": "inference",
    "command": ["fastbreak-service", "rotate"],
    "environment": {"B": 2, "A": "x"},
    "task_role_arn": None,
    "timeout_seconds": 600.0,
    "poll_interval_seconds": 5.0,
}


def test_options_become_a_request() -> None:
    request = build_service_task(GOOD)
    assert request.environment == (("A", "x"), ("B", "2"))
    assert (request.command, request.task_role_arn) == (("fastbreak-service", "rotate"), "")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": ""}, "name is ''"),
        ({"name": "Rotation of it"}, "name is"),
        ({"name": "x" * 33}, "name is"),
        ({"command": []}, "command is empty"),
        ({"cluster": " "}, "cluster is empty"),
        ({"service": ""}, "service is empty"),
        ({"container": ""}, "container is empty"),
        ({"environment": {"A": None}}, "environment.A must be text"),
        ({"environment": {"A": True}}, "environment.A must be text"),
        ({"timeout_seconds": 0.0}, "timeout_seconds must be"),
        ({"timeout_seconds": float("nan")}, "timeout_seconds must be"),
        ({"poll_interval_seconds": float("inf")}, "poll_interval_seconds must be"),
    ],
)
def test_what_cannot_be_meant_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(RequestError, match="nothing was run") as caught:
        build_service_task(GOOD | change)
    assert said in caught.value.message
