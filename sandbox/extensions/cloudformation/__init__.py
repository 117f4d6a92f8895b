"""CloudFormation: the resource types MiniStack lacks or only pretends to make, one small module for each AWS service.

Every type makes the emulator's real resource through the emulator's own API, so that it can be described, changed,
found to have drifted, and deleted like one made by hand.
"""

from sandbox.extensions.api import Sandbox
from sandbox.extensions.cloudformation import (
    _engine,
    _types,
    ec2_api,
    ec2_flow_log,
    ec2_nat,
    ec2_network_acl,
    ec2_security_group_rules,
    ec2_vpc,
    rds_instance,
)

_MODULES = (ec2_nat, ec2_network_acl, ec2_security_group_rules, ec2_flow_log, rds_instance)


def install(_sandbox: Sandbox) -> None:
    """Teach MiniStack's engine the types."""
    _engine.install()
    ec2_api.install()
    ec2_vpc.install()
    _types.install(kind for module in _MODULES for kind in module.TYPES)
