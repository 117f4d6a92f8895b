"""Application Load Balancers with a data plane and real target health.

For other extensions (safe from any thread; the account and region are taken from the target group's ARN):

    register_target(target_group_arn, address, port)      # health checks begin at once
    deregister_target(target_group_arn, address, port)    # draining, then gone after the deregistration delay
    target_state(target_group_arn, address, port)         # "initial", "healthy", "unhealthy", "draining", "unused"

How it works: MiniStack's `alb` module stays the control plane and the only store of load balancers, listeners, rules
and target groups (`model` reads them, `control` and `wire` correct its answers, `stacks` its CloudFormation types).
`stores` notices changes there; `dataplane` binds each listener on its load balancer's loopback address, checks targets
(`checker`, `health`) and carries requests (`proxy`, `rules`, `routing`) in a thread of its own.
"""

import asyncio
from typing import Any

from sandbox.host import Sandbox
from sandbox.ministack import alb
from sandbox.services.cloudformation.api.teaching import teach
from sandbox.services.elbv2 import cloudformation
from sandbox.services.elbv2.api import control
from sandbox.services.elbv2.model.stores import Listeners, LoadBalancers
from sandbox.services.elbv2.model.targets import deregister_target, register_target, registry, target_state
from sandbox.services.elbv2.runtime.data_plane import DataPlane

__all__ = ["deregister_target", "install", "register_target", "target_state"]

_PUBLISH_SECONDS = 5.0


def install(sandbox: Sandbox) -> None:
    """Replace MiniStack's data plane and target health; correct its control plane."""
    registry.scaled = sandbox.scaled
    plane = DataPlane(registry, sandbox.scaled)

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
