# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""IAM: OpenID Connect providers, and the drift of a role."""

from sandbox.host import Sandbox
from sandbox.services.cloudformation.api.teaching import teach
from sandbox.services.iam import api, cloudformation


def install(_sandbox: Sandbox) -> None:
    """Complete MiniStack's IAM."""
    api.install()
    teach(cloudformation.RESOURCES)
