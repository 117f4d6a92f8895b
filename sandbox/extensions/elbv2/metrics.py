"""Counts of a load balancer's traffic, published to CloudWatch as AWS/ApplicationELB does."""

import threading
from collections import Counter
from collections.abc import Iterable

from aiohttp import web
from ministack.core.arn import parse_arn
from ministack.core.responses import request_scope
from ministack.services import cloudwatch

from sandbox.extensions.elbv2 import model
from sandbox.extensions.elbv2.health import State
from sandbox.extensions.elbv2.targets import Registry

NAMESPACE = "AWS/ApplicationELB"
_Key = tuple[str, str | None, str]


class Metrics:
    """Counters by load balancer, target group (or None) and metric; safe from any thread."""

    def __init__(self) -> None:
        self._counts: Counter[_Key] = Counter()
        self._lock = threading.Lock()

    def answered(self, load_balancer: str, response: web.StreamResponse) -> None:
        """A client got its answer."""
        names = ["RequestCount"]
        if isinstance(response, web.Response) and response.status >= 500:
            names += ["HTTPCode_ELB_5XX_Count", f"HTTPCode_ELB_{response.status}_Count"]
        self._add((load_balancer, None, name) for name in names)

    def target_answered(self, load_balancer: str, group: str, status: int) -> None:
        """A target answered with `status`."""
        names = ("RequestCount", f"HTTPCode_Target_{status // 100}XX_Count")
        self._add([(load_balancer, group, name) for name in names] + [(load_balancer, None, names[1])])

    def failed(self, load_balancer: str) -> None:
        """A target could not be talked to."""
        self._add([(load_balancer, None, "TargetConnectionErrorCount")])

    def _add(self, keys: Iterable[_Key]) -> None:
        with self._lock:
            self._counts.update(keys)

    def publish(self, registry: Registry) -> None:
        """Put what was counted since the last time, and the host counts of now, into CloudWatch."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        for (load_balancer, group, name), count in counts.items():
            _put(load_balancer, group, name, float(count), "Count")
        for group_arn in {target.group_arn for target in registry.all()}:
            states = Counter(target.health.state for target in registry.of_group(group_arn))
            for load_balancer in model.load_balancers_using(group_arn):
                _put(load_balancer, group_arn, "HealthyHostCount", float(states[State.HEALTHY]), "Count")
                _put(load_balancer, group_arn, "UnHealthyHostCount", float(states[State.UNHEALTHY]), "Count")


def _put(load_balancer: str, group: str | None, name: str, value: float, unit: str) -> None:
    arn = parse_arn(load_balancer)
    dimensions = {"LoadBalancer": arn.resource.removeprefix("loadbalancer/")}
    if group:
        dimensions["TargetGroup"] = parse_arn(group).resource
    with request_scope(arn.account_id, arn.region):
        cloudwatch.record_metric(NAMESPACE, name, value, unit, dimensions)
