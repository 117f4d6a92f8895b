# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The actions of the API."""

from collections.abc import Callable, Mapping
from functools import partial

from sandbox.services.codepipeline.api import executions, pipelines
from sandbox.services.codepipeline.api.shapes import Data
from sandbox.services.codepipeline.runtime.engine import Engine


def table(engine: Engine) -> Mapping[str, Callable[[Data], Data]]:
    """What answers an action, by its name."""

    def create(data: Data) -> Data:
        answer, pipeline = pipelines.create(data)
        executions.start(engine, {"name": pipeline.declaration["name"]}, ("CreatePipeline", ""))
        return answer

    def start(data: Data) -> Data:
        return {"pipelineExecutionId": executions.start(engine, data, ("StartPipelineExecution", ""))}

    return {
        "CreatePipeline": create,
        "UpdatePipeline": partial(pipelines.update, engine),
        "GetPipeline": pipelines.get,
        "ListPipelines": pipelines.list_all,
        "DeletePipeline": pipelines.delete,
        "ListTagsForResource": pipelines.tags,
        "TagResource": pipelines.tag,
        "UntagResource": pipelines.untag,
        "StartPipelineExecution": start,
        "GetPipelineExecution": executions.get,
        "ListPipelineExecutions": executions.list_all,
        "ListActionExecutions": executions.actions,
        "GetPipelineState": executions.pipeline_state,
        "StopPipelineExecution": partial(executions.stop, engine),
        "RetryStageExecution": partial(executions.retry, engine),
        "PutApprovalResult": partial(executions.approve, engine),
        "DisableStageTransition": partial(executions.disable, engine),
        "EnableStageTransition": partial(executions.enable, engine),
    }
