# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Changes to MiniStack's CloudFormation engine itself."""

import asyncio
import re
from typing import Any

from sandbox.ministack import cloudformation

# These read every resource of a stack through the API, which takes too long for the server's loop.
_LONG_ACTIONS = re.compile(rb"(?:^|&)(?:Action=DetectStack(?:Resource)?Drift|DeploymentMode=\w+)(?:&|$)")


def install() -> None:
    """Move drift detection off the server's loop."""
    handle_request = cloudformation.handle_request

    async def handle(method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> Any:
        answer = handle_request(method, path, headers, body, query)
        if _LONG_ACTIONS.search(body or b""):
            return await asyncio.to_thread(asyncio.run, answer)
        return await answer

    cloudformation.handle_request = handle
