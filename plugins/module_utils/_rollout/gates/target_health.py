# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate ``target_health``: all desired tasks healthy in the target group, and none of the new revision failing."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

from ..._common.verdict import Verdict
from ..._errors import UnavailableError
from .model import Gate, Tally, TargetObservation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .model import Scene


#: More looks, or more tasks that fail, than any release needs.
_MOST_LOOKS = 1000
_MOST_FAILURES = 100


@dataclass(frozen=True, slots=True)
class TargetTally(Tally):
    """Looks so far: how many in a row saw every desired task healthy, and the latest.

    ``samples`` are looks that succeeded, ``failures`` the tasks that the latest saw to have failed.
    """

    consecutive: int = 0
    latest: TargetObservation = field(default_factory=TargetObservation)

    def see(self, seen: TargetObservation) -> TargetTally:
        """The tally with another look."""
        consecutive = self.consecutive + 1 if seen.whole else 0
        return TargetTally(self.samples + 1, len(seen.failures), consecutive, seen)


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetHealthGate(Gate[TargetTally]):
    """All desired tasks healthy in the target group, and none of the new revision failing while it is watched."""

    kind: ClassVar[str] = "target_health"
    options: ClassVar[Mapping[str, Any]] = {
        "consecutive_successes": {"type": "int", "default": 3},
        "maximum_task_failures": {"type": "int", "default": 0},
        "maximum_start_failures": {"type": "int", "default": 2},
    }

    tally: ClassVar[type[TargetTally]] = TargetTally

    name: str = "target_health"
    consecutive_successes: int = 3
    maximum_task_failures: int = 0
    maximum_start_failures: int = 2

    def problems(self) -> Iterator[str]:
        """Limits by which nothing is looked at, or nothing could pass."""
        if self.consecutive_successes < 1:
            yield "consecutive_successes must be at least 1; with fewer nothing would be looked at."
        if self.consecutive_successes > _MOST_LOOKS:
            yield f"consecutive_successes must be at most {_MOST_LOOKS}; with more it could never pass."
        if self.maximum_task_failures > _MOST_FAILURES or self.maximum_start_failures > _MOST_FAILURES:
            yield (
                f"maximum_task_failures and maximum_start_failures must be at most {_MOST_FAILURES} each; with more "
                "nothing could fail."
            )
        if self.maximum_task_failures < 0 or self.maximum_start_failures < 0:
            yield "maximum_task_failures and maximum_start_failures must not be below 0; nothing could pass."

    def short(self, bake_seconds: float) -> TargetHealthGate:
        """One look is enough for tasks that have been accepted."""
        return replace(self, bake_seconds=min(self.bake_seconds, bake_seconds), consecutive_successes=1)

    def measure(self, tally: TargetTally, scene: Scene) -> TargetTally:
        """Count the look that was just made."""
        if scene.problem:
            raise UnavailableError(scene.problem)
        return tally.see(scene.targets)

    def missed(self, tally: TargetTally) -> TargetTally:
        """What was not seen breaks the row."""
        return replace(tally, consecutive=0)

    def completed(self, tally: TargetTally) -> TargetTally:
        """A task that was healthy before the deployment completed counts as well after it."""
        return tally

    def assess(self, tally: TargetTally, *, baked: bool) -> Verdict:
        """More failed tasks than allowed are UNHEALTHY at once."""
        exits = sum(failure.started for failure in tally.latest.failures)
        if exits > self.maximum_task_failures or tally.failures - exits > self.maximum_start_failures:
            return Verdict.UNHEALTHY
        if not baked or tally.consecutive < self.consecutive_successes:
            return Verdict.INCONCLUSIVE
        return Verdict.HEALTHY

    def seen(self, tally: TargetTally) -> str:
        """What the latest look saw."""
        latest = tally.latest
        states = ", ".join(f"{count} {state}" for state, count in latest.targets)
        parts = [f"{latest.healthy} of {latest.desired} desired tasks healthy in the target group"]
        parts.append(f"{latest.running} running{f'; targets: {states}' if states else ''}")
        return ", ".join((*parts, *latest.causes))

    def expected(self) -> str:
        """Healthy tasks over the bake time."""
        return (
            f"all desired tasks healthy in {self.consecutive_successes} looks in a row over {self.bake_seconds:g} s, "
            f"at most {self.maximum_task_failures} stopped by themselves and {self.maximum_start_failures} failing to "
            "start"
        )
