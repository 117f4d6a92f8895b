# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""CloudWatch: composite alarms in stacks."""

from sandbox.host import Sandbox
from sandbox.services.cloudformation.api.teaching import teach
from sandbox.services.cloudwatch import cloudformation


def install(_sandbox: Sandbox) -> None:
    """Complete MiniStack's CloudWatch."""
    teach(cloudformation.RESOURCES)
