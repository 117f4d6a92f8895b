# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""CloudWatch Logs: metrics of what is logged, and the drift of a log group."""

from sandbox.host import Sandbox
from sandbox.services.cloudformation.api.teaching import teach
from sandbox.services.logs import api, cloudformation


def install(_sandbox: Sandbox) -> None:
    """Complete MiniStack's CloudWatch Logs."""
    api.install()
    teach(cloudformation.RESOURCES)
