# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""CloudWatch Logs: the drift of a log group."""

from sandbox.host import Sandbox
from sandbox.services.cloudformation.api.teaching import teach
from sandbox.services.logs import cloudformation


def install(_sandbox: Sandbox) -> None:
    """Complete MiniStack's CloudWatch Logs."""
    teach(cloudformation.RESOURCES)
