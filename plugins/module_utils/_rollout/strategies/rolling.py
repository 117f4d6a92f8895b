# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The strategy ``ROLLING``: ECS replaces tasks a few at a time, and each new one gets traffic once it is healthy."""

from __future__ import annotations

from math import ceil, floor
from typing import TYPE_CHECKING, Any, ClassVar

from ..stages import Stage
from ..values import BREAKER
from .model import Strategy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..values import DeploymentSettings

_EARLY = "earlySuccessCriteria"
#: What the number is of: the desired tasks, within bounds that ECS sets, or without these; or tasks that failed.
_THRESHOLDS = ("BOUNDED_PERCENT", "UNBOUNDED_PERCENT", "COUNT")
_ALL = 100


class Rolling(Strategy):
    """Bounded by how many tasks stay healthy and how many run at most."""

    name: ClassVar[str] = "ROLLING"
    stages: ClassVar[frozenset[Stage]] = frozenset({Stage.AFTER_TRAFFIC})
    can_hold: ClassVar[bool] = False
    options: ClassVar[Mapping[str, Any]] = {
        "breaker_threshold": {"type": "int"},
        "breaker_threshold_type": {"type": "str", "choices": list(_THRESHOLDS)},
        "breaker_resets_on_healthy_task": {"type": "bool"},
        "early_success_percent": {"type": "int"},
        "early_success_cleanup": {"type": "str", "choices": ["BLOCKING", "DEFERRED"]},
    }

    def configuration(self, own: Mapping[str, Any]) -> dict[str, Any]:
        """When the circuit breaker gives up, and when ECS calls a deployment a success before all tasks are there.

        What is not given is left as the service has it.
        """
        made: dict[str, Any] = {}
        breaker: dict[str, Any] = {}
        if own["breaker_threshold"] is not None or own["breaker_threshold_type"]:
            kind, value = own["breaker_threshold_type"] or _THRESHOLDS[0], own["breaker_threshold"]
            breaker["thresholdConfiguration"] = {"type": kind, "value": 0 if value is None else value}
        if own["breaker_resets_on_healthy_task"] is not None:
            breaker["resetOnHealthyTask"] = own["breaker_resets_on_healthy_task"]
        if breaker:
            made[BREAKER] = breaker
        if own["early_success_percent"] is not None or own["early_success_cleanup"]:
            percent, cleanup = own["early_success_percent"], own["early_success_cleanup"] or "BLOCKING"
            made[_EARLY] = {
                "enable": True,
                "healthyPercent": -1 if percent is None else percent,
                "sourceServiceRevisionCleanup": cleanup,
            }
        return made

    def mixed_at(self, deployment: DeploymentSettings) -> frozenset[Stage]:
        """ECS calls it a success before the old tasks are gone, where their cleanup is deferred."""
        deferred = deployment.own.get(_EARLY, {}).get("sourceServiceRevisionCleanup") == "DEFERRED"
        return frozenset({Stage.AFTER_TRAFFIC}) if deferred else frozenset()

    def problems(self, deployment: DeploymentSettings, desired: int) -> Iterator[str]:
        """Why ECS could replace none of *desired* tasks: it may start none beside them, and stop none before.

        It rounds the least up and the most down ("Service definition parameters" in the ECS developer guide).
        """
        yield from _breaker_problems(deployment)
        yield from _early_problems(deployment)
        if problems := tuple(super().problems(deployment, desired)):
            yield from problems
            return
        least, most = deployment.minimum_healthy_percent, deployment.maximum_percent
        if ceil(desired * least / 100) >= desired >= floor(desired * most / 100):
            yield (
                f"With deployment.minimum_healthy_percent {least} and deployment.maximum_percent {most} ECS may "
                f"neither stop a task nor start one beside {desired}, so that no deployment could ever move. Raise "
                "maximum_percent (200 starts all new tasks beside the old), or lower minimum_healthy_percent."
            )


def _breaker_problems(deployment: DeploymentSettings) -> Iterator[str]:
    """A threshold that ECS refuses, or of a circuit breaker that is off."""
    breaker = deployment.own.get(BREAKER, {})
    threshold = breaker.get("thresholdConfiguration", {})
    if breaker and not deployment.circuit_breaker:
        yield (
            "deployment.circuit_breaker is false, so that its threshold does nothing; leave out "
            "deployment.breaker_threshold, breaker_threshold_type and breaker_resets_on_healthy_task, or switch it on."
        )
    value, kind = threshold.get("value", 1), threshold.get("type", "")
    if value < 1 or (kind != "COUNT" and value > _ALL):
        yield (
            f"deployment.breaker_threshold is {value or 'not given, or 0'}; write 1 to {_ALL} for {_THRESHOLDS[0]} and "
            f"{_THRESHOLDS[1]} (breaker_threshold_type), and 1 or more for COUNT."
        )


def _early_problems(deployment: DeploymentSettings) -> Iterator[str]:
    """A share of healthy tasks that ECS refuses."""
    least, percent = deployment.minimum_healthy_percent, deployment.own.get(_EARLY, {}).get("healthyPercent")
    if percent is not None and not max(0, least) <= percent <= _ALL:
        given = "not given" if percent < 0 else f"{percent}"
        yield (
            f"deployment.early_success_percent is {given}; write {least} (deployment.minimum_healthy_percent) to "
            f"{_ALL}, or leave it and early_success_cleanup out."
        )
