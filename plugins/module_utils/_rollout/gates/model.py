# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every gate has in common: its interface, what it may look at, and the values that it works with.

A gate is one file in this folder and one row in `table`. The file says what the gate may be told, how it measures, how
it is assessed and how it is worded.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar

from ..._common.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..._release.image import ReleaseImage
    from ..ports import Ports
    from ..values import ListenerRule


T = TypeVar("T", bound="Tally")


@dataclass(frozen=True, slots=True)
class Tally:
    """What a gate has measured so far: how many samples that count, and how many of these failed. A value."""

    samples: int = 0
    failures: int = 0

    def add(self, *, passed: bool) -> Self:
        """The tally with a sample that counts."""
        return replace(self, samples=self.samples + 1, failures=self.failures + (not passed))

    def verdict(self, minimum_samples: int, maximum_failure_ratio: float, *, baked: bool) -> Verdict:
        """Too many failures are UNHEALTHY at once; enough samples are HEALTHY after the bake time.

        They are too many when the fewest samples that could pass would hold more than the ratio allows: waiting for
        more samples to fail would only add to them.
        """
        if self.failures > maximum_failure_ratio * max(self.samples, minimum_samples):
            return Verdict.UNHEALTHY
        return Verdict.HEALTHY if baked and self.samples >= minimum_samples else Verdict.INCONCLUSIVE


@dataclass(frozen=True, slots=True)
class TaskFailure:
    """A task of the new revision that stopped by itself, or was stopped because it was unhealthy."""

    task_id: str
    reason: str
    started: bool
    exit_codes: tuple[tuple[str, int], ...] = ()

    def __str__(self) -> str:
        codes = ", ".join(f"container {name} exit code {code}" for name, code in self.exit_codes)
        return f"task {self.task_id}: {self.reason}{f' ({codes})' if codes else ''}"


