# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""S3: what stacks ask of a bucket and MiniStack leaves out, requests without credentials, those of the owner, and what
is said of each object."""

from sandbox.host import Sandbox
from sandbox.services.cloudformation.api.teaching import teach
from sandbox.services.s3 import cloudformation
from sandbox.services.s3.api import anonymous, answers, owner


def install(_sandbox: Sandbox) -> None:
    """Complete MiniStack's S3."""
    anonymous.install()
    answers.install()
    owner.install()
    teach(cloudformation.RESOURCES)
