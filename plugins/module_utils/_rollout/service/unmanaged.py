# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a service no rollout manages: it is left as it is, and what of it differs after a release is said."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ..values import BREAKER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ..values import DeploymentSettings, Service

    Answer = Mapping[str, Any]

Unmanaged = frozenset[tuple[str, str]]

# By the field of a `Service` of the ECS API.
_SERVICE: Mapping[str, str] = {
    "serviceRegistries": "service discovery (serviceRegistries)",
    "placementConstraints": "placement constraints",
    "placementStrategy": "placement strategy",
    "availabilityZoneRebalancing": "rebalancing over zones (availabilityZoneRebalancing)",
    "roleArn": "role (roleArn)",
    "resourceManagementType": "management (resourceManagementType)",
}
# ECS shows these at the deployments of a service alone: they are those of the primary one.
_DEPLOYMENT: Mapping[str, str] = {
    "serviceConnectConfiguration": "Service Connect",
    "volumeConfigurations": "volumes (volumeConfigurations)",
    "vpcLatticeConfigurations": "VPC Lattice (vpcLatticeConfigurations)",
}
_THRESHOLD = "circuit breaker's threshold"
# What a rollout itself sends of a circuit breaker and a load balancer.
_SENT_OF_BREAKER = frozenset({"enable", "rollback"})
_SENT_OF_BALANCER = frozenset({"targetGroupArn", "containerName", "containerPort", "advancedConfiguration"})


def read_unmanaged(answer: Answer) -> Unmanaged:
    """The unmanaged settings of a `Service` of the API that are set: what each is called, and its value as JSON."""
    return _as_json(_set(answer))


def _as_json(members: Iterable[tuple[str, Any]]) -> Unmanaged:
    return frozenset((name, json.dumps(value, sort_keys=True, default=str)) for name, value in members if value)


def _set(answer: Answer) -> Iterator[tuple[str, Any]]:
    deployments = answer.get("deployments", [])
    primary: Answer = next((deployed for deployed in deployments if deployed.get("status") == "PRIMARY"), {})
    yield from ((name, answer.get(field)) for field, name in _SERVICE.items())
    yield from ((name, primary.get(field)) for field, name in _DEPLOYMENT.items())
    breaker = answer.get("deploymentConfiguration", {}).get("deploymentCircuitBreaker", {})
    yield _THRESHOLD, _others(breaker, _SENT_OF_BREAKER)
    balancers = [_others(balancer, _SENT_OF_BALANCER) for balancer in answer.get("loadBalancers", [])]
    yield "load balancers (beside target groups)", [others for others in balancers if others]


def _others(answer: Answer, sent: Iterable[str]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name not in frozenset(sent)}


def differing(before: Unmanaged, after: Unmanaged) -> tuple[str, ...]:
    """What each is called that was set, changed or taken away, and how; values are not told."""
    left, right = dict(before), dict(after)
    return tuple(
        f"{name} {'was set' if name not in left else 'was taken away' if name not in right else 'was changed'}"
        for name in sorted({*left, *right})
        if left.get(name) != right.get(name)
    )


def changed_by_others(before: Service, after: Service, wanted: DeploymentSettings) -> tuple[str, ...]:
    """What of the service differs though no rollout manages it, where *wanted* is managed.

    Members of the deployment configuration go with the strategy: a change of it is no change of theirs.
    """
    left, right = before.unmanaged, after.unmanaged
    if before.settings.deployment.strategy == after.settings.deployment.strategy:
        left, right = left | _beside(before, wanted), right | _beside(after, wanted)
    if BREAKER in wanted.own:
        left, right = _without_threshold(left), _without_threshold(right)
    if before.settings.deployment.circuit_breaker != after.settings.deployment.circuit_breaker:
        # ECS fills the threshold in when the breaker is switched on.
        left, right = _without_threshold(left), _without_threshold(right)
    return differing(left, right)


def _without_threshold(settings: Unmanaged) -> Unmanaged:
    return frozenset((name, value) for name, value in settings if name != _THRESHOLD)


def _beside(service: Service, wanted: DeploymentSettings) -> Unmanaged:
    own = service.settings.deployment.own
    return _as_json(
        (f"deployment configuration ({name})", own[name]) for name in own if name not in {*wanted.own, BREAKER}
    )
