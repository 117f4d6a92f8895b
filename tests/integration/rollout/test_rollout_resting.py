# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A worker without work has no task: it is woken by what comes, and for a release."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RolledBackError

from sandbox.wait import until

if TYPE_CHECKING:
    from tests.integration.rollout.platform import Platform

SECONDS = 120


class Queue:
    """What an API tells of its queue, oftener than once a minute: the sandbox's are short."""

    def __init__(self, platform: Platform) -> None:
        self.namespace = f"Fastbreak/{platform.environment}"
        self.backlog = 0
        self._cloudwatch = platform.connect("cloudwatch")
        self._ended = threading.Event()
        self._teller = threading.Thread(target=self._tell)

    def __enter__(self) -> Self:
        self._teller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._teller.join()

    def _tell(self) -> None:
        while not self._ended.wait(1.0):
            now = datetime.now(UTC)
            data = [
                {"MetricName": name, "Value": float(value), "Timestamp": now}
                for name, value in (("QueueBacklog", self.backlog), ("QueueWaiting", max(0, self.backlog - 1)))
            ]
            self._cloudwatch.put_metric_data(Namespace=self.namespace, MetricData=data)


def worker(platform: Platform, queue: Queue, **scaling: Any) -> dict[str, Any]:
    definition = platform.task_definition()
    (container,) = definition["containerDefinitions"]
    own = {name: value for name, value in container.items() if name != "portMappings"}
    family = {"family": f"{platform.family}-worker", "containerDefinitions": [{**own, "command": ["sleep", "3600"]}]}
    night = {"name": "night", "schedule": "cron(0 3 1 1 ? *)", "minimum": 0, "maximum": 0}
    bounds = {"minimum": 0, "maximum": 2, "cpu_percent": 0, "backlog_namespace": queue.namespace}
    return {
        "service": "web-worker",
        "task_definition": {**definition, **family},
        "desired_count": None,
        "load_balanced": False,
        **dict.fromkeys(("load_balancer", "listener_rules", "url")),
        "gates": [{"kind": "task_stability", "bake_seconds": 2, "deadline_seconds": 60}],
        "scaling": {**bounds, "rest_after_seconds": 60, "scheduled_actions": [night], **scaling},
    }


def desired(platform: Platform) -> int:
    (service,) = platform.ecs.describe_services(cluster=platform.cluster, services=["web-worker"])["services"]
    return int(service["desiredCount"])


def standing(platform: Platform) -> tuple[list[str], list[str], tuple[int, int, bool]]:
    """The policies, their alarms, and the bounds with whether the schedule is suspended."""
    scaling, resource = platform.connect("application-autoscaling"), f"service/{platform.cluster}/web-worker"
    policies = scaling.describe_scaling_policies(ServiceNamespace="ecs", ResourceId=resource)["ScalingPolicies"]
    prefix = f"fastbreak-scaling/{platform.cluster}/"
    alarms = platform.connect("cloudwatch").describe_alarms(AlarmNamePrefix=prefix)["MetricAlarms"]
    targets = scaling.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=[resource])["ScalableTargets"]
    bounds = [
        (each["MinCapacity"], each["MaxCapacity"], each["SuspendedState"]["ScheduledScalingSuspended"])
        for each in targets
    ]
    return (
        sorted(policy["PolicyName"] for policy in policies),
        sorted(alarm["AlarmName"].removeprefix(prefix) for alarm in alarms),
        bounds[0] if bounds else (0, 0, False),
    )


def test_a_worker_rests_without_work_and_is_woken_by_it_and_for_a_release(platform: Platform) -> None:
    with Queue(platform) as queue:
        platform.push("1.0.0")
        own = worker(platform, queue)
        platform.roll_out("1.0.0", **own)
        there = (["fastbreak-rest", "fastbreak-wake"], ["web-worker/rest", "web-worker/wake"], (0, 2, False))
        assert standing(platform) == there
        assert until(lambda: desired(platform) == 0, SECONDS, pause=1), "nothing put it to rest"
        for check_mode in (True, False):
            again = platform.roll_out("1.0.0", check_mode=check_mode, **own)
            assert not again["changed"], again["diff"]
        queue.backlog = 3
        assert until(lambda: desired(platform) == 1, SECONDS, pause=1), "nothing woke it"
        queue.backlog = 0
        assert until(lambda: desired(platform) == 0, SECONDS, pause=1), "nothing put it to rest again"

        platform.push("1.1.0")
        done = platform.roll_out("1.1.0", **own)
        assert (done["action"], platform.records()[-1]["outcome"]) == ("deploy", "SUCCEEDED")
        assert standing(platform) == there
        assert until(lambda: desired(platform) == 0, SECONDS, pause=1), "it does not rest after a release"

        platform.push("1.2.0")
        definition = own["task_definition"]
        (container,) = definition["containerDefinitions"]
        broken = {**definition, "containerDefinitions": [{**container, "command": ["false"]}]}
        with pytest.raises(RolledBackError):
            platform.roll_out("1.2.0", **{**own, "task_definition": broken})
        assert standing(platform) == there
        assert not platform.roll_out("1.1.0", **own)["changed"]
        platform.roll_out("1.1.0", **worker(platform, queue, minimum=1, scheduled_actions=[]))
        assert standing(platform) == ([], [], (1, 2, False))
        platform.roll_out("1.1.0", **own)
    platform.roll_out(None, **{**own, "state": "absent"})
    assert standing(platform) == ([], [], (0, 0, False))
