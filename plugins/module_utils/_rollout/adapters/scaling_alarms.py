# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The CloudWatch alarms that call scaling policies, through boto3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..._aws.api import AwsClient
from ..scaling.metrics import MARK

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class ScalingAlarmsClient(AwsClient):
    """Alarms by the names of the policies that they call, of one service each."""

    label = "CloudWatch"

    def describe(self, resource: str, policies: Iterable[str]) -> dict[str, Mapping[str, Any]]:
        """Those alarms that are there, by the names of their *policies*."""
        names = {_name(resource, policy): policy for policy in policies}
        if not names:
            return {}
        attempted = "describe the alarms of scaling policies"
        pages = self._pages(attempted, "describe_alarms", AlarmNames=sorted(names))
        return {names[alarm["AlarmName"]]: alarm for page in pages for alarm in page["MetricAlarms"]}

    def put(self, resource: str, policy: str, policy_arn: str, alarm: Mapping[str, Any]) -> None:
        """Make *alarm* call the policy, and nothing else."""
        self._call(
            f"put the alarm of the scaling policy {policy}",
            "put_metric_alarm",
            AlarmName=_name(resource, policy),
            AlarmDescription=f"Calls the scaling policy {policy} of {resource}. Made by ecs_rollout.",
            **{**alarm, "ActionsEnabled": True, "AlarmActions": [policy_arn]},
        )

    def delete(self, resource: str, policies: Iterable[str]) -> None:
        """Delete those alarms that are there."""
        if there := self.describe(resource, policies):
            names = [_name(resource, policy) for policy in sorted(there)]
            self._call("delete the alarms of scaling policies", "delete_alarms", AlarmNames=names)


def _name(resource: str, policy: str) -> str:
    """What the alarm is called: the role of whoever deploys may write alarms of these names alone."""
    _service, cluster, name = resource.split("/")
    return f"{MARK}scaling/{cluster}/{name}/{policy.removeprefix(MARK)}"
