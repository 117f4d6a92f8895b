"""CloudFormation: the resource types MiniStack lacks or only pretends to make, one small module for each AWS service.

Every type makes the emulator's real resource through the emulator's own API, so that it can be described, changed,
found to have drifted, and deleted like one made by hand.
"""

from sandbox.extensions.api import Sandbox
from sandbox.extensions.cloudformation import (
    _engine,
    _replacing,
    _stack_policy,
    _types,
    application_autoscaling,
    cloudwatch,
    drift,
    dynamodb_table,
    ec2_api,
    ec2_flow_log,
    ec2_nat,
    ec2_network_acl,
    ec2_security_group_rules,
    ec2_vpc,
    ecr_repository,
    ecs,
    iam,
    iam_api,
    rds_event_subscription,
    rds_instance,
    s3_bucket,
    wafv2,
)

_PARTS = (
    _engine,
    _replacing,
    _stack_policy,
    ec2_api,
    ec2_vpc,
    iam_api,
    dynamodb_table,
    ecr_repository,
    s3_bucket,
    drift,
)
_MODULES = (
    application_autoscaling,
    cloudwatch,
    ec2_flow_log,
    ec2_nat,
    ec2_network_acl,
    ec2_security_group_rules,
    ecs,
    iam,
    rds_event_subscription,
    rds_instance,
    wafv2,
)


def install(_sandbox: Sandbox) -> None:
    """Teach MiniStack's engine the types."""
    for part in _PARTS:
        part.install()
    _types.install(kind for module in _MODULES for kind in module.TYPES)
