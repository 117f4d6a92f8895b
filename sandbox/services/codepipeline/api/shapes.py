# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What the API shows of pipelines and executions. AWS: CodePipeline API model."""

from typing import Any

from sandbox.services.codepipeline.model import declaration as declared
from sandbox.services.codepipeline.model import state
from sandbox.services.codepipeline.model.executions import IN_PROGRESS, ActionRun, Execution, Pipeline, StageRun

Data = dict[str, Any]


def execution_detail(execution: Execution) -> Data:
    """PipelineExecution."""
    return {
        **_of_both(execution),
        "pipelineName": execution.pipeline["name"],
        "pipelineVersion": execution.pipeline["version"],
        "artifactRevisions": [
            {"name": artifact, "revisionId": run.external_id, "revisionSummary": run.summary}
            for run in execution.runs()
            for artifact in run.artifacts
        ],
        "variables": [{"name": name, "resolvedValue": value} for name, value in execution.variables.items()],
    }


def execution_summary(execution: Execution) -> Data:
    """PipelineExecutionSummary."""
    return {
        **_of_both(execution),
        "startTime": execution.started,
        "lastUpdateTime": execution.changed,
        "sourceRevisions": [
            {"actionName": run.name, "revisionId": run.external_id, "revisionSummary": run.summary}
            for run in execution.runs()
            if run.artifacts
        ],
        **({"stopTrigger": {"reason": execution.stop_reason}} if execution.stop_reason else {}),
    }


def _of_both(execution: Execution) -> Data:
    trigger, detail = execution.trigger
    return {
        "pipelineExecutionId": execution.id,
        "status": execution.status,
        "executionMode": declared.mode(execution.pipeline),
        "executionType": "STANDARD",
        "trigger": {"triggerType": trigger, "triggerDetail": detail},
    }


def stage_state(pipeline: Pipeline, stage: str) -> Data:
    """StageState."""
    been = pipeline.in_stage(stage)
    waiting = [
        {"pipelineExecutionId": execution.id, "status": IN_PROGRESS, "type": "STANDARD"}
        for execution in pipeline.waiting(stage)
    ]
    last = been[-1] if been else None
    shown: Data = {
        "stageName": stage,
        "inboundExecutions": waiting,
        "inboundTransitionState": _transition(pipeline, stage),
        "actionStates": [
            _action_state(action["name"], last, stage) for action in declared.actions(pipeline.declaration, stage)
        ],
    }
    if waiting:
        shown["inboundExecution"] = waiting[0]
    if last:
        shown["latestExecution"] = {
            "pipelineExecutionId": last.id,
            "status": "Stopping"
            if last.status == "Stopping" and last.current() == stage
            else last.stages[stage].status,
            "type": "STANDARD",
        }
    return shown


def _transition(pipeline: Pipeline, stage: str) -> Data:
    if stage not in pipeline.disabled:
        return {"enabled": True}
    reason, since = pipeline.disabled[stage]
    return {"enabled": False, "disabledReason": reason, "lastChangedAt": since}


def _action_state(action: str, execution: Execution | None, stage: str) -> Data:
    run = _newest(execution.stages[stage], action) if execution else None
    return {"actionName": action, **({"latestExecution": _action_execution(run)} if run else {})}


def _newest(stage: StageRun, action: str) -> ActionRun | None:
    return next((run for run in reversed(stage.runs) if run.name == action), None)


def _action_execution(run: ActionRun) -> Data:
    optional = {
        "summary": run.summary,
        "lastUpdatedBy": run.by,
        "externalExecutionId": run.external_id,
        "errorDetails": run.error,
        # AWS shows the token of an approval that waits, and of nothing else.
        "token": run.token if run.expires and run.status == IN_PROGRESS else None,
    }
    return {
        "actionExecutionId": run.id,
        "status": run.status,
        "lastStatusChange": run.changed,
        **{name: value for name, value in optional.items() if value},
    }


def action_detail(execution: Execution, run: ActionRun) -> Data:
    """ActionExecutionDetail."""
    action = declared.action(execution.pipeline, run.stage, run.name)
    result = {"externalExecutionId": run.external_id, "externalExecutionSummary": run.summary}
    return {
        "pipelineExecutionId": execution.id,
        "actionExecutionId": run.id,
        "pipelineVersion": execution.pipeline["version"],
        "stageName": run.stage,
        "actionName": run.name,
        "startTime": run.started,
        "lastUpdateTime": run.changed,
        "status": run.status,
        **({"updatedBy": run.by} if run.by else {}),
        "input": {
            "actionTypeId": action["actionTypeId"],
            "configuration": action.get("configuration") or {},
            "resolvedConfiguration": run.configuration,
            **({"namespace": action["namespace"]} if action.get("namespace") else {}),
        },
        "output": {
            "outputArtifacts": [
                {"name": name, "s3location": {"bucket": bucket, "key": key}}
                for name, (bucket, key) in run.artifacts.items()
            ],
            "executionResult": {**result, **({"errorDetails": run.error} if run.error else {})},
            "outputVariables": run.variables,
        },
    }


def metadata(pipeline: Pipeline) -> Data:
    """PipelineMetadata."""
    return {
        "pipelineArn": state.arn_of(pipeline.declaration["name"]),
        "created": pipeline.created,
        "updated": pipeline.updated,
    }
