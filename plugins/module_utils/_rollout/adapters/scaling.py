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
from ..scaling.model import ALARM, STEPPING, Scaling, read_action, read_alarm, read_policy
from ..scaling.rest import REST, WAKE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from ..scaling.change import ScalingChange
    from .scaling_alarms import ScalingAlarmsClient

_DIMENSION = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}
_MISSING = frozenset({"ObjectNotFoundException"})


class ScalingClient(AwsClient):
    """The scalable targets of one account and region."""

    label = "Application Auto Scaling"

    def __init__(self, connect: Callable[[], Any], alarms: ScalingAlarmsClient) -> None:
        super().__init__(connect)
        self._alarms = alarms

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
            policies=self._with_alarms(resource, _ours(policies, "ScalingPolicies", "PolicyName")),
            actions={
                name: read_action(found)
                for name, found in _ours(actions, "ScheduledActions", "ScheduledActionName").items()
            },
            suspended=bool(target.get("SuspendedState", {}).get("ScheduledScalingSuspended")),
        )

    def _with_alarms(self, resource: str, described: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        """The policies as they are compared, with the alarms of those that an alarm calls."""
        policies = {name: read_policy(found) for name, found in described.items()}
        alarms = self._alarms.describe(resource, [name for name, policy in policies.items() if STEPPING in policy])
        for name, alarm in alarms.items():
            policies[name][ALARM] = read_alarm(alarm, described[name]["PolicyARN"])
        return policies

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
            bounds: dict[str, Any] = {"MinCapacity": after.minimum, "MaxCapacity": after.maximum}
            if change.suspends is not None:
                bounds["SuspendedState"] = {"ScheduledScalingSuspended": change.suspends}
            self._call(f"register the scaling of service {service}", "register_scalable_target", **resource, **bounds)
        self._alarms.delete(resource["ResourceId"], {WAKE, REST} & set(change.gone_policies))
        for kind, operation, key, names in (
            ("scaling policy", "delete_scaling_policy", "PolicyName", change.gone_policies),
            ("scheduled action", "delete_scheduled_action", "ScheduledActionName", change.gone_actions),
        ):
            for name in names:
                self._find(f"delete the {kind} {name}", operation, _MISSING, **resource, **{key: name})
        for name in change.policies:
            self._put_policy(resource, name, after.policies[name])
        for name in change.actions:
            body = after.actions[name]
            self._call(
                f"put the scheduled action {name}", "put_scheduled_action", ScheduledActionName=name, **resource, **body
            )

    def _put_policy(self, resource: Mapping[str, str], name: str, policy: Mapping[str, Any]) -> None:
        body = {key: value for key, value in policy.items() if key != ALARM}
        put = self._call(f"put the scaling policy {name}", "put_scaling_policy", PolicyName=name, **resource, **body)
        if ALARM in policy:
            self._alarms.put(resource["ResourceId"], name, put["PolicyARN"], policy[ALARM])

    def remove_scaling(self, cluster: str, service: str) -> bool:
        """Deregister the scalable target, whose policies go with it, and delete their alarms. False: there was none."""
        self._alarms.delete(_resource(cluster, service), (REST, WAKE))
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


def _ours(pages: Iterable[Mapping[str, Any]], member: str, key: str) -> dict[str, Mapping[str, Any]]:
    """Those of the *pages* whose names bear our mark, by name."""
    found = (described for page in pages for described in page[member])
    return {described[key]: described for described in found if described[key].startswith(MARK)}
