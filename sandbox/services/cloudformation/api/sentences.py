# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Error sentences as AWS words them, where MiniStack words them otherwise. Source: LocalStack's recordings of AWS."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.ministack import cloudformation, handlers

Answer = tuple[int, dict[str, str], bytes]
Handler = Callable[[Any], Answer]
_NO_TEMPLATE = (r"TemplateBody or TemplateURL is required", r"Either Template URL or Template Body must be specified.")
_NAME = (r"expression pattern: \[a-zA-Z\]\[-a-zA-Z0-9\]\*(?!\|)", r"\g<0>|arn:[-a-zA-Z0-9:/._+]*")
SENTENCES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "CreateStack": (_NO_TEMPLATE, _NAME),
    "UpdateStack": (
        _NO_TEMPLATE,
        (r"Stack \[(arn:[^]<]+)\] does not exist", r"Stack:\1 is in DELETE_COMPLETE state and can not be updated."),
    ),
    "GetTemplate": ((r"Stack \[([^]<]+)\] does not exist", r"Stack with id \1 does not exist"),),
    "DescribeStackResource": (
        (r"Resource \[([^]<]+)\] does not exist in stack \[([^]<]+)\]", r"Resource \1 does not exist for stack \2"),
    ),
}
"""By action: what MiniStack says, and what AWS does."""


def install() -> None:
    """Word the errors anew."""
    actions = cloudformation._ACTION_HANDLERS
    for action, sentences in SENTENCES.items():
        actions[action] = _worded(actions[action], sentences)
    actions["SetStackPolicy"] = _with_a_policy(actions["SetStackPolicy"])
    actions["CreateChangeSet"] = _of_a_new_stack(actions["CreateChangeSet"])


def reworded(text: str, sentences: tuple[tuple[str, str], ...]) -> str:
    """*text* with each sentence of MiniStack's replaced by AWS's."""
    for theirs, ours in sentences:
        text = re.sub(theirs, ours, text)
    return text


def _worded(handle: Handler, sentences: tuple[tuple[str, str], ...]) -> Handler:
    def handled(parameters: Any) -> Answer:
        status, headers, body = handle(parameters)
        if status < 400:
            return status, headers, body
        return status, headers, reworded(body.decode(), sentences).encode()

    return handled


def _with_a_policy(handle: Handler) -> Handler:
    def handled(parameters: Any) -> Answer:
        if (body := handlers._p(parameters, "StackPolicyBody")) and not _is_policy(body):
            return _refused("ValidationError", "Error validating stack policy: Invalid stack policy")
        return handle(parameters)

    return handled


def _is_policy(body: str) -> bool:
    try:
        policy = json.loads(body)
    except ValueError:
        return False
    return isinstance(policy, dict) and isinstance(policy.get("Statement"), (list, dict))


def _of_a_new_stack(handle: Handler) -> Handler:
    def handled(parameters: Any) -> Answer:
        name, change_set = (handlers._p(parameters, key) for key in ("StackName", "ChangeSetName"))
        stack = handlers._resolve_stack(name) if handlers._p(parameters, "ChangeSetType") == "CREATE" else None
        if stack and stack["StackStatus"] not in ("REVIEW_IN_PROGRESS", "DELETE_COMPLETE"):
            sentence = f"Stack [{name}] already exists and cannot be created again with the changeSet [{change_set}]."
            return _refused("ValidationError", sentence)
        return handle(parameters)

    return handled


def _refused(code: str, sentence: str) -> Answer:
    return handlers._error(code, sentence)  # type: ignore[no-any-return]
