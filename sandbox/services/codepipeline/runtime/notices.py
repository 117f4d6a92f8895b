# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The events that a pipeline, its stages and its actions emit.

AWS: CodePipeline user guide, monitoring CodePipeline events.
"""

import time
from typing import Any

from sandbox import events
from sandbox.ministack import responses
from sandbox.services.codepipeline.model import declaration as declared
from sandbox.services.codepipeline.model import state
from sandbox.services.codepipeline.model.executions import ActionRun, Changed

_SPELLED = {"CANCELLED": "CANCELED"}


def tell(change: Changed) -> None:
    """Emit the event of the change."""
    execution, run = change.execution, change.run
    name = execution.pipeline["name"]
    detail: dict[str, Any] = {
        "pipeline": name,
        "execution-id": execution.id,
        "state": _SPELLED.get(change.state, change.state),
        "version": float(execution.pipeline.get("version", 1)),
        "start-time": _moment(run.started if run else execution.started),
    }
    if run is not None:
        detail |= {
            "stage": change.stage,
            "action": run.name,
            "region": responses.get_region(),
            **_of_action(change, run),
        }
        kind = "Action"
    elif change.stage:
        attempt = float(execution.stages[change.stage].attempt)
        detail |= {"stage": change.stage, "pipeline-execution-attempt": attempt}
        kind = "Stage"
    else:
        trigger, trigger_detail = execution.trigger
        detail["execution-trigger"] = {"trigger-type": trigger, "trigger-detail": trigger_detail}
        kind = "Pipeline"
    events.emit("aws.codepipeline", f"CodePipeline {kind} Execution State Change", detail, [state.arn_of(name)])


def _of_action(change: Changed, run: ActionRun) -> dict[str, Any]:
    kind = declared.action(change.execution.pipeline, run.stage, run.name)["actionTypeId"]
    told: dict[str, Any] = {"type": {key: kind[key] for key in ("owner", "category", "provider", "version")}}
    if run.error or run.external_id:
        told["execution-result"] = {
            "external-execution-id": run.external_id,
            "external-execution-summary": run.summary,
            **({"error-code": run.error["code"]} if run.error else {}),
        }
    return told


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
