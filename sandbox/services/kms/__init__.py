# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""KMS: the drift of keys and aliases."""

from sandbox.host import Sandbox
from sandbox.services.cloudformation.api.teaching import teach
from sandbox.services.kms import cloudformation


def install(_sandbox: Sandbox) -> None:
    """Complete MiniStack's KMS."""
    teach(cloudformation.RESOURCES)
