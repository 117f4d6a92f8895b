# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""WAF: associations with load balancers in stacks, and what rules say of requests."""

from sandbox.host import Sandbox
from sandbox.services.cloudformation.api.teaching import teach
from sandbox.services.wafv2 import cloudformation


def install(_sandbox: Sandbox) -> None:
    """Complete MiniStack's WAF."""
    teach(cloudformation.RESOURCES)
