# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""AWS Backup: selections in stacks, and the drift of plans and vaults. No plan runs."""

from sandbox.host import Sandbox
from sandbox.services.backup import cloudformation
from sandbox.services.cloudformation.api.teaching import teach


def install(_sandbox: Sandbox) -> None:
    """Complete MiniStack's AWS Backup."""
    teach(cloudformation.RESOURCES)
