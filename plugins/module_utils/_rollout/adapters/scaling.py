# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Application Auto Scaling of ECS services through boto3."""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from ..._aws.api import AwsClient, no_answer
from ..scaling.metrics import MARK
from ..scaling.model import Scaling, read_action, read_policy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from ..scaling.change import ScalingChange

_DIMENSION = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}
_MISSING = frozenset({"ObjectNotFoundException"})


class ScalingClient(AwsClient):
    """The scalable targets of one account and region."""

    label = "Application Auto Scaling"

    def describe_scaling(self, cluster: str, service: str) -> Scaling | None:
        """The service's scalable target, with those of its policies and scheduled actions that are ours."""
        resource = _resource(cluster, service)
        target = self._target(resource)
        if target is None:
            return None
        policies = self._pages(
            f"describe the scaling policies of {resource}",
            "describe_scaling_policies",
            ResourceId=resource,
            **_DIMENSION,
        )
        actions = self._pages(
            f"describe the scheduled actions of {resource}",
            "describe_scheduled_actions",
            ResourceId=resource,
            **_DIMENSION,
        )
        return Scaling(
            minimum=target["MinCapacity"],
            maximum=target["MaxCapacity"],
            policies=_ours(policies, "ScalingPolicies", "PolicyName", read_policy),
            actions=_ours(actions, "ScheduledActions", "ScheduledActionName", read_action),
        )

    def service_time(self) -> datetime:
        """The time by the service's own clock. Raises UnavailableError when its answer tells none."""
        attempted = "ask for the time"
        # The first page will do: only its header is read.
        answer = next(self._pages(attempted, "describe_scalable_targets", ServiceNamespace="ecs", MaxResults=1))
        told = str(answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", ""))
        try:
            moment = parsedate_to_datetime(told)
        except ValueError as error:
            raise no_answer(self.label, attempted, f"its Date is {told!r}") from error
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    def _target(self, resource: str) -> Mapping[str, Any] | None:
        pages = self._pages(
            f"describe the scalable target {resource}",
            "describe_scalable_targets",
            ResourceIds=[resource],
            **_DIMENSION,
        )
        return next((target for page in pages for target in page["ScalableTargets"]), None)

    def change_scaling(self, cluster: str, service: str, change: ScalingChange) -> None:
        """Write what *change* says, and nothing else."""
        resource, after = {"ResourceId": _resource(cluster, service), **_DIMENSION}, change.after
        if change.bounded:
            bounds = {"MinCapacity": after.minimum, "MaxCapacity": after.maximum}
            self._call(f"register the scaling of service {service}", "register_scalable_target", **resource, **bounds)
        for kind, operation, key, names in (
            ("scaling policy", "delete_scaling_policy", "PolicyName", change.gone_policies),
            ("scheduled action", "delete_scheduled_action", "ScheduledActionName", change.gone_actions),
        ):
            for name in names:
                self._find(f"delete the {kind} {name}", operation, _MISSING, **resource, **{key: name})
        for name in change.policies:
            body = after.policies[name]
            self._call(f"put the scaling policy {name}", "put_scaling_policy", PolicyName=name, **resource, **body)
        for name in change.actions:
            body = after.actions[name]
            self._call(
                f"put the scheduled action {name}", "put_scheduled_action", ScheduledActionName=name, **resource, **body
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


def _ours(
    pages: Iterable[Mapping[str, Any]], member: str, key: str, read: Callable[[Mapping[str, Any]], dict[str, Any]]
) -> dict[str, Any]:
    """Those of the *pages* whose names bear our mark, by name."""
    found = (described for page in pages for described in page[member])
    return {described[key]: read(described) for described in found if described[key].startswith(MARK)}
