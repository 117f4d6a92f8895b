# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Executions: started, shown, stopped, retried, approved; and transitions between stages."""

import time

from sandbox.services.codepipeline.api import shapes
from sandbox.services.codepipeline.api.shapes import Data
from sandbox.services.codepipeline.model import declaration as declared
from sandbox.services.codepipeline.model import interventions, state, variables
from sandbox.services.codepipeline.model.declaration import Refusal
from sandbox.services.codepipeline.model.executions import Execution, Pipeline, Step, advance, enter
from sandbox.services.codepipeline.runtime.engine import Engine

_CONCURRENT = 50


def start(engine: Engine, data: Data, trigger: tuple[str, str]) -> str:
    """StartPipelineExecution; the id of the execution."""
    pipeline = state.pipeline_of(data["name"])
    token = data.get("clientRequestToken") or ""
    known = next((execution for execution in pipeline.executions if token and execution.token == token), None)
    if known:
        return known.id
    mode = declared.mode(pipeline.declaration)
    if mode != "SUPERSEDED" and sum(execution.is_running for execution in pipeline.executions) >= _CONCURRENT:
        raise Refusal(
            "ConcurrentPipelineExecutionsLimitExceededException",
            f"The pipeline has reached the limit of {_CONCURRENT} concurrent executions in {mode} mode",
        )
    execution = Execution(
        pipeline.declaration,
        variables=variables.resolved(pipeline, {item["name"]: item["value"] for item in data.get("variables") or []}),
        revisions=_revisions(pipeline, data.get("sourceRevisions") or []),
        trigger=trigger,
        token=token,
    )
    engine.perform(pipeline, lambda: enter(pipeline, execution))
    return execution.id


def _revisions(pipeline: Pipeline, given: list[Data]) -> dict[str, Data]:
    stage = declared.stage_names(pipeline.declaration)[0]
    sources = {
        action["name"]: action["actionTypeId"]["provider"] for action in declared.actions(pipeline.declaration, stage)
    }
    for revision in given:
        if revision["actionName"] not in sources:
            raise Refusal("ValidationException", f"There is no source action named {revision['actionName']}")
        if revision["revisionType"] != "IMAGE_DIGEST":
            raise Refusal(
                "ValidationException",
                f"Revision type {revision['revisionType']} does not fit {sources[revision['actionName']]}",
            )
    return {revision["actionName"]: revision for revision in given}


def get(data: Data) -> Data:
    """GetPipelineExecution."""
    execution = interventions.execution_of(state.pipeline_of(data["pipelineName"]), data["pipelineExecutionId"])
    return {"pipelineExecution": shapes.execution_detail(execution)}


def list_all(data: Data) -> Data:
    """ListPipelineExecutions, the newest first."""
    newest = list(reversed(state.pipeline_of(data["pipelineName"]).executions))
    return _page(data, "pipelineExecutionSummaries", [shapes.execution_summary(execution) for execution in newest])


def actions(data: Data) -> Data:
    """ListActionExecutions, the newest first."""
    pipeline = state.pipeline_of(data["pipelineName"])
    wanted = (data.get("filter") or {}).get("pipelineExecutionId")
    found = [
        (run.started, shapes.action_detail(execution, run))
        for execution in pipeline.executions
        if wanted in {None, execution.id}
        for run in execution.runs()
    ]
    found.sort(key=lambda pair: pair[0], reverse=True)
    return _page(data, "actionExecutionDetails", [detail for _, detail in found])


def _page(data: Data, member: str, items: list[Data]) -> Data:
    first, size = int(data.get("nextToken") or 0), int(data.get("maxResults") or 100)
    more = {"nextToken": str(first + size)} if len(items) > first + size else {}
    return {member: items[first : first + size], **more}


def pipeline_state(data: Data) -> Data:
    """GetPipelineState."""
    pipeline = state.pipeline_of(data["name"])
    return {
        "pipelineName": pipeline.declaration["name"],
        "pipelineVersion": pipeline.declaration["version"],
        "stageStates": [shapes.stage_state(pipeline, stage) for stage in declared.stage_names(pipeline.declaration)],
        "created": pipeline.created,
        "updated": pipeline.updated,
    }


def stop(engine: Engine, data: Data) -> Data:
    """StopPipelineExecution."""
    pipeline = state.pipeline_of(data["pipelineName"])
    execution = interventions.execution_of(pipeline, data["pipelineExecutionId"])
    reason, abandon = data.get("reason") or "", bool(data.get("abandon"))
    engine.perform(pipeline, lambda: interventions.stop(pipeline, execution, reason, abandon=abandon))
    return {"pipelineExecutionId": execution.id}


def retry(engine: Engine, data: Data) -> Data:
    """RetryStageExecution."""
    pipeline = state.pipeline_of(data["pipelineName"])
    execution = interventions.execution_of(pipeline, data["pipelineExecutionId"])
    stage, mode = data["stageName"], data["retryMode"]
    engine.perform(pipeline, lambda: interventions.retry(pipeline, execution, stage, mode))
    return {"pipelineExecutionId": execution.id}


def approve(engine: Engine, data: Data) -> Data:
    """PutApprovalResult."""
    pipeline, result = state.pipeline_of(data["pipelineName"]), data["result"]

    def change() -> list[Step]:
        return interventions.decide(
            pipeline,
            data["stageName"],
            data["actionName"],
            data["token"],
            approved=result["status"] == "Approved",
            summary=result["summary"],
            by=f"arn:aws:iam::{state.scope()[0]}:root",
        )

    engine.perform(pipeline, change)
    return {"approvedAt": time.time()}


def disable(engine: Engine, data: Data) -> Data:
    """DisableStageTransition."""
    pipeline = _with_stage(data)
    pipeline.disabled[data["stageName"]] = (data["reason"], time.time())
    engine.perform(pipeline, lambda: advance(pipeline))
    return {}


def enable(engine: Engine, data: Data) -> Data:
    """EnableStageTransition."""
    pipeline = _with_stage(data)
    pipeline.disabled.pop(data["stageName"], None)
    engine.perform(pipeline, lambda: advance(pipeline))
    return {}


def _with_stage(data: Data) -> Pipeline:
    pipeline = state.pipeline_of(data["pipelineName"])
    if data["stageName"] not in declared.stage_names(pipeline.declaration):
        raise Refusal("StageNotFoundException", f"Stage {data['stageName']} does not exist")
    return pipeline
