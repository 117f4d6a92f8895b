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

from ..._common.amount import amount
from ..._common.verdict import Verdict
from ..stages import Stage
from .settings import AtDeadline, shared_fields
from .statistics.proportion import is_above, is_within

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ..._release.image import ReleaseImage
    from ..._release.record import Release
    from ..ports import Ports
    from ..stages import Phase
    from ..values import ListenerRule, ServiceSettings


T = TypeVar("T", bound="Tally")


@dataclass(frozen=True, slots=True)
class Tally:
    """What a gate has measured so far: how many samples that count, and how many of these failed. A value."""

    #: The classes of what it is made of beside plain values and times, by which a record of it is read.
    parts: ClassVar[tuple[type, ...]] = ()

    samples: int = 0
    failures: int = 0

    def add(self, *, passed: bool) -> Self:
        """The tally with a sample that counts."""
        return replace(self, samples=self.samples + 1, failures=self.failures + (not passed))

    def verdict(self, minimum_samples: int, maximum_failure_ratio: float, *, baked: bool) -> Verdict:
        """More failures than chance explains are UNHEALTHY at once; enough samples are HEALTHY after the bake time.

        In between it is INCONCLUSIVE: a share above the limit that may be chance needs more samples.
        """
        if is_above(self.failures, self.samples, maximum_failure_ratio):
            return Verdict.UNHEALTHY
        enough = self.samples >= minimum_samples and is_within(self.failures, self.samples, maximum_failure_ratio)
        return Verdict.HEALTHY if baked and enough else Verdict.INCONCLUSIVE


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
    """One look at the targets of a revision. ``targets`` counts them by state and reason, ``states`` names each.

    ``unhealthy`` names running containers that fail their own health check, which no target group sees.
    """

    desired: int = 0
    healthy: int = 0
    running: int = 0
    targets: tuple[tuple[str, int], ...] = ()
    failures: tuple[TaskFailure, ...] = ()
    unhealthy: tuple[str, ...] = ()
    states: tuple[str, ...] = ()

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
    healthy, or its deployment has completed. ``target_group_arn`` is what the release's tasks are registered with, and
    ``baseline_target_group_arn`` what those of the running version are, where that is another one. ``release`` is
    the record of what is released; None for what is judged without that. ``settings`` are the service's.
    ``probe_role_arn`` is whom tasks act as that send requests; empty: the revision's own role.
    """

    ports: Ports
    version: str
    targets: TargetObservation
    fresh: bool
    reachable: bool
    problem: str = ""
    release: Release | None = None
    cluster: str = ""
    settings: ServiceSettings | None = None
    target_group_arn: str = ""
    baseline_target_group_arn: str = ""
    probe_role_arn: str = ""


@dataclass(frozen=True, slots=True)
class Beforehand:
    """What a gate may look at before anything is changed.

    ``running_version`` is what answers of the running release name; empty when none runs, or that is not known.
    ``target_group_arn`` is what its tasks are registered with. ``image_labels`` reads the labels of the image that is
    to be released, as far as they can be read.
    """

    ports: Ports
    running_version: str
    target_group_arn: str
    image_labels: Callable[[], Mapping[str, str]]


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

    Times count from when the stage began, of a rolling deployment from its completion. After ``initial_delay_seconds``
    it measures every ``interval_seconds`` (0: with every look), for ``bake_seconds`` at least. Its verdict has to be
    HEALTHY after ``consecutive_successes`` measurings in a row, by ``deadline_seconds``. ``dry_run``: its verdict is
    recorded and decides nothing. ``running_version_may_fail``: a release is not refused since the gate fails on what
    runs before it. ``deadline_given``: the deadline is the user's, and no other will do.
    """

    #: The name of the kind in the option ``kind``.
    kind: ClassVar[str]
    #: The options of this kind alone, as an argument spec. Each is a field of the same name, unless `read` says more.
    options: ClassVar[Mapping[str, Any]] = {}
    #: What it keeps of its samples, made without arguments.
    tally: ClassVar[type[Any]] = Tally
    #: The stages at which it has something to judge, which are also those that it is asked at by default.
    possible_stages: ClassVar[tuple[Stage, ...]] = tuple(Stage)
    #: Whether it measures what the latest look saw. Others measure the world themselves.
    watches: ClassVar[bool] = False
    #: Whether it can measure only while requests may reach the release.
    needs_traffic: ClassVar[bool] = False
    #: Whether its measuring only asks, and leaves nothing behind when nobody waits for the answer any more.
    only_asks: ClassVar[bool] = False
    #: Whether one measuring may take minutes, for which nothing else waits.
    aside: ClassVar[bool] = False
    #: Whether what it measured before the deployment completed counts after it. Others begin again.
    continues: ClassVar[bool] = False
    #: Whether it measures no more, once it has passed as often in a row as it has to.
    once: ClassVar[bool] = False
    #: Whether it is asked again of a release that runs already.
    repeats: ClassVar[bool] = True
    #: Whether its requests are sent by a task of the release, wherever those of others come from.
    by_task: ClassVar[bool] = False
    #: What `reading` is, in words.
    measured: ClassVar[str] = "share of samples that failed"
    usual_interval_seconds: ClassVar[float] = 0.0
    usual_successes: ClassVar[int] = 1

    name: str
    stages: tuple[Stage, ...] = tuple(Stage)
    bake_seconds: float = 30.0
    deadline_seconds: float = 120.0
    deadline_given: bool = True
    initial_delay_seconds: float = 0.0
    interval_seconds: float = 0.0
    consecutive_successes: int = 1
    dry_run: bool = False
    running_version_may_fail: bool = False
    on_inconclusive: AtDeadline = AtDeadline.ROLLBACK

    @classmethod
    def read(cls, options: Mapping[str, Any], _url: str) -> Gate[T]:
        """The gate that validated *options* stand for; *_url* is the load balancer's address or an empty string."""
        return cls(**shared_fields(cls, options, cls.kind), **{name: options[name] for name in cls.options})

    def short(self, bake_seconds: float) -> Self:
        """The gate for what runs already: over *bake_seconds* at most, and one success is enough."""
        bake = min(self.bake_seconds, bake_seconds)
        return replace(self, bake_seconds=bake, initial_delay_seconds=0.0, consecutive_successes=1)

    @property
    def longest_seconds(self) -> float:
        """How long it may take at most to be conclusive, from when the stage began."""
        return self.deadline_seconds * (2 if self.on_inconclusive is AtDeadline.EXTEND else 1)

    @property
    def compared_at(self) -> frozenset[Stage]:
        """The stages at which it is told to compare the release with the running version; empty: it is not."""
        return frozenset()

    @property
    def untold_at(self) -> frozenset[Stage]:
        """The stages at which both versions answer it, and it cannot tell whose an answer is."""
        return frozenset()

    @property
    def users_url(self) -> str:
        """The address of users that it sends requests to; empty when it sends none."""
        return ""

    @property
    def unfit_for_task(self) -> str:
        """Why a task cannot send its requests for it, as a sentence begins after its name; empty when one can."""
        return ""

    @property
    def needs_load_balancer(self) -> bool:
        """Whether it can judge only a service that a load balancer sends requests to."""
        return False

    @property
    def catches_up(self) -> bool:
        """Whether it measures as often as it should have when it comes late, by a busy machine or slow answers."""
        return False

    @property
    def measuring_seconds(self) -> float:
        """How long one measuring may take, beyond calls that answer at once."""
        request = self.user_request()
        return request.timeout_seconds if request else 0.0

    @property
    def aside_seconds(self) -> float:
        """How long one measuring may take that nothing else waits for."""
        return 0.0

    def answering_seconds(self, _percent: float) -> float:
        """How long it takes on average until a release with this share of the users has answered enough."""
        return 0.0

    def aimed(self, _rules: Iterable[ListenerRule]) -> Gate[T]:
        """The gate for a release that users reach by these listener rules."""
        return self

    def at(self, phase: Phase) -> Gate[T] | None:
        """The gate as it judges there; None when it does not, or cannot."""
        return self if phase.stage in self.stages else None

    def problems(self) -> Iterable[str]:
        """Why the options cannot be right."""
        return ()

    def secrets(self) -> Iterable[str]:
        """Texts of its options that must not be read in messages."""
        return ()

    def misfits(self, _release: ReleaseImage) -> Iterable[str]:
        """Why it could not judge the release; each continues the sentence "Gate <name> ..."."""
        return ()

    def beforehand(self, _seen: Beforehand) -> Iterable[str]:
        """Why it would refuse any release, as far as can be seen; each continues the sentence "Gate <name> ..."."""
        return ()

    def untried(self, _seen: Beforehand) -> Iterable[str]:
        """What cannot be told beforehand, as `beforehand` would; each continues the sentence "Gate <name> ..."."""
        return ()

    def user_request(self) -> UserRequest | None:
        """The request of a user that it sends, for a gate that sends any: an undo asks it again. None otherwise."""
        return None

    def requests_by(self, _rules: Iterable[ListenerRule]) -> tuple[UserRequest, ...]:
        """What `user_request` is for users who come by these listener rules: several where a rule has many hosts."""
        return ()

    def alarm_names(self) -> frozenset[str]:
        """The alarms that it looks at: a release is refused beforehand while one is in ALARM, or does not exist."""
        return frozenset()

    def secret_names(self) -> frozenset[str]:
        """The secrets, by name or ARN, whose values it sends: a release is refused beforehand while one is missing."""
        return frozenset()

    def file_names(self) -> frozenset[str]:
        """The files that it needs on this machine."""
        return frozenset()

    def in_rollback(self) -> Self | None:
        """The gate for going back to a release that was accepted before; None when it is not asked then."""
        return self

    def begin(self) -> T:
        """Nothing measured yet."""
        nothing: T = self.tally()
        return nothing

    def is_due(self, due: float, scene: Scene) -> bool:
        """Whether it is to measure now; *due* is when its interval since the last measuring ends."""
        if scene.ports.clock.monotonic() < due or (self.needs_traffic and not scene.reachable):
            return False
        return scene.fresh if self.watches or not self.interval_seconds else True

    @abstractmethod
    def measure(self, tally: T, scene: Scene) -> T:
        """The tally with what is measured now. Raises UnavailableError or OperationError when nothing could be."""

    def assess(self, tally: T, *, baked: bool) -> Verdict:
        """The verdict on what was measured; *baked* says whether that has been long enough to pass. Pure.

        By default a sample that passes is enough, and one that fails is too many.
        """
        return tally.verdict(1, 0.0, baked=baked)

    def has_seen(self, tally: T) -> bool:
        """Whether any of its measurings saw something, so that one that fails does not stand for all of them."""
        return bool(tally != self.begin())

    def p_value(self, _tally: T) -> float | None:
        """How probably evidence like this against the release comes by chance; None where chance plays no part.

        A gate that refuses by evidence refuses at `FALSE_ALARM` at the latest. Of several gates each needs more, so
        that all together hardly ever refuse a good release.
        """
        return None

    def reading(self, tally: T) -> float | None:
        """What was measured as a number, for a plot; None while there is none."""
        return tally.failures / tally.samples if tally.samples else None

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """The smallest and the largest `reading` that is in order; None for no bound."""
        return None, 0.0

    def seen(self, tally: T) -> str:
        """What was measured, in words."""
        return f"{tally.failures} of {amount(tally.samples, 'sample')} failed"

    @abstractmethod
    def expected(self) -> str:
        """What it asks for, in words."""
