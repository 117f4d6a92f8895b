# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Rules of EventBridge that start a pipeline: MiniStack drops such a target.

AWS: EventBridge user guide, targets; CodePipeline user guide, "Start a pipeline with a source revision override".
"""

import json
import logging
from collections.abc import Callable
from typing import Any

from sandbox import identity
from sandbox.ministack import eventbridge
from sandbox.services.codepipeline.model.declaration import Refusal

logger = logging.getLogger("sandbox.codepipeline")
_SERVICE = "events.amazonaws.com"
Start = Callable[[dict[str, Any], tuple[str, str]], str]


def install(start: Start) -> None:
    """Let `start` start a pipeline, with the request of StartPipelineExecution and what triggered it."""
    invoke = eventbridge._invoke_target

    def invoke_target(target: dict[str, Any], event: dict[str, Any], rule: dict[str, Any], view: Any = None) -> None:
        if target.get("Arn", "").split(":")[2:3] != ["codepipeline"]:
            invoke(target, event, rule, view)
            return
        try:
            _start(target, event, rule, start)
        except (Refusal, identity.NotAllowed, ValueError) as failure:
            logger.warning("rule %s did not start %s: %s", rule.get("Name"), target["Arn"], failure)

    eventbridge._invoke_target = invoke_target


def _start(target: dict[str, Any], event: dict[str, Any], rule: dict[str, Any], start: Start) -> None:
    identity.require(target.get("RoleArn", ":::::/"), _SERVICE, "codepipeline:StartPipelineExecution", target["Arn"])
    request = {"name": target["Arn"].split(":", 5)[5], **_input(target, event, rule)}
    start(request, ("CloudWatchEvent", rule.get("Arn", "")))


def _input(target: dict[str, Any], event: dict[str, Any], rule: dict[str, Any]) -> dict[str, Any]:
    """The revisions and variables that the target's input names; of an event as it is nothing is taken."""
    if target.get("InputTransformer"):
        view = eventbridge._pattern_event_view(event)
        text = eventbridge._apply_input_transformer(target["InputTransformer"], rule, view)
    else:
        text = target.get("Input") or "{}"
    given = json.loads(text)
    return {name: given[name] for name in ("sourceRevisions", "variables") if given.get(name)}
