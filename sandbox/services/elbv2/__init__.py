# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Application Load Balancers with a data plane and real target health.

MiniStack's `alb` module stays the control plane and the only store of load balancers, listeners, rules and target
groups: `model.records` reads them, `api` corrects its answers, `cloudformation` its types. `model.stores` notices
changes there; `runtime.data_plane` binds each listener on its load balancer's loopback address, checks targets and
carries requests in a thread of its own. It listens at the same address in each task's network. Other services register
targets through `model.targets`.
"""

import asyncio
from typing import Any

from sandbox.host import Sandbox
from sandbox.ministack import alb
from sandbox.namespaces import namespaces
from sandbox.services.cloudformation.api.teaching import teach
from sandbox.services.elbv2 import cloudformation
from sandbox.services.elbv2.api import control
from sandbox.services.elbv2.model.stores import Listeners, LoadBalancers
from sandbox.services.elbv2.model.targets import registry
from sandbox.services.elbv2.runtime.data_plane import DataPlane

_PUBLISH_SECONDS = 5.0


def install(sandbox: Sandbox) -> None:
    """Replace MiniStack's data plane and target health; correct its control plane."""
    registry.scaled = sandbox.scaled
    plane = DataPlane(registry, sandbox.scaled, sandbox.seed)

    def address(record: dict[str, Any], taken: set[str]) -> str:
        account, region = record["LoadBalancerArn"].split(":")[4], record["LoadBalancerArn"].split(":")[3]
        return sandbox.loopback_address(f"load-balancer/{account}/{region}/{record['LoadBalancerName']}", taken)

    async def start() -> None:
        await asyncio.to_thread(plane.start)

    async def stop() -> None:
        await asyncio.to_thread(plane.stop)

    async def publish() -> None:
        while True:
            await asyncio.sleep(sandbox.scaled(_PUBLISH_SECONDS))
            plane.metrics.publish(registry)

    alb._lbs = LoadBalancers(address)
    alb._listeners = Listeners(plane.sync)
    alb.set_targets_for_group = _set_targets_for_group
    alb.dispatch_request = _point_to_address
    control.install()
    teach(cloudformation.RESOURCES)
    sandbox.on_startup(start)
    sandbox.on_shutdown(stop)
    sandbox.on_reset(registry.clear)
    sandbox.on_reset(namespaces.clear)
    namespaces.follow(plane.sync)
    sandbox.background("elbv2-metrics", publish)


def _set_targets_for_group(arn: str, targets: list[tuple[str, int]], previous_ids: tuple[str, ...] = ()) -> bool:
    """MiniStack's own way of publishing a service's tasks, through the same registry as everything else."""
    if arn not in alb._tgs:
        return False
    for address in set(previous_ids) - {address for address, _ in targets}:
        registry.deregister_address(arn, address)
    for address, port in targets:
        registry.register(arn, address, int(port))
    return True


async def _point_to_address(load_balancer: dict[str, Any], *_: Any, **__: Any) -> tuple[int, dict[str, str], bytes]:
    """Load balancers answer at their own address alone, not at the API's port."""
    message = (
        f"load balancer {load_balancer['LoadBalancerName']} answers at http://{load_balancer['DNSName']}:<port>/\n"
    )
    return 421, {"Content-Type": "text/plain"}, message.encode()
