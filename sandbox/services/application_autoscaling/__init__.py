# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Application Auto Scaling for ECS services, which MiniStack does not have.

Targets, policies, scheduled actions and tags are kept. A target tracking policy makes its CloudWatch alarms, and a step
scaling policy is named by alarms of others; both scale their service while these ask for it. Scheduled actions set the
bounds when their time comes. A service outside its new bounds is moved inside.
"""

import asyncio
import json
import time
from typing import Any

from sandbox.host import Sandbox
from sandbox.ministack import app, responses, router
from sandbox.services.application_autoscaling import cloudformation
from sandbox.services.application_autoscaling.api import due, policies, scaling, scheduled, tags, targets
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
        looked = time.time()
        while True:
            await asyncio.sleep(sandbox.scaled(_LOOK_SECONDS))
            since, looked = looked, time.time()
            await asyncio.to_thread(due.run_everywhere, since, looked, sandbox.scaled)
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
