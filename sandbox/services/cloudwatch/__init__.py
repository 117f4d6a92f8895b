# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""CloudWatch whose alarms evaluate as documented: dimensions, M of N, missing data, metric math.

MiniStack keeps metrics, alarms and their history, and tells SNS and composite alarms; what state an alarm is in is
decided here. `model` decides and touches nothing, `runtime` reads metrics and changes states.
"""

import asyncio

from sandbox.host import Sandbox
from sandbox.services.cloudformation.api.teaching import teach
from sandbox.services.cloudwatch import api, cloudformation
from sandbox.services.cloudwatch.runtime.alarms import Evaluator

_LOOK_SECONDS = 5.0
_LOOK_AT_LEAST_SECONDS = 0.5
"""However fast waits pass: a look reads every point of every alarm's metrics."""


def install(sandbox: Sandbox) -> None:
    """Complete MiniStack's CloudWatch."""
    evaluator = Evaluator(sandbox.scaled)

    async def watch() -> None:
        while True:
            await asyncio.sleep(max(sandbox.scaled(_LOOK_SECONDS), _LOOK_AT_LEAST_SECONDS))
            evaluator.evaluate_everywhere()

    api.install(evaluator)
    teach(cloudformation.RESOURCES)
    sandbox.on_reset(evaluator.forget)
    sandbox.background("cloudwatch-alarms", watch)
