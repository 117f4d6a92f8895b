# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Application Auto Scaling of ECS services through boto3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..._aws.api import AwsClient
from ..values import Scaling

if TYPE_CHECKING:
    from collections.abc import Mapping

_DIMENSION = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}
_MISSING = frozenset({"ObjectNotFoundException"})
_METRIC = "ECSServiceAverageCPUUtilization"

_TARGET_KEYS = ("MinCapacity", "MaxCapacity", "SuspendedState")
_POLICY_KEYS = (
    "PolicyType",
    "TargetTrackingScalingPolicyConfiguration",
    "StepScalingPolicyConfiguration",
    "PredictiveScalingPolicyConfiguration",
)


class ScalingClient(AwsClient):
    """The scalable targets of one account and region."""

    label = "Application Auto Scaling"

    def describe_scaling(self, cluster: str, service: str) -> Scaling | None:
        """The service's scalable target with its policy."""
        pages = self._pages(
            f"describe the scaling of service {service}",
            "describe_scalable_targets",
            ResourceIds=[_resource(cluster, service)],
            **_DIMENSION,
        )
        target = next((target for page in pages for target in page["ScalableTargets"]), None)
        if target is None:
            return None
        policy = self._policy(cluster, service)
        return Scaling(
            minimum=target["MinCapacity"],
            maximum=target["MaxCapacity"],
            cpu_percent=float(policy.get("TargetValue", 0)),
            scale_in_cooldown_seconds=policy.get("ScaleInCooldown", 300),
            scale_out_cooldown_seconds=policy.get("ScaleOutCooldown", 300),
        )

    def _policy(self, cluster: str, service: str) -> dict[str, Any]:
        pages = self._pages(
            f"describe the scaling policies of service {service}",
            "describe_scaling_policies",
            ResourceId=_resource(cluster, service),
            **_DIMENSION,
        )
        policies = (policy for page in pages for policy in page["ScalingPolicies"])
        ours: dict[str, Any] = next(
            (policy for policy in policies if policy["PolicyName"] == _policy_name(service)), {}
        )
        return dict(ours.get("TargetTrackingScalingPolicyConfiguration", {}))

    def put_scaling(self, cluster: str, service: str, scaling: Scaling) -> None:
        """Register the scalable target and its policy."""
        resource = _resource(cluster, service)
        self._call(
            f"register the scaling of service {service}",
            "register_scalable_target",
            ResourceId=resource,
            MinCapacity=scaling.minimum,
            MaxCapacity=scaling.maximum,
            **_DIMENSION,
        )
        if not scaling.cpu_percent:
            self._find(
                f"delete the scaling policy of service {service}",
                "delete_scaling_policy",
                _MISSING,
                ResourceId=resource,
                PolicyName=_policy_name(service),
                **_DIMENSION,
            )
            return
        self._call(
            f"put the scaling policy of service {service}",
            "put_scaling_policy",
            ResourceId=resource,
            PolicyName=_policy_name(service),
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": scaling.cpu_percent,
                "PredefinedMetricSpecification": {"PredefinedMetricType": _METRIC},
                "ScaleInCooldown": scaling.scale_in_cooldown_seconds,
                "ScaleOutCooldown": scaling.scale_out_cooldown_seconds,
            },
            **_DIMENSION,
        )

    def read_policies(self, cluster: str, service: str) -> Mapping[str, Any] | None:
        """The scalable target with all its policies, whole, as plain data; None without one."""
        pages = self._pages(
            f"describe the scaling of service {service}",
            "describe_scalable_targets",
            ResourceIds=[_resource(cluster, service)],
            **_DIMENSION,
        )
        target = next((target for page in pages for target in page["ScalableTargets"]), None)
        if target is None:
            return None
        policies = self._pages(
            f"describe the scaling policies of service {service}",
            "describe_scaling_policies",
            ResourceId=_resource(cluster, service),
            **_DIMENSION,
        )
        found = (policy for page in policies for policy in page["ScalingPolicies"])
        return {
            "target": {key: target[key] for key in _TARGET_KEYS if target.get(key) is not None},
            "policies": {
                policy["PolicyName"]: {key: policy[key] for key in _POLICY_KEYS if policy.get(key)} for policy in found
            },
        }

    def restore_policies(self, cluster: str, service: str, whole: Mapping[str, Any]) -> None:
        """Make the scalable target and its policies what `read_policies` gave."""
        resource, present = _resource(cluster, service), self.read_policies(cluster, service) or {"policies": {}}
        self._call(
            f"restore the scaling of service {service}",
            "register_scalable_target",
            ResourceId=resource,
            **_DIMENSION,
            **whole["target"],
        )
        for name in sorted(set(present["policies"]) - set(whole["policies"])):
            self._find(
                f"delete the scaling policy {name}",
                "delete_scaling_policy",
                _MISSING,
                ResourceId=resource,
                PolicyName=name,
                **_DIMENSION,
            )
        for name, policy in sorted(whole["policies"].items()):
            if present["policies"].get(name) != policy:
                self._call(
                    f"restore the scaling policy {name}",
                    "put_scaling_policy",
                    ResourceId=resource,
                    PolicyName=name,
                    **_DIMENSION,
                    **policy,
                )

    def remove_scaling(self, cluster: str, service: str) -> bool:
        """Deregister the scalable target. False when there was none."""
        answer = self._find(
            f"deregister the scaling of service {service}",
            "deregister_scalable_target",
            _MISSING,
            ResourceId=_resource(cluster, service),
            **_DIMENSION,
        )
        return answer is not None


def _resource(cluster: str, service: str) -> str:
    return f"service/{cluster.rpartition('/')[2]}/{service}"


def _policy_name(service: str) -> str:
    return f"{service}-cpu"
