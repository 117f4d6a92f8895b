# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Pipelines: made, changed, read, tagged, removed."""

import copy
import time

from sandbox.services.codepipeline.api.shapes import Data, metadata
from sandbox.services.codepipeline.model import declaration as declared
from sandbox.services.codepipeline.model import state
from sandbox.services.codepipeline.model.declaration import Refusal
from sandbox.services.codepipeline.model.executions import CANCELLED, Changed, Pipeline, Step
from sandbox.services.codepipeline.runtime.engine import Engine


def create(data: Data) -> tuple[Data, Pipeline]:
    """CreatePipeline; its first execution is the caller's to start."""
    declaration = copy.deepcopy(data["pipeline"])
    declared.check(declaration)
    key = (*state.scope(), declaration["name"])
    if key in state.PIPELINES:
        raise Refusal(
            "PipelineNameInUseException", f"A pipeline with the name '{declaration['name']}' already exists in account"
        )
    declaration = {"pipelineType": "V1", "executionMode": "SUPERSEDED", **declaration, "version": 1}
    pipeline = state.PIPELINES[key] = Pipeline(declaration, tags=list(data.get("tags") or []))
    return {"pipeline": declaration, "tags": pipeline.tags}, pipeline


def update(engine: Engine, data: Data) -> Data:
    """UpdatePipeline; executions that have not ended are cancelled."""
    declaration = copy.deepcopy(data["pipeline"])
    declared.check(declaration)
    pipeline = state.pipeline_of(declaration["name"])
    version = int(pipeline.declaration["version"]) + 1

    def change() -> list[Step]:
        steps: list[Step] = []
        for execution in pipeline.executions:
            if execution.is_running:
                execution.waits_for = ""
                execution.end(CANCELLED)
                steps.append(Changed(execution, "CANCELLED"))
        pipeline.declaration = {
            "pipelineType": "V1", "executionMode": "SUPERSEDED", **declaration, "version": version
        }  # fmt: skip
        pipeline.updated = time.time()
        return steps

    engine.perform(pipeline, change)
    return {"pipeline": pipeline.declaration}


def get(data: Data) -> Data:
    """GetPipeline."""
    pipeline = state.pipeline_of(data["name"])
    return {"pipeline": pipeline.declaration, "metadata": metadata(pipeline)}


def list_all(_data: Data) -> Data:
    """ListPipelines."""
    return {
        "pipelines": [
            {
                **{name: pipeline.declaration[name] for name in ("name", "version", "pipelineType", "executionMode")},
                "created": pipeline.created,
                "updated": pipeline.updated,
            }
            for pipeline in state.here()
        ]
    }


def delete(data: Data) -> Data:
    """DeletePipeline; of one that is gone as well."""
    state.PIPELINES.pop((*state.scope(), data["name"]), None)
    return {}


def _by_arn(data: Data) -> Pipeline:
    return state.pipeline_of(str(data["resourceArn"]).split(":", 5)[5])


def tags(data: Data) -> Data:
    """ListTagsForResource."""
    return {"tags": _by_arn(data).tags}


def tag(data: Data) -> Data:
    """TagResource."""
    pipeline, given = _by_arn(data), {item["key"]: item for item in data["tags"]}
    pipeline.tags = [item for item in pipeline.tags if item["key"] not in given] + list(given.values())
    return {}


def untag(data: Data) -> Data:
    """UntagResource."""
    pipeline = _by_arn(data)
    pipeline.tags = [item for item in pipeline.tags if item["key"] not in data["tagKeys"]]
    return {}
