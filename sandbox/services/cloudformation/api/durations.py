# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""How long resources of a type take to be made, for those who measure what AWS's own times cost them."""

import json
import os
import time
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.errors import SandboxError
from sandbox.ministack import stacks

_VARIABLE = "SANDBOX_CREATION_SECONDS"


def install() -> None:
    """Have each resource of a type that the variable names take so long, as JSON: `{"AWS::RDS::DBInstance": 7}`."""
    seconds = read(os.environ.get(_VARIABLE, ""))
    if not seconds:
        return
    on_worker = stacks._runs_on_worker_thread
    stacks._runs_on_worker_thread = lambda kind: kind in seconds or on_worker(kind)
    stacks._provision_resource = _slowed(stacks._provision_resource, seconds)


def read(given: str) -> Mapping[str, float]:
    """Seconds by type. Raises SandboxError for what is none."""
    try:
        found = json.loads(given or "{}")
        return {str(kind): float(seconds) for kind, seconds in found.items()}
    except (AttributeError, TypeError, ValueError):
        wanted = '{"AWS::RDS::DBInstance": 7}'
        raise SandboxError(f"{_VARIABLE} is {given!r}: it must be seconds by resource type, like {wanted}") from None


def _slowed(provision: Callable[..., Any], seconds: Mapping[str, float]) -> Callable[..., Any]:
    def provision_resource(kind: str, *arguments: Any, **keywords: Any) -> Any:
        time.sleep(max(0.0, seconds.get(kind, 0.0)))
        return provision(kind, *arguments, **keywords)

    return provision_resource
