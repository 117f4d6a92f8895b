"""Application Auto Scaling against recorded answers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters.scaling import ScalingClient
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import Scaling

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.stub import Stubber

DIMENSION = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}
TARGETS = {**DIMENSION, "ResourceIds": ["service/c/web"]}
POLICIES = {**DIMENSION, "ResourceId": "service/c/web"}


def policy(name: str, percent: float) -> dict[str, Any]:
    return {
        "PolicyARN": "arn",
        "PolicyName": name,
        **DIMENSION,
        "ResourceId": "service/c/web",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {
            "TargetValue": percent,
            "ScaleInCooldown": 30,
            "ScaleOutCooldown": 10,
        },
        "CreationTime": datetime(2026, 1, 1, tzinfo=UTC),
    }


def test_target_and_policy_are_looked_for_on_every_page(stubbed: Callable[[str], tuple[Any, Stubber]]) -> None:
    client, stub = stubbed("application-autoscaling")
    target = {
        **DIMENSION,
        "ResourceId": "service/c/web",
        "MinCapacity": 2,
        "MaxCapacity": 6,
        "RoleARN": "role",
        "CreationTime": datetime(2026, 1, 1, tzinfo=UTC),
    }
    pages: tuple[tuple[str, str, list[Any], dict[str, Any]], ...] = (
        ("describe_scalable_targets", "ScalableTargets", [[], [], [target]], TARGETS),
        (
            "describe_scaling_policies",
            "ScalingPolicies",
            [[policy("other", 1)], [], [policy("web-cpu", 70)]],
            POLICIES,
        ),
    )
    for operation, key, (first, second, third), asked in pages:
        stub.add_response(operation, {key: first, "NextToken": "a"}, asked)
        stub.add_response(operation, {key: second, "NextToken": "b"}, {**asked, "NextToken": "a"})
        stub.add_response(operation, {key: third}, {**asked, "NextToken": "b"})
    assert ScalingClient(lambda: client).describe_scaling("c", "web") == Scaling(2, 6, 70, 30, 10)


def test_service_without_a_scalable_target_is_not_scaled(stubbed: Callable[[str], tuple[Any, Stubber]]) -> None:
    client, stub = stubbed("application-autoscaling")
    stub.add_response("describe_scalable_targets", {"ScalableTargets": []}, TARGETS)
    assert ScalingClient(lambda: client).describe_scaling("c", "web") is None


def test_policy_of_another_name_is_none_of_ours(stubbed: Callable[[str], tuple[Any, Stubber]]) -> None:
    client, stub = stubbed("application-autoscaling")
    target = {
        **DIMENSION,
        "ResourceId": "service/c/web",
        "MinCapacity": 2,
        "MaxCapacity": 6,
        "RoleARN": "role",
        "CreationTime": datetime(2026, 1, 1, tzinfo=UTC),
    }
    stub.add_response("describe_scalable_targets", {"ScalableTargets": [target]}, TARGETS)
    stub.add_response("describe_scaling_policies", {"ScalingPolicies": [policy("other", 70)]}, POLICIES)
    scaling = ScalingClient(lambda: client).describe_scaling("c", "web")
    assert scaling
    assert scaling.cpu_percent == 0
