# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The strategy ROLLING: when a deployment could move."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters.ecs_answers import (
    read_deployment_settings,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters.ecs_requests import write_settings
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.comparison import changed_settings
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.strategies.rolling import Rolling
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import DeploymentSettings, ServiceSettings
from hypothesis import given
from hypothesis import strategies as st

from sandbox.services.ecs.model.validation import check_deployment_configuration


@pytest.mark.parametrize(
    ("least", "most", "desired", "moves"),
    [
        (100, 100, 4, False),
        (100, 200, 1, True),
        (100, 150, 1, False),
        (100, 150, 2, True),
        (100, 110, 5, False),
        (100, 110, 10, True),
        (50, 100, 1, False),
        (50, 100, 2, True),
        (0, 100, 1, True),
        (75, 100, 2, False),
        (-1, 200, 2, False),
        (100, 0, 2, False),
        (150, 120, 2, False),
        (101, 200, 2, False),
        (50, 99, 2, False),
    ],
)
def test_deployment_that_cannot_move_is_refused(least: int, most: int, desired: int, moves: bool) -> None:
    settings = DeploymentSettings(minimum_healthy_percent=least, maximum_percent=most)
    assert (list(Rolling().problems(settings, desired)) == []) is moves


@given(st.integers(0, 100), st.integers(100, 200), st.integers(1, 50))
def test_deployment_moves_when_a_task_may_start_or_stop(least: int, most: int, desired: int) -> None:
    may_start = any(count * 100 <= desired * most for count in range(desired + 1, 3 * desired))
    may_stop = (desired - 1) * 100 >= desired * least
    settings = DeploymentSettings(minimum_healthy_percent=least, maximum_percent=most)
    assert (list(Rolling().problems(settings, desired)) == []) is (may_start or may_stop)


SHARED = {"minimum_healthy_percent": 50, "maximum_percent": 200, "circuit_breaker": True, "alarms": []}
NOTHING: dict[str, Any] = dict.fromkeys(Rolling.options)


def told(**given: Any) -> list[str]:
    return [*Rolling().problems(Rolling().read({**NOTHING, **SHARED, **given}), 4)]


@pytest.mark.parametrize(
    ("given", "own"),
    [
        ({}, {}),
        (
            {"breaker_threshold": 30},
            {"deploymentCircuitBreaker": {"thresholdConfiguration": {"type": "BOUNDED_PERCENT", "value": 30}}},
        ),
        ({"breaker_resets_on_healthy_task": False}, {"deploymentCircuitBreaker": {"resetOnHealthyTask": False}}),
        (
            {"early_success_percent": 75},
            {
                "earlySuccessCriteria": {
                    "enable": True,
                    "healthyPercent": 75,
                    "sourceServiceRevisionCleanup": "BLOCKING",
                }
            },
        ),
    ],
)
def test_only_what_is_given_is_asked_of_ecs(given: dict[str, Any], own: dict[str, Any]) -> None:
    settings = Rolling().read({**NOTHING, **SHARED, **given})
    assert settings.own == own
    assert told(**given) == []
    written = write_settings(ServiceSettings(deployment=settings))["deploymentConfiguration"]
    assert written["deploymentCircuitBreaker"] == {
        "enable": True,
        "rollback": True,
        **own.get("deploymentCircuitBreaker", {}),
    }
    assert differing(written, settings) == ()
    check_deployment_configuration(written)


def differing(there: dict[str, Any], wanted: DeploymentSettings) -> tuple[str, ...]:
    """What a release would change of a service that ECS describes so."""
    found = read_deployment_settings(there)
    return changed_settings(ServiceSettings(deployment=found), ServiceSettings(deployment=wanted))


def test_what_is_not_given_is_left_as_the_service_has_it() -> None:
    nothing = Rolling().read({**NOTHING, **SHARED})
    there = write_settings(ServiceSettings(deployment=nothing))["deploymentConfiguration"]
    there["deploymentCircuitBreaker"] |= {"thresholdConfiguration": {"type": "BOUNDED_PERCENT", "value": 50}}
    assert differing(there, nothing) == ()
    assert differing(there, Rolling().read({**NOTHING, **SHARED, "breaker_threshold": 50})) == ()
    assert differing(there, Rolling().read({**NOTHING, **SHARED, "breaker_threshold": 30})) == ("deployment",)
    assert differing(there, Rolling().read({**NOTHING, **SHARED, "early_success_percent": 90})) == ("deployment",)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"breaker_threshold": 0}, "breaker_threshold"),
        ({"breaker_threshold": -1, "breaker_threshold_type": "COUNT"}, "breaker_threshold"),
        ({"breaker_threshold": 101}, "breaker_threshold"),
        ({"breaker_threshold": 101, "breaker_threshold_type": "UNBOUNDED_PERCENT"}, "breaker_threshold"),
        ({"breaker_threshold_type": "COUNT"}, "breaker_threshold is not given"),
        ({"breaker_threshold": 5, "circuit_breaker": False}, "circuit_breaker is false"),
        ({"early_success_percent": 49}, "early_success_percent is 49"),
        ({"early_success_percent": 101}, "early_success_percent is 101"),
        ({"early_success_cleanup": "DEFERRED"}, "early_success_percent is not given"),
    ],
)
def test_what_ecs_refuses_is_refused_before_anything_is_changed(given: dict[str, Any], field: str) -> None:
    (problem,) = told(**given)
    assert f"deployment.{field}" in problem


def test_tasks_that_failed_may_be_more_than_a_hundred() -> None:
    assert told(breaker_threshold=500, breaker_threshold_type="COUNT") == []
