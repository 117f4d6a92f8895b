# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What of a service no rollout manages."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.unmanaged import (
    changed_by_others,
    differing,
    read_unmanaged,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import (
    DeploymentSettings,
    Service,
    ServiceSettings,
)

SERVICE: dict[str, Any] = {
    "deployments": [{"status": "ACTIVE"}, {"status": "PRIMARY", "serviceConnectConfiguration": {"enabled": True}}],
    "placementConstraints": [{"type": "distinctInstance"}],
    "deploymentConfiguration": {"strategy": "ROLLING", "deploymentCircuitBreaker": {"enable": True, "rollback": True}},
    "loadBalancers": [{"targetGroupArn": "a", "containerName": "app", "containerPort": 1}],
    "availabilityZoneRebalancing": "ENABLED",
}
BREAKER = {"thresholdConfiguration": {"type": "COUNT", "value": 3}}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"placementConstraints": []}, "placement constraints was taken away"),
        ({"placementStrategy": [{"type": "spread"}]}, "placement strategy was set"),
        ({"serviceRegistries": [{"registryArn": "r"}]}, "service discovery (serviceRegistries) was set"),
        (
            {"availabilityZoneRebalancing": "DISABLED"},
            "rebalancing over zones (availabilityZoneRebalancing) was changed",
        ),
        ({"deployments": [{"status": "PRIMARY"}]}, "Service Connect was taken away"),
        ({"deploymentConfiguration": {"deploymentCircuitBreaker": BREAKER}}, "circuit breaker's threshold was set"),
        (
            {"loadBalancers": [{"targetGroupArn": "a", "loadBalancerName": "classic"}]},
            "load balancers (beside target groups) was set",
        ),
    ],
)
def test_what_differs_is_told_by_name(change: dict[str, Any], said: str) -> None:
    assert differing(read_unmanaged(SERVICE), read_unmanaged({**SERVICE, **change})) == (said,)


def test_the_service_connect_volumes_and_lattice_are_those_of_the_primary_deployment() -> None:
    after = copy.deepcopy(SERVICE)
    after["deployments"][1] |= {"volumeConfigurations": [{"name": "v"}], "vpcLatticeConfigurations": [{"roleArn": "r"}]}
    assert differing(read_unmanaged(SERVICE), read_unmanaged(after)) == (
        "VPC Lattice (vpcLatticeConfigurations) was set",
        "volumes (volumeConfigurations) was set",
    )


def test_what_a_rollout_sends_and_what_ecs_counts_is_no_difference() -> None:
    after = {
        **SERVICE,
        "runningCount": 7,
        "events": [{"message": "m"}],
        "deploymentConfiguration": {"strategy": "CANARY", "deploymentCircuitBreaker": {"enable": False}},
        "loadBalancers": [{"targetGroupArn": "b", "containerName": "app", "containerPort": 2}],
        "placementStrategy": [],
        "propagateTags": "SERVICE",
    }
    assert differing(read_unmanaged(SERVICE), read_unmanaged(after)) == ()


def service(strategy: str, **own: Any) -> Service:
    settings = ServiceSettings(deployment=DeploymentSettings(strategy=strategy, own=own))
    return Service("arn", "web", "ACTIVE", "web:1", 1, 1, settings)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (service("LINEAR"), service("LINEAR", hooks=["h"]), ("deployment configuration (hooks) was set",)),
        (service("LINEAR", steps={"percent": 5}), service("LINEAR", steps={"percent": 9}), ()),
        (service("LINEAR", hooks=["h"]), service("LINEAR", hooks=["h"], steps={"percent": 9}), ()),
        (service("LINEAR", hooks=["h"]), service("ROLLING"), ()),
    ],
)
def test_members_of_the_strategy_are_of_others_unless_they_are_wanted(
    before: Service, after: Service, said: tuple[str, ...]
) -> None:
    wanted = DeploymentSettings(strategy="LINEAR", own={"steps": {"percent": 9}})
    assert changed_by_others(before, after, wanted) == said


@pytest.mark.parametrize(("switched", "said"), [(True, ()), (False, ("circuit breaker's threshold was set",))])
def test_a_threshold_that_comes_with_the_breaker_is_nobody_elses(switched: bool, said: tuple[str, ...]) -> None:
    def service(breaker: bool, unmanaged: dict[str, str]) -> Service:
        settings = ServiceSettings(deployment=DeploymentSettings(circuit_breaker=breaker))
        return Service("arn", "web", "ACTIVE", "web:1", 2, 2, settings, unmanaged=frozenset(unmanaged.items()))

    after = service(True, {"circuit breaker's threshold": "{}"})
    assert changed_by_others(service(not switched, {}), after, after.settings.deployment) == said
