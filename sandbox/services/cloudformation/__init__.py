"""CloudFormation: the resource types MiniStack lacks or only pretends to make.

Every type makes the emulator's real resource through the emulator's own API, so that it can be described, changed,
found to have drifted, and deleted like one made by hand.
"""

from importlib import import_module

from sandbox.host import Sandbox

_PARTS = (
    "cloudformation.api.drift_detection",
    "cloudformation.model.replacing",
    "cloudformation.api.stack_policy",
    "ec2.api",
    "ec2.cloudformation.vpc",
    "iam.api",
    "dynamodb.cloudformation",
    "ecr.cloudformation",
    "s3.cloudformation",
    "cloudformation.model.drift",
)
MODULES = (
    "application_autoscaling.cloudformation",
    "cloudwatch.cloudformation",
    "ec2.cloudformation.flow_log",
    "ec2.cloudformation.nat",
    "ec2.cloudformation.network_acl",
    "ec2.cloudformation.security_group_rules",
    "ecs.cloudformation",
    "iam.cloudformation",
    "rds.cloudformation.event_subscription",
    "rds.cloudformation.instance",
    "wafv2.cloudformation",
)


def install(_sandbox: Sandbox) -> None:
    """Teach MiniStack's engine the types."""
    types = import_module("sandbox.services.cloudformation.model.types")
    for part in _PARTS:
        import_module(f"sandbox.services.{part}").install()
    types.install(kind for name in MODULES for kind in import_module(f"sandbox.services.{name}").TYPES)
