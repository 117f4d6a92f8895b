# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Gates: what they ask for, what was measured, and the assessment of it. Pure: no clock, no I/O."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from ..._common.verdict import Verdict


@dataclass(frozen=True, slots=True)
class HttpGate:
    """Requests through the load balancer. ``version_header`` empty: every answer is of the release under judgement."""

    name: str
    url: str
    method: str = "GET"
    expected_status: tuple[int, ...] = (200,)
    minimum_samples: int = 20
    maximum_failure_ratio: float = 0.05
    interval_seconds: float = 0.5
    bake_seconds: float = 30.0
    deadline_seconds: float = 120.0
    request_timeout_seconds: float = 5.0
    version_header: str = "x-fastbreak-version"


@dataclass(frozen=True, slots=True)
class TargetHealthGate:
    """All desired tasks healthy in the target group, and none of the new revision failing while it is watched."""

    name: str = "target_health"
    consecutive_successes: int = 3
    bake_seconds: float = 30.0
    deadline_seconds: float = 120.0
    maximum_task_failures: int = 0
    maximum_start_failures: int = 2


# ansible-test has module_utils checked as if for the oldest Python of any target.
# pylint: disable-next=unsupported-binary-operation
Gate = HttpGate | TargetHealthGate


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for one request.

    ``status`` is 0 when nothing came back. ``unreachable`` says that no connection could be made, so that nothing
    was measured; a connection that was accepted and then not answered is an answer of status 0.
    """

    status: int
    version: str = ""
    problem: str = ""
    unreachable: bool = False


@dataclass(frozen=True, slots=True)
class HttpTally:
    """Counts of one window of an HTTP gate. ``samples`` are the answers that count, ``others`` another release's."""

    samples: int = 0
    failures: int = 0
    others: int = 0
    errors: int = 0
    errors_in_a_row: int = 0
    statuses: tuple[tuple[str, int], ...] = ()
    last_error: str = ""

    def add(self, answer: Answer, gate: HttpGate, version: str) -> HttpTally:
        """The counts with *answer* to a request of *gate*, while the release *version* is judged."""
        if answer.unreachable:
            return replace(
                self, errors=self.errors + 1, errors_in_a_row=self.errors_in_a_row + 1, last_error=answer.problem
            )
        if gate.version_header and answer.version and answer.version != version:
            return replace(self, others=self.others + 1, errors_in_a_row=0)
        attributed = bool(answer.version) or not gate.version_header
        passed = attributed and answer.status in gate.expected_status
        statuses = Counter(dict(self.statuses))
        statuses[_label(answer, attributed=attributed)] += 1
        return replace(
            self,
            samples=self.samples + 1,
            failures=self.failures + (not passed),
            errors_in_a_row=0,
            statuses=tuple(sorted(statuses.items())),
        )


def _label(answer: Answer, *, attributed: bool) -> str:
    if not answer.status:
        return f"no answer ({answer.problem})"
    return str(answer.status) if attributed else f"{answer.status} without the version header"


def assess_http(gate: HttpGate, tally: HttpTally, *, baked: bool) -> Verdict:
    """The verdict on the window counted in *tally*; *baked* says whether it has been long enough to pass.

    More failures than the ratio allows among the fewest samples that could pass are UNHEALTHY at once: waiting for
    more requests to fail would only add to them.
    """
    if tally.failures > gate.maximum_failure_ratio * max(tally.samples, gate.minimum_samples):
        return Verdict.UNHEALTHY
    if tally.errors_in_a_row or (tally.errors and tally.samples < gate.minimum_samples):
        return Verdict.ERROR
    if tally.samples < gate.minimum_samples or not baked:
        return Verdict.INCONCLUSIVE
    return Verdict.HEALTHY


def describe_http(gate: HttpGate, tally: HttpTally) -> str:
    """What *tally* counted, in words."""
    counted = ", ".join(f"{count} x {label}" for label, count in tally.statuses) or "no answer that counts"
    parts = [f"{gate.method} {gate.url}: {tally.failures} of {tally.samples} failed ({counted})"]
    if tally.others:
        parts.append(f"{tally.others} answered by another release were not counted")
    if tally.errors:
        parts.append(f"{tally.errors} could not be sent ({tally.last_error})")
    return "; ".join(parts)


def expect_http(gate: HttpGate) -> str:
    """What *gate* asks for, in words."""
    wanted = " or ".join(str(status) for status in gate.expected_status)
    return (
        f"at least {gate.minimum_samples} answers, at most {gate.maximum_failure_ratio:.1%} of them other than "
        f"{wanted}, "
        f"over {gate.bake_seconds:g} s"
    )


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
    """One look at the targets. ``targets`` counts the new revision's targets by state and reason."""

    desired: int
    healthy: int
    running: int
    targets: tuple[tuple[str, int], ...] = ()
    failures: tuple[TaskFailure, ...] = ()


@dataclass(frozen=True, slots=True)
class TargetTally:
    """Looks so far: how many in a row saw every desired task healthy, the latest, and the latest failure to look."""

    consecutive: int = 0
    looks: int = 0
    latest: TargetObservation = field(default_factory=lambda: TargetObservation(0, 0, 0))
    problem: str = ""

    def add(self, seen: TargetObservation) -> TargetTally:
        """The tally with one more look."""
        whole = seen.desired > 0 and seen.healthy >= seen.desired
        return TargetTally(
            consecutive=self.consecutive + 1 if whole else 0,
            looks=self.looks + 1,
            latest=seen,
        )

    def failed_to_look(self, problem: str) -> TargetTally:
        """The tally after a look that failed."""
        return replace(self, consecutive=0, problem=problem)


def assess_targets(gate: TargetHealthGate, tally: TargetTally, *, baked: bool) -> Verdict:
    """The verdict on the looks of *tally*; *baked* says whether they have gone on long enough to pass."""
    exits = sum(failure.started for failure in tally.latest.failures)
    start_failures = len(tally.latest.failures) - exits
    if exits > gate.maximum_task_failures or start_failures > gate.maximum_start_failures:
        return Verdict.UNHEALTHY
    if tally.problem:
        return Verdict.ERROR
    if not baked or tally.consecutive < gate.consecutive_successes:
        return Verdict.INCONCLUSIVE
    return Verdict.HEALTHY


def describe_targets(tally: TargetTally) -> str:
    """What *tally* saw last, in words."""
    latest = tally.latest
    states = ", ".join(f"{count} {state}" for state, count in latest.targets)
    parts = [f"{latest.healthy} of {latest.desired} desired tasks healthy in the target group"]
    parts.append(f"{latest.running} running{f'; targets: {states}' if states else ''}")
    if latest.failures:
        more = len(latest.failures) - 1
        parts.append(f"stopped: {latest.failures[0]}{f', and {more} more' if more else ''}")
    if tally.problem:
        parts.append(f"the last look failed: {tally.problem}")
    return ", ".join(parts)


def expect_targets(gate: TargetHealthGate) -> str:
    """What *gate* asks for, in words."""
    return (
        f"all desired tasks healthy in {gate.consecutive_successes} looks in a row over {gate.bake_seconds:g} s, at "
        "most "
        f"{gate.maximum_task_failures} stopped by themselves and {gate.maximum_start_failures} failing to start"
    )
