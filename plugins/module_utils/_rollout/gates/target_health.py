# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate ``target_health``: all desired tasks healthy in the target group, and none of the new revision failing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from ..._common.amount import amount
from ..._common.verdict import Verdict
from ..._errors import UnavailableError
from .model import Gate, Tally, TargetObservation, TaskFailure

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .model import Scene


#: More tasks that fail than any release needs.
_MOST_FAILURES = 100


@dataclass(frozen=True, slots=True)
class TargetTally(Tally):
    """Looks so far, and the latest.

    ``samples`` are looks that succeeded, ``failures`` the tasks that the latest saw to have failed.
    """

    parts: ClassVar[tuple[type, ...]] = (TargetObservation, TaskFailure)

    latest: TargetObservation = field(default_factory=TargetObservation)

    def see(self, seen: TargetObservation) -> TargetTally:
        """The tally with another look."""
        return TargetTally(self.samples + 1, len(seen.failures), seen)


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetHealthGate(Gate[TargetTally]):
    """All desired tasks healthy in the target group, and none of the new revision failing while it is watched."""

    kind: ClassVar[str] = "target_health"
    options: ClassVar[Mapping[str, Any]] = {
        "maximum_task_failures": {"type": "int", "default": 0},
        "maximum_start_failures": {"type": "int", "default": 2},
    }

    tally: ClassVar[type[TargetTally]] = TargetTally
    watches: ClassVar[bool] = True
    continues: ClassVar[bool] = True
    measured: ClassVar[str] = "share of the desired tasks that are healthy"
    usual_successes: ClassVar[int] = 3

    name: str = "target_health"
    consecutive_successes: int = 3
    maximum_task_failures: int = 0
    maximum_start_failures: int = 2

    @property
    def needs_load_balancer(self) -> bool:
        """It looks at targets of a target group."""
        return True

    def problems(self) -> Iterator[str]:
        """Limits by which nothing is looked at, or nothing could pass."""
        if self.maximum_task_failures > _MOST_FAILURES or self.maximum_start_failures > _MOST_FAILURES:
            yield (
                f"maximum_task_failures and maximum_start_failures must be at most {_MOST_FAILURES} each; with more "
                "nothing could fail."
            )
        if self.maximum_task_failures < 0 or self.maximum_start_failures < 0:
            yield "maximum_task_failures and maximum_start_failures must not be below 0; nothing could pass."

    def measure(self, tally: TargetTally, scene: Scene) -> TargetTally:
        """Count the look that was just made."""
        if scene.problem:
            raise UnavailableError(scene.problem)
        return tally.see(scene.targets)

    def assess(self, tally: TargetTally, *, baked: bool) -> Verdict:
        """More failed tasks than allowed are UNHEALTHY at once."""
        exits = sum(failure.started for failure in tally.latest.failures)
        if exits > self.maximum_task_failures or tally.failures - exits > self.maximum_start_failures:
            return Verdict.UNHEALTHY
        return Verdict.HEALTHY if baked and tally.latest.whole else Verdict.INCONCLUSIVE

    def reading(self, tally: TargetTally) -> float | None:
        """How many of the desired tasks are healthy."""
        latest = tally.latest
        return latest.healthy / latest.desired if latest.desired else None

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """All of them."""
        return 1.0, None

    def seen(self, tally: TargetTally) -> str:
        """What the latest look saw."""
        latest = tally.latest
        states = ", ".join(f"{count} {state}" for state, count in latest.targets)
        parts = [f"{latest.healthy} of {amount(latest.desired, 'desired task')} healthy in the target group"]
        parts.append(f"{latest.running} running{f'; targets: {states}' if states else ''}")
        return ", ".join((*parts, *latest.causes))

    def expected(self) -> str:
        """Healthy tasks over the bake time."""
        return (
            f"all desired tasks healthy in {amount(self.consecutive_successes, 'look')} in a row over "
            f"{self.bake_seconds:g} s, at most {self.maximum_task_failures} stopped by themselves and "
            f"{self.maximum_start_failures} failing to start"
        )
