# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""EC2: the network of a VPC, as far as our stacks use it."""

import asyncio

from sandbox.host import Sandbox
from sandbox.services.cloudformation.api.teaching import teach
from sandbox.services.ec2 import cloudformation, model, runtime
from sandbox.services.ec2.api import endpoints, flow_logs, nat_gateways, network_acls, prefix_lists, whole_answers

_METRICS_SECONDS = 30.0


def install(sandbox: Sandbox) -> None:
    """Complete MiniStack's EC2."""
    for part in (endpoints, flow_logs, nat_gateways, network_acls, prefix_lists, whole_answers):
        part.install()
    sandbox.on_reset(model.forget)
    teach(cloudformation.RESOURCES)

    async def publish() -> None:
        while True:
            await asyncio.sleep(sandbox.scaled(_METRICS_SECONDS))
            runtime.publish()

    sandbox.background("nat-gateway-metrics", publish)
