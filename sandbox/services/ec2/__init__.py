"""EC2: the network of a VPC, as far as our stacks use it."""

from sandbox.host import Sandbox
from sandbox.services.cloudformation.api.teaching import teach
from sandbox.services.ec2 import api, cloudformation


def install(_sandbox: Sandbox) -> None:
    """Complete MiniStack's EC2."""
    api.install()
    teach(cloudformation.RESOURCES)
