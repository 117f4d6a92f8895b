# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate ``task_stability``: tasks of the release that crash after they started, run out of memory, or exit."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

from ..._common.amount import amount
from ..._common.verdict import Verdict
from ..._errors import UnavailableError
from ..stages import Stage
from .memory import LEAST_SECONDS, MemoryCourse
from .model import Gate, Tally, TaskFailure
from .settings import shared_fields

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..stages import Phase
    from .model import Scene

_KILLED = 137
_MOST_CRASHES = 100
_LARGEST_CODE = 255
_LONGEST_HORIZON = 1440


@dataclass(frozen=True, slots=True)
class StabilityTally(Tally):
    """``samples`` are looks that succeeded, ``failures`` the tasks that the latest saw to have crashed."""

    parts: ClassVar[tuple[type, ...]] = (TaskFailure, MemoryCourse)

    running: int = 0
    out_of_memory: int = 0
    latest: tuple[TaskFailure, ...] = ()
    memory: MemoryCourse = field(default_factory=MemoryCourse)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskStabilityGate(Gate[StabilityTally]):
    """Tasks that fail to start are not its business; ECS starts another task for each that crashed: a restart.

    ``memory_horizon_minutes`` 0: memory is not looked at before it runs out.
    """

    kind: ClassVar[str] = "task_stability"
    options: ClassVar[Mapping[str, Any]] = {
        "maximum_crashes": {"type": "int", "default": 0},
        "maximum_out_of_memory": {"type": "int", "default": 0},
        "allowed_exit_codes": {"type": "list", "elements": "int", "default": []},
        "memory_horizon_minutes": {"type": "int", "default": 0},
    }
    tally: ClassVar[type[StabilityTally]] = StabilityTally
    measured: ClassVar[str] = "tasks that crashed"
    watches: ClassVar[bool] = True
    continues: ClassVar[bool] = True

    name: str = "task_stability"
    maximum_crashes: int = 0
    maximum_out_of_memory: int = 0
    allowed_exit_codes: tuple[int, ...] = ()
    memory_horizon_minutes: int = 0

    @classmethod
    def read(cls, options: Mapping[str, Any], _url: str) -> TaskStabilityGate:
        """The gate that validated *options* stand for."""
        given = {name: options[name] for name in cls.options}
        codes = tuple(sorted(set(options["allowed_exit_codes"])))
        least = LEAST_SECONDS if options["memory_horizon_minutes"] else 0.0
        shared = shared_fields(cls, options, cls.kind, least_seconds=least)
        return cls(**shared, **{**given, "allowed_exit_codes": codes})

    def at(self, phase: Phase) -> TaskStabilityGate | None:
        """Memory says something of the release once all users are on it."""
        if phase.stage not in self.stages:
            return None
        return self if phase.stage is Stage.AFTER_TRAFFIC else replace(self, memory_horizon_minutes=0)

    def short(self, bake_seconds: float) -> TaskStabilityGate:
        """Without the minutes that a trend takes."""
        return replace(Gate.short(self, bake_seconds), memory_horizon_minutes=0)

    def in_rollback(self) -> TaskStabilityGate:
        """What ran before was not refused for its memory, and going back to it cannot wait for a trend."""
        return replace(self, memory_horizon_minutes=0)

    def problems(self) -> Iterator[str]:
        """Limits by which nothing could pass or fail."""
        for option in ("maximum_crashes", "maximum_out_of_memory"):
            if not 0 <= getattr(self, option) <= _MOST_CRASHES:
                yield f"{option} must be from 0 to {_MOST_CRASHES}; with more nothing could fail."
        if self.maximum_out_of_memory > self.maximum_crashes:
            yield "maximum_out_of_memory is above maximum_crashes, which counts these tasks too."
        if any(not 0 <= code <= _LARGEST_CODE for code in self.allowed_exit_codes):
            yield f"allowed_exit_codes holds a number that is no exit code (0 to {_LARGEST_CODE})."
        if _KILLED in self.allowed_exit_codes:
            yield f"allowed_exit_codes holds {_KILLED}, with which tasks end that run out of memory; take it out."
        yield from self._memory_problems()

    def _memory_problems(self) -> Iterator[str]:
        if not 0 <= self.memory_horizon_minutes <= _LONGEST_HORIZON:
            yield f"memory_horizon_minutes must be from 0 (not looked at) to {_LONGEST_HORIZON} (a day)."
        elif self.memory_horizon_minutes and Stage.AFTER_TRAFFIC not in self.stages:
            yield "memory_horizon_minutes is looked at after_traffic, which stages leaves out."
        elif self.memory_horizon_minutes and self.deadline_seconds < self.initial_delay_seconds + LEAST_SECONDS:
            least = self.initial_delay_seconds + LEAST_SECONDS
            yield (
                f"deadline_seconds {self.deadline_seconds:g} is below the {least:g} s after which "
                "memory_horizon_minutes can be judged, so it could never pass."
            )

    def measure(self, tally: StabilityTally, scene: Scene) -> StabilityTally:
        """Count the look that was just made."""
        if scene.problem:
            raise UnavailableError(scene.problem)
        crashes = tuple(failure for failure in scene.targets.failures if failure.started and not self._may(failure))
        seen = replace(
            tally,
            samples=tally.samples + 1,
            failures=len(crashes),
            running=scene.targets.running,
            out_of_memory=sum(map(is_out_of_memory, crashes)),
            latest=crashes,
        )
        # Crashes are told even where CloudWatch is not.
        reads = self.memory_horizon_minutes and self._verdict(seen) is not Verdict.UNHEALTHY
        return replace(seen, memory=tally.memory.read(scene)) if reads else seen

    def _may(self, failure: TaskFailure) -> bool:
        """Whether every container that exited did so with a code that is allowed. Without any code: no."""
        codes = [code for _container, code in failure.exit_codes]
        return bool(codes) and all(code in self.allowed_exit_codes for code in codes)

    def assess(self, tally: StabilityTally, *, baked: bool) -> Verdict:
        """More crashes than allowed are UNHEALTHY at once. Nothing passes while nothing runs, or without its memory."""
        verdict, horizon = self._verdict(tally), self.memory_horizon_minutes
        if horizon and tally.memory.is_full_within(horizon):
            return Verdict.UNHEALTHY
        unknown = verdict is Verdict.HEALTHY and horizon and not tally.memory.is_known
        return verdict if verdict is Verdict.UNHEALTHY or (baked and not unknown) else Verdict.INCONCLUSIVE

    def _verdict(self, tally: StabilityTally) -> Verdict:
        if tally.failures > self.maximum_crashes or tally.out_of_memory > self.maximum_out_of_memory:
            return Verdict.UNHEALTHY
        return Verdict.HEALTHY if tally.running > 0 else Verdict.INCONCLUSIVE

    def reading(self, tally: StabilityTally) -> float:
        """How many tasks crashed."""
        return tally.failures

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """How many may."""
        return None, self.maximum_crashes

    def seen(self, tally: StabilityTally) -> str:
        """How many tasks crashed, and how the first of them did."""
        memory = f", {tally.out_of_memory} of them out of memory" if tally.out_of_memory else ""
        first = f": {tally.latest[0]}" if tally.latest else ""
        course = f"; {tally.memory}" if self.memory_horizon_minutes else ""
        return (
            f"{amount(tally.running, 'task')} running, {tally.failures} crashed after they had "
            f"started{memory}{first}{course}"
        )

    def expected(self) -> str:
        """No more crashes than are allowed."""
        horizon = self.memory_horizon_minutes
        memory = (
            f"; none whose memory would be full within {amount(horizon, 'minute')} if it went on growing"
            if horizon
            else ""
        )
        return (
            f"at most {amount(self.maximum_crashes, 'crash', 'crashes')} of tasks and {self.maximum_out_of_memory} for "
            f"want of memory over {self.bake_seconds:g} s{memory}"
        )


def is_out_of_memory(failure: TaskFailure) -> bool:
    """Whether a task was killed for its memory: ECS says so, or a container ended as one that is killed does."""
    killed = any(code == _KILLED for _container, code in failure.exit_codes)
    return killed or "outofmemory" in failure.reason.replace(" ", "").lower()
