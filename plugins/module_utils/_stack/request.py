# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turn a module's options into a `StackRequest`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .._errors import RequestError
from .template import scalar
from .types import ListenerRules, OutputReference, StackRequest, Template, WhenMade

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}")
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+")


def build_request(params: Mapping[str, Any], template: Template | None, template_text: str) -> StackRequest:
    """The request. Raises `RequestError` for what cannot be right."""
    name = params["name"]
    if not _NAME.fullmatch(name):
        raise RequestError(
            f"{name!r} cannot be the name of a stack: letters, digits and hyphens, a letter first, at most 128 of them."
        )
    if params["timeout_seconds"] <= 0:
        raise RequestError(f"timeout_seconds of stack {name} is {params['timeout_seconds']}; it has to be above zero.")
    tags = params["tags"]
    deep = [str(key) for key, value in (tags or {}).items() if isinstance(value, Mapping | list | tuple)]
    if deep:
        raise RequestError(
            f"The value of {', '.join(deep)} in the tags of stack {name} is a list or a mapping. Give a text."
        )
    return StackRequest(
        name=name,
        template=template,
        template_text=template_text,
        parameters={
            str(key): _parameter(name, str(key), value)
            for key, value in params["parameters"].items()
            if value is not None
        },
        tags=None if tags is None else {str(key): scalar(value) for key, value in tags.items()},
        termination_protection=params["termination_protection"],
        stack_policy=params["stack_policy"],
        capabilities=tuple(params["capabilities"]),
        role_arn=_role(name, params.get("role_arn") or ""),
        timeout_seconds=float(params["timeout_seconds"]),
        depends_on={str(key): str(value) for key, value in params["depends_on"].items()},
        needed_by={str(key): str(value) for key, value in params["needed_by"].items()},
        sources={str(key): str(value) for key, value in params["sources"].items()},
        consent=tuple(params["consent"]),
        unprotect=tuple(params["unprotect"]),
        retain=tuple(params["retain"]),
        skip_rollback=tuple(params["skip_rollback"]),
        listener_rules=_listener_rules(name, params.get("listener_rules")),
        domain_names=tuple(params["domain_names"]),
    )


def _role(stack: str, given: str) -> str:
    if given and not _ROLE.fullmatch(given):
        raise RequestError(
            f"role_arn of stack {stack} is {given!r}, which is no role's ARN. Give one, such as "
            "arn:aws:iam::111111111111:role/fastbreak-dev-cloudformation, or nothing."
        )
    return given


def _listener_rules(stack: str, given: Mapping[str, Any] | None) -> ListenerRules | None:
    if given is None:
        return None
    if not given["tags"]:
        raise RequestError(
            f"listener_rules of stack {stack} has no tags, so that any rule would be taken for one that may be moved. "
            "Name the tags of the rules that are meant."
        )
    tags = {str(key): scalar(value) for key, value in given["tags"].items()}
    return ListenerRules(
        given["production"], given["plain"], tags, test=given.get("test") or "", front=given.get("front") or ""
    )


def _parameter(stack: str, key: str, value: Any) -> str | OutputReference:
    if isinstance(value, Mapping):
        if set(value) == {"when_made"}:
            return WhenMade(parameter_text(value["when_made"]))
        if not {"component", "output"} <= set(value) <= {"component", "output", "region"}:
            raise RequestError(
                f"Parameter {key} of stack {stack} is a mapping with {', '.join(map(str, value)) or 'nothing'}. "
                "Give a plain value, or {component: <name>, output: <key>}, with region if its stack is in another, or "
                "{when_made: <value>} for what a stack that stands keeps."
            )
        return OutputReference(str(value["component"]), str(value["output"]), str(value.get("region") or ""))
    return parameter_text(value)


def parameter_text(value: Any) -> str:
    """A value as CloudFormation takes it: everything is text, and a list is separated by commas."""
    if isinstance(value, list | tuple):
        return ",".join(scalar(item) for item in value)
    return scalar(value)
