# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""DynamoDB: what stacks ask of a table and MiniStack drops."""

from sandbox.host import Sandbox
from sandbox.services.cloudformation.api.teaching import teach
from sandbox.services.dynamodb import api, cloudformation


def install(_sandbox: Sandbox) -> None:
    """Complete MiniStack's DynamoDB."""
    api.install()
    teach(cloudformation.RESOURCES)
