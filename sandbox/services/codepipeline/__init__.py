# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""CodePipeline, which MiniStack does not have: ECR sources, CodeBuild builds and approvals, in all execution modes."""

import asyncio
import json
from functools import partial
from typing import Any

from sandbox.host import Sandbox
from sandbox.ministack import app, iam_actions, responses, router
from sandbox.services.cloudformation.api.teaching import teach
from sandbox.services.codepipeline import cloudformation
from sandbox.services.codepipeline.api import executions
from sandbox.services.codepipeline.api.table import table
from sandbox.services.codepipeline.model import state
from sandbox.services.codepipeline.model.declaration import Refusal
from sandbox.services.codepipeline.runtime import rules
from sandbox.services.codepipeline.runtime.engine import Engine

_SERVICE = "codepipeline"
_LOOK_SECONDS = 10.0


def install(sandbox: Sandbox) -> None:
    """Serve the API next to MiniStack's, and start pipelines by rules."""
    engine = Engine(sandbox)
    actions = table(engine)
    router.SERVICE_PATTERNS[_SERVICE] = {
        "target_prefixes": ["CodePipeline_20150709"],
        "host_patterns": [r"codepipeline\."],
        "credential_scope": _SERVICE,
    }
    iam_actions.SERVICE_TO_IAM_NAMESPACE[_SERVICE] = _SERVICE
    rules.install(partial(executions.start, engine))
    teach(cloudformation.RESOURCES)
    sandbox.on_reset(state.forget)

    async def handle(_method: str, _path: str, headers: dict[str, str], body: bytes, _query: dict[str, Any]) -> Any:
        action = headers.get("x-amz-target", "").partition(".")[2]
        handler = actions.get(action)
        if handler is None:
            text = f"The sandbox has no {_SERVICE} action {action!r}"
            return responses.error_response_json("UnknownOperationException", text, 400)

        def answer() -> Any:
            with state.LOCK:
                return responses.json_response(handler(json.loads(body or b"{}")))

        try:
            return await asyncio.to_thread(answer)
        except Refusal as refusal:
            return responses.error_response_json(refusal.exception, refusal.text, 400)

    async def expire() -> None:
        while True:
            await asyncio.sleep(sandbox.scaled(_LOOK_SECONDS))
            await asyncio.to_thread(engine.expire)

    app.SERVICE_HANDLERS[_SERVICE] = handle
    sandbox.background(_SERVICE, expire)
