# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""SNS: the keys of topics in stacks, and the drift of topics and their policies."""

from sandbox.host import Sandbox
from sandbox.services.cloudformation.api.teaching import teach
from sandbox.services.sns import cloudformation


def install(_sandbox: Sandbox) -> None:
    """Complete MiniStack's SNS."""
    teach(cloudformation.RESOURCES)
