# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Executions, and what becomes of them step by step. Pure: `advance` is told what happened and says what starts.

AWS: CodePipeline user guide, "How pipeline executions work", "Retry a failed stage", "Stop a pipeline execution";
API model. A stage is locked while an execution is in it, and a failure releases it. In front of a locked stage
executions wait: in QUEUED mode all of them, in their order; in SUPERSEDED mode the last alone, the others are
superseded; in PARALLEL mode nobody waits.
"""

import itertools
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.services.codepipeline.model import declaration as declared
from sandbox.services.codepipeline.model.declaration import Declaration

IN_PROGRESS, SUCCEEDED, FAILED, STOPPING, STOPPED = "InProgress", "Succeeded", "Failed", "Stopping", "Stopped"
SUPERSEDED, CANCELLED, ABANDONED = "Superseded", "Cancelled", "Abandoned"
_turn = itertools.count()


@dataclass
class ActionRun:
    """One run of an action."""

    stage: str
    name: str
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    token: str = field(default_factory=lambda: str(uuid.uuid4()))
    status: str = IN_PROGRESS
    counts: bool = True
    """Whether it is no earlier try that a retry set aside."""
    started: float = field(default_factory=time.time)
    changed: float = field(default_factory=time.time)
    expires: float | None = None
    summary: str = ""
    by: str = ""
    external_id: str = ""
    error: Mapping[str, str] | None = None
    configuration: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    artifacts: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Output artifact to its bucket and key."""

    def end(self, status: str, summary: str = "", error: Mapping[str, str] | None = None) -> None:
        """The run ended."""
        self.status, self.changed, self.error = status, time.time(), error
        self.summary = summary or self.summary


@dataclass
class StageRun:
    """How an execution fared in a stage: its newest status, and every run of its actions."""

    status: str = IN_PROGRESS
    runs: list[ActionRun] = field(default_factory=list)
    attempt: int = 1
    turn: int = field(default_factory=lambda: next(_turn))
    """Which entrance into a stage this was."""

    def newest(self) -> dict[str, ActionRun]:
        """The run of each action that counts."""
        return {run.name: run for run in self.runs if run.counts}


@dataclass
class Execution:
    """A pipeline execution."""

    pipeline: Declaration
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    status: str = IN_PROGRESS
    started: float = field(default_factory=time.time)
    changed: float = field(default_factory=time.time)
    variables: Mapping[str, str] = field(default_factory=dict)
    revisions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """What a source action takes instead of the newest: its name to type and value."""
    trigger: tuple[str, str] = ("StartPipelineExecution", "")
    stages: dict[str, StageRun] = field(default_factory=dict)
    waits_for: str = ""
    """The stage in front of which it waits."""
    turn: int = 0
    """When it came there, among all that wait."""
    stop_reason: str = ""
    token: str = ""

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self.status in {IN_PROGRESS, STOPPING}

    def current(self) -> str:
        """The stage that it was in last; empty before the first."""
        return next(reversed(self.stages), "")

    def runs(self) -> Iterator[ActionRun]:
        """Every run of every action."""
        return (run for stage in self.stages.values() for run in stage.runs)

    def end(self, status: str) -> None:
        """The execution ended, or goes on, with `status`."""
        self.status, self.changed = status, time.time()

    def wait_for(self, stage: str) -> None:
        """The execution comes in front of the stage."""
        self.waits_for, self.turn = stage, next(_turn)


@dataclass
class Pipeline:
    """A pipeline and its executions, the oldest first."""

    declaration: dict[str, Any]
    created: float = field(default_factory=time.time)
    updated: float = field(default_factory=time.time)
    tags: list[dict[str, str]] = field(default_factory=list)
    executions: list[Execution] = field(default_factory=list)
    disabled: dict[str, tuple[str, float]] = field(default_factory=dict)
    """Stages whose inbound transition is disabled: reason and time."""

    def in_stage(self, stage: str) -> list[Execution]:
        """The executions that were in the stage, the last to enter it last."""
        been = [execution for execution in self.executions if stage in execution.stages]
        return sorted(been, key=lambda execution: execution.stages[stage].turn)

    def waiting(self, stage: str) -> list[Execution]:
        """The executions in front of the stage, the first to come first."""
        found = [execution for execution in self.executions if execution.waits_for == stage]
        return sorted(found, key=lambda execution: execution.turn)


