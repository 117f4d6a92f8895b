"""Application Load Balancers with a data plane and real target health.

For other extensions (safe from any thread; the account and region are taken from the target group's ARN):

    register_target(target_group_arn, address, port)      # health checks begin at once
    deregister_target(target_group_arn, address, port)    # draining, then gone after the deregistration delay
    target_state(target_group_arn, address, port)         # "initial", "healthy", "unhealthy", "draining", "unused"
"""

from sandbox.extensions.api import Sandbox
from sandbox.extensions.elbv2.targets import deregister_target, register_target, target_state

__all__ = ["deregister_target", "install", "register_target", "target_state"]


def install(sandbox: Sandbox) -> None:
    """Install the extension."""
