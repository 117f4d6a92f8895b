# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""S3: what stacks ask of a bucket and MiniStack leaves out, requests without credentials, and those of the owner."""

from sandbox.host import Sandbox
from sandbox.services.cloudformation.api.teaching import teach
from sandbox.services.s3 import cloudformation
from sandbox.services.s3.api import anonymous, owner


def install(_sandbox: Sandbox) -> None:
    """Complete MiniStack's S3."""
    anonymous.install()
    owner.install()
    teach(cloudformation.RESOURCES)
