# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""CloudTrail: trails in stacks."""

from sandbox.host import Sandbox
from sandbox.services.cloudformation.api.teaching import teach
from sandbox.services.cloudtrail import cloudformation


def install(_sandbox: Sandbox) -> None:
    """Complete MiniStack's CloudTrail."""
    teach(cloudformation.RESOURCES)
