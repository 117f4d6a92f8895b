# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""SQS: the drift of queues and their policies. Its messages are MiniStack's."""

from sandbox.host import Sandbox
from sandbox.services.cloudformation.api.teaching import teach
from sandbox.services.sqs import cloudformation


def install(_sandbox: Sandbox) -> None:
    """Complete MiniStack's SQS."""
    teach(cloudformation.RESOURCES)
