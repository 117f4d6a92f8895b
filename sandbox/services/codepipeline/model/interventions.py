# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What people do to executions: stop them, retry a stage, approve or reject.

AWS: CodePipeline API reference, StopPipelineExecution, RetryStageExecution, PutApprovalResult, and their errors.
"""

from sandbox.services.codepipeline.model import declaration as declared
from sandbox.services.codepipeline.model.declaration import Refusal
from sandbox.services.codepipeline.model.executions import (
    ABANDONED,
    FAILED,
    IN_PROGRESS,
    STOPPED,
    STOPPING,
    SUCCEEDED,
    ActionRun,
    Changed,
    Execution,
    Pipeline,
    StageRun,
    Step,
    advance,
)

ALL_ACTIONS = "ALL_ACTIONS"


def execution_of(pipeline: Pipeline, identifier: str) -> Execution:
    """PipelineExecutionNotFoundException when there is none."""
    found = next((execution for execution in pipeline.executions if execution.id == identifier), None)
    if found is None:
        raise Refusal(
            "PipelineExecutionNotFoundException",
            f"Pipeline execution with id '{identifier}' does not exist for pipeline '{pipeline.declaration['name']}'",
        )
    return found


def stop(pipeline: Pipeline, execution: Execution, reason: str, *, abandon: bool) -> list[Step]:
    """Stop and wait for the actions in progress, or abandon them."""
    if not execution.is_running:
        raise Refusal(
            "PipelineExecutionNotStoppableException",
            f"Pipeline execution {execution.id} is in the status {execution.status} and cannot be stopped",
        )
    if execution.status == STOPPING and not abandon:
        raise Refusal(
            "DuplicatedStopRequestException", f"Pipeline execution {execution.id} is already in Stopping state"
        )
    execution.stop_reason = reason
    steps: list[Step] = [] if execution.status == STOPPING else [Changed(execution, "STOPPING")]
    execution.end(STOPPING)
    if abandon and not execution.waits_for:
        stage = execution.current()
        for run in execution.stages[stage].newest().values():
            if run.status == IN_PROGRESS:
                run.end(ABANDONED)
                steps.append(Changed(execution, "ABANDONED", stage, run))
    return [*steps, *advance(pipeline)]


def retry(pipeline: Pipeline, execution: Execution, stage: str, mode: str) -> list[Step]:
    """Run the failed actions of a stage again, or all of them."""
    if stage not in declared.stage_names(pipeline.declaration):
        raise Refusal("StageNotFoundException", f"Stage {stage} does not exist")
    run = execution.stages.get(stage)
    last = pipeline.in_stage(stage)
    if run and last[-1] is not execution and declared.mode(execution.pipeline) != "PARALLEL":
        raise Refusal(
            "NotLatestPipelineExecutionException",
            f"The pipeline execution {execution.id} is not the latest in the stage {stage}; that is {last[-1].id}",
        )
    if run is None or not _is_retryable(execution, run):
        raise Refusal(
            "StageNotRetryableException",
            f"Unable to retry the stage {stage}: it has no failed action, or is in progress",
        )
    for tried in run.newest().values():
        tried.counts = mode != ALL_ACTIONS and tried.status == SUCCEEDED
    run.status, run.attempt = IN_PROGRESS, run.attempt + 1
    execution.end(IN_PROGRESS)
    steps: list[Step] = [Changed(execution, "RESUMED"), Changed(execution, "RESUMED", stage)]
    return [*steps, *advance(pipeline)]


def _is_retryable(execution: Execution, stage: StageRun) -> bool:
    runs = stage.newest().values()
    return (
        not execution.is_running
        and stage.status in {FAILED, STOPPED}
        and any(run.status in {FAILED, ABANDONED} for run in runs)
        and not any(run.status == IN_PROGRESS for run in runs)
    )


def decide(  # noqa: PLR0913 - what PutApprovalResult takes
    pipeline: Pipeline, stage: str, action: str, token: str, *, approved: bool, summary: str, by: str
) -> list[Step]:
    """Approve or reject; the action succeeds or fails."""
    if stage not in declared.stage_names(pipeline.declaration):
        raise Refusal("StageNotFoundException", f"Stage {stage} does not exist")
    found = [
        (execution, run)
        for execution in pipeline.executions
        for run in execution.runs()
        if (run.stage, run.name) == (stage, action)
    ]
    known = {item["name"] for item in declared.actions(pipeline.declaration, stage)}
    if action not in known:
        raise Refusal("ActionNotFoundException", f"Action {action} does not exist in stage {stage}")
    execution, run = next((pair for pair in found if pair[1].token == token), (None, None))
    if execution is None or run is None:
        raise Refusal("InvalidApprovalTokenException", "The approval token is invalid")
    if run.status != IN_PROGRESS:
        raise Refusal("ApprovalAlreadyCompletedException", "The approval action has already been approved or rejected")
    run.by = by
    return finish(pipeline, execution, run, SUCCEEDED if approved else FAILED, summary)


def finish(  # noqa: PLR0913, PLR0917 - how an action ended has these parts
    pipeline: Pipeline,
    execution: Execution,
    run: ActionRun,
    status: str,
    summary: str = "",
    error: dict[str, str] | None = None,
) -> list[Step]:
    """An action ended; nothing follows when it was abandoned meanwhile."""
    if run.status != IN_PROGRESS:
        return []
    run.end(status, summary, error)
    return [Changed(execution, status.upper(), run.stage, run), *advance(pipeline)]
