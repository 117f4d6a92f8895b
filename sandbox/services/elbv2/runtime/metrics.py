# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A load balancer's traffic in CloudWatch, as AWS/ApplicationELB. Follows the ALB user guide, "CloudWatch metrics"."""

import threading
import time
from collections import Counter
from collections.abc import Iterable

from sandbox.ministack import arns, cloudwatch, responses
from sandbox.services.elbv2.model import records
from sandbox.services.elbv2.model.health import State
from sandbox.services.elbv2.model.targets import Registry

NAMESPACE = "AWS/ApplicationELB"
_RESPONSE_TIME = "TargetResponseTime"
_Key = tuple[str, str | None, str]


class Metrics:
    """Samples by load balancer, target group (or None) and metric; safe from any thread."""

    def __init__(self) -> None:
        self._samples: dict[_Key, Counter[float]] = {}
        self._lock = threading.Lock()

    def target_chosen(self, load_balancer: str, group: str) -> None:
        """A request is on its way to a target: only these count as RequestCount."""
        self._count(load_balancer, (None, group), ["RequestCount"])

    def target_answered(self, load_balancer: str, group: str, status: int, seconds: float) -> None:
        """A target began to answer with `status`, `seconds` after it got the request."""
        self._count(load_balancer, (None, group), [f"HTTPCode_Target_{status // 100}XX_Count"])
        for dimension in (None, group):
            self._add((load_balancer, dimension, _RESPONSE_TIME), round(seconds, 3))

    def target_failed(self, load_balancer: str, group: str) -> None:
        """No connection to a target, or it broke."""
        self._count(load_balancer, (None, group), ["TargetConnectionErrorCount"])

    def failed(self, load_balancer: str, status: int) -> None:
        """The load balancer answered with an error of its own."""
        names = [f"HTTPCode_ELB_{status // 100}XX_Count"]
        if status in (500, 502, 503, 504):
            names.append(f"HTTPCode_ELB_{status}_Count")
        self._count(load_balancer, (None,), names)

    def acted(self, load_balancer: str, action: str) -> None:
        """A rule answered without a target."""
        name = {"fixed-response": "HTTP_Fixed_Response_Count", "redirect": "HTTP_Redirect_Count"}[action]
        self._count(load_balancer, (None,), [name])

    def _count(self, load_balancer: str, groups: Iterable[str | None], names: Iterable[str]) -> None:
        for name in names:
            for group in groups:
                self._add((load_balancer, group, name), 1.0)

    def _add(self, key: _Key, value: float) -> None:
        with self._lock:
            self._samples.setdefault(key, Counter())[value] += 1

    def publish(self, registry: Registry) -> None:
        """Put what came in since the last time, and the host counts of now, into CloudWatch."""
        with self._lock:
            samples, self._samples = self._samples, {}
        for key, values in samples.items():
            _put(key, values, "Seconds" if key[2] == _RESPONSE_TIME else "Count")
        self._publish_per_target(samples, registry)
        for group in {target.group_arn for target in registry.all()}:
            states = Counter(target.health.state for target in registry.of_group(group))
            for load_balancer in records.load_balancers_using(group):
                for name, state in (("HealthyHostCount", State.HEALTHY), ("UnHealthyHostCount", State.UNHEALTHY)):
                    _put((load_balancer, group, name), Counter({float(states[state]): 1}), "Count")

    @staticmethod
    def _publish_per_target(samples: dict[_Key, Counter[float]], registry: Registry) -> None:
        """What a target of each group got, which is what services scale by."""
        for (load_balancer, group, name), values in samples.items():
            if name != "RequestCount" or group is None:
                continue
            healthy = sum(target.health.state is State.HEALTHY for target in registry.of_group(group))
            share = values.total() / max(healthy, 1)
            _put((load_balancer, group, "RequestCountPerTarget"), Counter({share: 1}), "Count")


def _put(key: _Key, values: Counter[float], unit: str) -> None:
    load_balancer, group, name = key
    arn = arns.parse_arn(load_balancer)
    dimensions = {"LoadBalancer": arn.resource.removeprefix("loadbalancer/")}
    if group:
        dimensions["TargetGroup"] = arns.parse_arn(group).resource
    counts = [float(count) for count in values.values()]
    with responses.request_scope(arn.account_id, arn.region):
        cloudwatch._store_datum(NAMESPACE, name, dimensions, time.time(), unit, None, list(values), counts, None)
