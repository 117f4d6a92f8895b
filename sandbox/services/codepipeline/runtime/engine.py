# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Makes what was decided happen: runs the actions that start, and tells of every change."""

import logging
import threading
import time
from collections.abc import Callable

from sandbox.host import Sandbox
from sandbox.ministack import responses
from sandbox.services.codepipeline.model import declaration as declared
from sandbox.services.codepipeline.model import interventions, state, variables
from sandbox.services.codepipeline.model.executions import (
    FAILED,
    IN_PROGRESS,
    SUCCEEDED,
    ActionRun,
    Changed,
    Execution,
    Pipeline,
    Started,
    Step,
)
from sandbox.services.codepipeline.runtime import actions, notices

logger = logging.getLogger("sandbox.codepipeline")


class Engine:
    """Every change of a pipeline goes through here, one after another."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def perform(self, pipeline: Pipeline, change: Callable[[], list[Step]]) -> None:
        """Make the change, and let happen what follows."""
        with state.LOCK:
            steps = change()
            for step in steps:
                if isinstance(step, Changed):
                    notices.tell(step)
                else:
                    self._start(pipeline, step)

    def _start(self, pipeline: Pipeline, started: Started) -> None:
        account, region = state.scope()

        def work() -> None:
            with responses.request_scope(account, region):
                self._act(pipeline, started.execution, started.run)

        threading.Thread(target=work, daemon=True, name=f"codepipeline-{started.run.name}").start()

    def _act(self, pipeline: Pipeline, execution: Execution, run: ActionRun) -> None:
        status, error = SUCCEEDED, None
        try:
            action = declared.action(execution.pipeline, run.stage, run.name)
            with state.LOCK:
                given = action.get("configuration") or {}
                run.configuration = {name: variables.fill(execution, str(value)) for name, value in given.items()}
            kind = action["actionTypeId"]
            if not actions.PROVIDERS[kind["category"], kind["provider"]](actions.Act(self._sandbox, execution, run)):
                return
        except actions.Failed as failure:
            status, error = FAILED, {"code": failure.code, "message": failure.message}
        except variables.UnresolvedError as failure:
            status, error = FAILED, {"code": "InvalidVariableReference", "message": str(failure)}
        except Exception as failure:
            logger.exception("action %s failed", run.name)
            status, error = FAILED, {"code": "InternalError", "message": str(failure)}
        summary = error["message"] if error else ""
        self.perform(pipeline, lambda: interventions.finish(pipeline, execution, run, status, summary, error))

    def expire(self) -> None:
        """Fail the approvals that nobody answered in time."""
        with state.LOCK:
            overdue = [
                (key, pipeline, execution, run)
                for key, pipeline in state.PIPELINES.items()
                for execution in pipeline.executions
                for run in execution.runs()
                if run.status == IN_PROGRESS and run.expires and run.expires < time.time()
            ]
        for key, pipeline, execution, run in overdue:
            error = {"code": "JobFailed", "message": "The approval action has timed out"}
            with responses.request_scope(key[0], key[1]):
                self.perform(
                    pipeline,
                    lambda: interventions.finish(pipeline, execution, run, FAILED, error["message"], error),  # noqa: B023
                )