@dataclass(frozen=True)
class Started:
    """An action that starts now."""

    execution: Execution
    run: ActionRun


@dataclass(frozen=True)
class Changed:
    """Something has another state: a pipeline execution, a stage of it, or an action; what it is now."""

    execution: Execution
    state: str
    stage: str = ""
    run: ActionRun | None = None


Step = Started | Changed


def enter(pipeline: Pipeline, execution: Execution) -> list[Step]:
    """A new execution comes to the pipeline."""
    pipeline.executions.append(execution)
    execution.wait_for(declared.stage_names(execution.pipeline)[0])
    return [Changed(execution, "STARTED"), *advance(pipeline)]


def advance(pipeline: Pipeline) -> list[Step]:
    """Everything that follows from how things stand."""
    steps: list[Step] = []
    while more := [step for execution in list(pipeline.executions) for step in _go_on(pipeline, execution)]:
        steps += more
    return steps


def _go_on(pipeline: Pipeline, execution: Execution) -> list[Step]:
    if not execution.is_running:
        return []
    if execution.waits_for:
        return _wait(pipeline, execution)
    return _in_stage(execution, execution.current())


def _in_stage(execution: Execution, name: str) -> list[Step]:
    stage = execution.stages[name]
    newest = stage.newest()
    if any(run.status == IN_PROGRESS for run in newest.values()):
        return []
    if execution.status == STOPPING:
        return _leave(execution, name, STOPPED)
    if any(run.status == FAILED for run in newest.values()):
        return _leave(execution, name, FAILED)
    if steps := _next_actions(execution, name, stage):
        return steps
    return _succeed(execution, name)


def _wait(pipeline: Pipeline, execution: Execution) -> list[Step]:
    """In front of a stage: superseded by who came later, stopped, or let in."""
    name = execution.waits_for
    if execution.status == STOPPING:
        execution.waits_for = ""
        execution.end(STOPPED)
        return [Changed(execution, "STOPPED")]
    mode, waiting = declared.mode(execution.pipeline), pipeline.waiting(name)
    if mode == "SUPERSEDED" and _has_newer(pipeline, execution, waiting):
        execution.waits_for = ""
        execution.end(SUPERSEDED)
        return [Changed(execution, "SUPERSEDED")]
    if name in pipeline.disabled or (
        mode != "PARALLEL" and (_is_locked(pipeline, name) or waiting[0] is not execution)
    ):
        return []
    execution.waits_for = ""
    execution.stages[name] = StageRun()
    return [Changed(execution, "STARTED", name), *_next_actions(execution, name, execution.stages[name])]


def _has_newer(pipeline: Pipeline, execution: Execution, waiting: list[Execution]) -> bool:
    place = pipeline.executions.index
    return any(place(other) > place(execution) for other in waiting)


def _is_locked(pipeline: Pipeline, stage: str) -> bool:
    return any(
        execution.is_running and not execution.waits_for and execution.current() == stage
        for execution in pipeline.executions
    )


def _next_actions(execution: Execution, name: str, stage: StageRun) -> list[Step]:
    """The actions of the lowest run order that have not succeeded; none when all have."""
    done = {run.name for run in stage.newest().values() if run.status == SUCCEEDED}
    left = [action for action in declared.actions(execution.pipeline, name) if action["name"] not in done]
    order = min((int(action.get("runOrder") or 1) for action in left), default=0)
    runs = [ActionRun(name, action["name"]) for action in left if int(action.get("runOrder") or 1) == order]
    stage.runs += runs
    return [step for run in runs for step in (Changed(execution, "STARTED", name, run), Started(execution, run))]


def _leave(execution: Execution, name: str, status: str) -> list[Step]:
    """The execution ends in this stage."""
    execution.stages[name].status = status
    execution.end(status)
    return [Changed(execution, status.upper(), name), Changed(execution, status.upper())]


def _succeed(execution: Execution, name: str) -> list[Step]:
    execution.stages[name].status = SUCCEEDED
    names = declared.stage_names(execution.pipeline)
    following = names[names.index(name) + 1 :]
    steps: list[Step] = [Changed(execution, "SUCCEEDED", name)]
    if following:
        execution.wait_for(following[0])
        return steps
    execution.end(SUCCEEDED)
    return [*steps, Changed(execution, "SUCCEEDED")]
