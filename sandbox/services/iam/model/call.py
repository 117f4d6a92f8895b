# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A call as policies see it: its action and its members, whatever the protocol."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Fields = Mapping[str, Any]


@dataclass
class Call:
    """One request. `refused` is what a second check refused: the action and the resource, for the error's words."""

    service: str
    action: str
    fields: Fields
    refused: tuple[str, str] | None = None


def call_of(service: str, headers: Mapping[str, str], body: bytes, parameters: Mapping[str, Any]) -> Call:
    """The call that a request makes; without an action when its protocol names none."""
    target = headers.get("x-amz-target", "")
    if target:
        return Call(service, target.rpartition(".")[2], _json(body))
    fields = {name: values[0] if isinstance(values, list) and values else values for name, values in parameters.items()}
    return Call(service, str(fields.get("Action") or ""), fields)


def values(fields: Any, path: str) -> Iterator[str]:
    """The texts at a path such as `loadBalancers[].advancedConfiguration.roleArn`."""
    name, _, rest = path.partition(".")
    listed = name.endswith("[]")
    found = fields.get(name.removesuffix("[]")) if isinstance(fields, Mapping) else None
    for value in found if listed and isinstance(found, list) else [] if listed else [found]:
        if rest:
            yield from values(value, rest)
        elif isinstance(value, str) and value:
            yield value


def _json(body: bytes) -> Fields:
    try:
        parsed = json.loads(body or b"{}")
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}