@dataclass(frozen=True, slots=True)
class TargetObservation:
    """One look at the targets of a revision. ``targets`` counts them by state and reason.

    ``unhealthy`` names running containers that fail their own health check, which no target group sees.
    """

    desired: int = 0
    healthy: int = 0
    running: int = 0
    targets: tuple[tuple[str, int], ...] = ()
    failures: tuple[TaskFailure, ...] = ()
    unhealthy: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether every desired task is healthy. With none desired nothing is."""
        return self.desired > 0 and self.healthy >= self.desired

    @property
    def sick(self) -> str:
        """The states of all targets in words, when any is not healthy."""
        states = ", ".join(f"{count} {state}" for state, count in self.targets)
        return f"targets: {states}" if any(state != "healthy" for state, _count in self.targets) else ""

    @property
    def causes(self) -> tuple[str, ...]:
        """Why tasks are not what they should be, as far as ECS tells of them."""
        parts = []
        if self.unhealthy:
            parts.append(
                f"{', '.join(self.unhealthy[:3])} UNHEALTHY by its own healthCheck in task_definition, so that ECS "
                "waits and then replaces the task"
            )
        if self.failures:
            more = len(self.failures) - 1
            parts.append(f"stopped: {self.failures[0]}{f', and {more} more' if more else ''}")
        return tuple(parts)


@dataclass(frozen=True, slots=True)
class Scene:
    """What a gate may look at while the release *version* is judged.

    ``targets`` is what the latest look at ECS and the load balancer saw, or ``problem`` why that look failed. ``fresh``
    says that this look was just made. ``reachable`` says that requests may reach the release: one of its targets is
    healthy, or its deployment has completed.
    """

    ports: Ports
    version: str
    targets: TargetObservation
    fresh: bool
    reachable: bool
    problem: str = ""


@dataclass(frozen=True, slots=True)
class UserRequest:
    """A request as users send it. ``version_header`` empty: answers do not name their release."""

    method: str
    url: str
    expected_status: tuple[int, ...]
    interval_seconds: float
    timeout_seconds: float
    version_header: str
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate(ABC, Generic[T]):  # noqa: UP046 - type parameters need a newer Python than the collection
    """What a release has to prove.

    ``bake_seconds`` and ``deadline_seconds`` count from the deployment's completion: how long it is measured at least,
    and when it has to be conclusive. It is measured every ``interval_seconds``; 0 means with every look.
    """

    #: The name of the kind in the option ``kind``.
    kind: ClassVar[str]
    #: The options of this kind alone, as an argument spec. Each is a field of the same name, unless `read` says more.
    options: ClassVar[Mapping[str, Any]] = {}
    #: What it keeps of its samples, made without arguments.
    tally: ClassVar[type[Any]] = Tally

    name: str
    bake_seconds: float = 30.0
    deadline_seconds: float = 120.0
    interval_seconds: float = 0.0

    @classmethod
    def read(cls, options: Mapping[str, Any], _url: str) -> Gate[T]:
        """The gate that validated *options* stand for; *_url* is the load balancer's address or an empty string."""
        return cls(**shared_fields(options, cls.kind), **{name: options[name] for name in cls.options})

    def short(self, bake_seconds: float) -> Gate[T]:
        """The gate for what runs already: over *bake_seconds* at most."""
        return replace(self, bake_seconds=min(self.bake_seconds, bake_seconds))

    def aimed(self, _rules: Iterable[ListenerRule]) -> Gate[T]:
        """The gate for a release that users reach by these listener rules."""
        return self

    def problems(self) -> Iterable[str]:
        """Why the options cannot be right."""
        return ()

    def secrets(self) -> Iterable[str]:
        """Texts of its options that must not be read in messages."""
        return ()

    def misfits(self, _release: ReleaseImage) -> Iterable[str]:
        """Why it could not judge the release; each continues the sentence "Gate <name> ..."."""
        return ()

    def user_request(self) -> UserRequest | None:
        """The request of a user that it sends, for a gate that sends any: an undo asks it again. None otherwise."""
        return None

    def requests_by(self, _rules: Iterable[ListenerRule]) -> tuple[UserRequest, ...]:
        """What `user_request` is for users who come by these listener rules: several where a rule has many hosts."""
        return ()

    def begin(self) -> T:
        """Nothing measured yet."""
        nothing: T = self.tally()
        return nothing

    def is_due(self, due: float, scene: Scene) -> bool:
        """Whether it is to measure now; *due* is when its interval since the last measuring ends."""
        if not self.interval_seconds:
            return scene.fresh
        return scene.reachable and scene.ports.clock.monotonic() >= due

    @abstractmethod
    def measure(self, tally: T, scene: Scene) -> T:
        """The tally with what is measured now. Raises UnavailableError or OperationError when nothing could be."""

    def missed(self, tally: T) -> T:
        """The tally after a measuring that failed."""
        return tally

    def completed(self, _tally: T) -> T:
        """The tally to go on with once the deployment has completed: by default, it begins again."""
        return self.begin()

    def assess(self, tally: T, *, baked: bool) -> Verdict:
        """The verdict on what was measured; *baked* says whether that has been long enough to pass. Pure.

        By default a sample that passes is enough, and one that fails is too many.
        """
        return tally.verdict(1, 0.0, baked=baked)

    def seen(self, tally: T) -> str:
        """What was measured, in words."""
        return f"{tally.failures} of {tally.samples} samples failed"

    @abstractmethod
    def expected(self) -> str:
        """What it asks for, in words."""


#: The options of every kind, as an argument spec.
SHARED_OPTIONS: Mapping[str, Any] = {
    "name": {"type": "str"},
    "bake_seconds": {"type": "float", "default": 30},
    "deadline_seconds": {"type": "float"},
}


def shared_fields(options: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The fields that every gate has, from validated *options*; *name* is what it is called by default."""
    deadline, bake = options["deadline_seconds"], options["bake_seconds"]
    return {
        "name": options["name"] or name,
        "bake_seconds": bake,
        "deadline_seconds": bake + 60.0 if deadline is None else deadline,
    }
