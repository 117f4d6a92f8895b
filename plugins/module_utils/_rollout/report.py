# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rollout says of itself: the paragraph a failed one ends with, and the plain data of its result."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from .._release.record import Outcome, Release, running_release
from .judge.decision import Decision, Step
from .results import Result

if TYPE_CHECKING:
    from .._release.record import Measurement
    from .plan.differences import RolloutPlan
    from .plan.read import Facts
    from .session import Session


@dataclass(frozen=True, slots=True)
class Timings:
    """Seconds. Zero: that part did not happen."""

    total: float = 0.0
    migration: float = 0.0
    to_detect: float = 0.0
    to_roll_back: float = 0.0
    to_succeed: float = 0.0


@dataclass(frozen=True, slots=True)
class RolloutResult:
    """How a rollout ended, or in check mode what it would do."""

    changed: bool
    action: str
    version: str
    image: str
    definition: str
    plan: RolloutPlan
    result: Result = Result.UNCHANGED
    task_definition_arn: str = ""
    release: Release | None = None
    timings: Timings = field(default_factory=Timings)
    evidence: tuple[dict[str, Any], ...] = ()
    warnings: tuple[str, ...] = ()


def build_result(  # noqa: PLR0913 - each is a thing of its own
    session: Session,
    facts: Facts,
    result: Result = Result.UNCHANGED,
    *,
    release: Release | None = None,
    timings: Timings | None = None,
    evidence: tuple[dict[str, Any], ...] = (),
) -> RolloutResult:
    """The result of what was done with *facts*. Without a *release* of this run, it names the one that runs."""
    return RolloutResult(
        result=result,
        changed=facts.plan.changed,
        action=facts.plan.action.value,
        version=facts.target.release.version,
        image=facts.target.image,
        definition=facts.target.definition,
        plan=facts.plan,
        task_definition_arn=release.task_definition_arn if release else facts.plan.reuse_arn,
        release=release or running_release(facts.history, facts.running_arn),
        timings=replace(timings or Timings(), total=session.elapsed()),
        evidence=evidence,
        warnings=tuple(session.warnings),
    )


def as_data(result: RolloutResult) -> dict[str, Any]:
    """*result* as a module returns it."""
    return {
        "changed": result.changed,
        "result": result.result.value,
        "action": result.action,
        "version": result.version,
        "image": result.image,
        "definition": result.definition,
        "task_definition_arn": result.task_definition_arn,
        "changes": {
            "task_definition": list(result.plan.definition_changes),
            "service": list(result.plan.setting_changes),
            "listener_rules": _places(result.plan),
            "scaling": result.plan.scaling is not None,
            "deregistered": [arn.rpartition("/")[2] for arn in result.plan.spare],
        },
        "release": release_data(result.release) if result.release else {},
        "timings": {f"{name}_seconds": round(value, 1) for name, value in asdict(result.timings).items()},
        "gates": [gate_data(gate) for gate in result.release.gates] if result.release else [],
        "evidence": list(result.evidence),
        "diff": {"before": result.plan.before, "after": result.plan.after} if result.changed else {},
    }


def _places(plan: RolloutPlan) -> list[str]:
    places = {(rule.listener_arn, rule.priority) for rule in plan.rules}
    places |= {rule.place for rule in (*plan.unmarked, *plan.dropped)}
    return [f"{listener} priority {priority}" for listener, priority in sorted(places)]


def release_data(release: Release) -> dict[str, Any]:
    """*release* as plain data."""
    data = {**asdict(release), "outcome": release.outcome.value}
    data["gates"] = [gate_data(gate) for gate in release.gates]
    del data["snapshot"], data["measuring"]
    return data


def gate_data(measurement: Measurement) -> dict[str, Any]:
    """*measurement* as plain data."""
    return {**asdict(measurement), "verdict": measurement.verdict.value}


def failure_paragraph(subject: str, decision: Decision, *, outcome: Outcome, standing: str, timings: Timings) -> str:
    """One paragraph about *subject*: by which gate it was refused, what was seen and expected, where things stand."""
    if decision.step is Step.SUPERSEDED:
        return (
            f"{subject} was superseded and was neither judged nor rolled back: {decision.seen}. "
            "The service belongs to that change now; see the release history for who made it."
        )
    ended = {
        Outcome.ROLLED_BACK: "was rolled back",
        Outcome.STOPPED: "was stopped",
    }.get(outcome, "failed and was not rolled back")
    times = f"Detected after {timings.to_detect:.1f} s"
    if outcome in (Outcome.ROLLED_BACK, Outcome.STOPPED):
        times += (
            f", {'back in place' if outcome is Outcome.ROLLED_BACK else 'stopped'} {timings.to_roll_back:.1f} s later"
        )
    return f"{subject} {ended}: {decision} {standing} {times}."


def evidence_sentence(evidence: tuple[dict[str, Any], ...]) -> str:
    """The most telling of the evidence, in one sentence; empty when there is none."""
    for task in evidence:
        lines = [line.strip() for line in task.get("log_lines", ()) if line.strip()][-3:]
        if lines:
            return f"Last log lines of task {task['task']}: {' | '.join(lines)[-600:]}"
    return ""
