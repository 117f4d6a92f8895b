# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Application Auto Scaling for ECS services, which MiniStack does not have.

Targets, policies, scheduled actions and tags are kept. A target tracking policy makes its CloudWatch alarms and scales
its service when they ask for it; a service outside its new bounds is moved inside. No step policy acts, and no
scheduled action runs.
"""

import asyncio
import json
from typing import Any

from sandbox.host import Sandbox
from sandbox.ministack import app, responses, router
from sandbox.services.application_autoscaling import cloudformation
from sandbox.services.application_autoscaling.api import policies, scaling, scheduled, tags, targets
from sandbox.services.application_autoscaling.model.records import Refusal, store
from sandbox.services.cloudformation.api.teaching import teach

_SERVICE = "application-autoscaling"
_LOOK_SECONDS = 10.0
_ACTIONS = {**targets.ACTIONS, **policies.ACTIONS, **scheduled.ACTIONS, **tags.ACTIONS}


def install(sandbox: Sandbox) -> None:
    """Serve the API next to MiniStack's."""
    router.SERVICE_PATTERNS[_SERVICE] = {
        "target_prefixes": ["AnyScaleFrontendService"],
        "host_patterns": [r"application-autoscaling\."],
        "credential_scope": _SERVICE,
    }
    app.SERVICE_HANDLERS[_SERVICE] = _handle
    teach(cloudformation.RESOURCES)
    sandbox.on_reset(store.clear)

    async def scale() -> None:
        while True:
            await asyncio.sleep(sandbox.scaled(_LOOK_SECONDS))
            await asyncio.to_thread(scaling.scale_everywhere, sandbox.scaled)

    sandbox.background("application-autoscaling", scale)


async def _handle(_method: str, _path: str, headers: dict[str, str], body: bytes, _query: dict[str, Any]) -> Any:
    action = headers.get("x-amz-target", "").partition(".")[2]
    handler = _ACTIONS.get(action)
    if handler is None:
        return responses.error_response_json(
            "UnknownOperationException", f"The sandbox has no {_SERVICE} action {action!r}", 400
        )
    try:
        return responses.json_response(await asyncio.to_thread(handler, json.loads(body or b"{}")))
    except Refusal as refusal:
        return responses.error_response_json(refusal.exception, refusal.text, 400)
