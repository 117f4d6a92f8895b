# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an API model of botocore does not know is told by name."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import botocore.loaders
import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters.ecs_model import unknown_settings
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import TargetBinding, TrafficShift
from botocore.model import ServiceModel

from tests.unit.plugins.module_utils._rollout.shifting import by

if TYPE_CHECKING:
    from collections.abc import Callable

    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import ServiceSettings


def settings(strategy: str = "CANARY") -> ServiceSettings:
    made: ServiceSettings = by(strategy)["settings"]
    shift = TrafficShift("arn:alternate", "arn:role", "arn:rule", "arn:test")
    return replace(made, target_bindings=frozenset({TargetBinding("arn:group", "web", 80, shift)}))


def model(change: Callable[[dict[str, Any]], object] = lambda _model: None) -> ServiceModel:
    loaded = botocore.loaders.Loader().load_service_model("ecs", "service-2")
    change(loaded)
    return ServiceModel(loaded, "ecs")


OWN = {
    "breaker_threshold": 3,
    "breaker_threshold_type": "COUNT",
    "breaker_resets_on_healthy_task": False,
    "early_success_percent": 100,
    "early_success_cleanup": "DEFERRED",
}


@pytest.mark.parametrize(
    ("shape", "member", "option", "version"),
    [
        ("DeploymentCircuitBreaker", "thresholdConfiguration", "breaker_threshold", "1.43.60"),
        ("DeploymentCircuitBreaker", "resetOnHealthyTask", "breaker_resets_on_healthy_task", "1.43.60"),
        ("DeploymentConfiguration", "earlySuccessCriteria", "early_success_percent", "1.43.100"),
    ],
)
def test_what_a_rolling_deployment_asks_for_is_told_with_the_version_that_has_it(
    shape: str, member: str, option: str, version: str
) -> None:
    asked: ServiceSettings = by("ROLLING", **OWN)["settings"]
    assert unknown_settings(model(), asked) == ()
    older = model(lambda old: old["shapes"][shape]["members"].pop(member))
    (problem,) = unknown_settings(older, asked)
    assert problem.startswith(f"deployment.{option} needs what the loaded botocore does not know")
    assert f"botocore {version} or newer" in problem
    assert unknown_settings(older, by("ROLLING")["settings"]) == ()


@pytest.mark.parametrize("strategy", ["ROLLING", "BLUE_GREEN", "LINEAR", "CANARY"])
def test_the_loaded_model_knows_every_strategy(strategy: str) -> None:
    assert unknown_settings(model(), settings(strategy)) == ()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda old: old["shapes"]["DeploymentStrategy"]["enum"].remove("CANARY"), "strategy must be one of"),
        (
            lambda old: old["shapes"]["DeploymentConfiguration"]["members"].pop("canaryConfiguration"),
            "canaryConfiguration",
        ),
        (lambda old: old["shapes"]["DeploymentLifecycleHook"]["members"].pop("timeoutConfiguration"), "timeoutConfig"),
        (lambda old: old["shapes"]["LoadBalancer"]["members"].pop("advancedConfiguration"), "advancedConfiguration"),
        (lambda old: old["operations"].pop("ContinueServiceDeployment"), "has no ContinueServiceDeployment"),
    ],
)
def test_what_an_older_model_lacks_is_told_with_the_version_that_has_it(
    change: Callable[[dict[str, Any]], object], told: str
) -> None:
    (problem,) = unknown_settings(model(change), settings())
    assert problem.startswith("deployment.strategy CANARY needs what the loaded botocore does not know")
    assert told in problem
    assert "botocore 1.43.10 or newer" in problem
