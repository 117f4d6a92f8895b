# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""CodeBuild that builds: MiniStack's projects, and builds in containers."""

from sandbox.host import Sandbox
from sandbox.services.cloudformation.api.teaching import teach
from sandbox.services.codebuild import cloudformation
from sandbox.services.codebuild.api import builds


def install(sandbox: Sandbox) -> None:
    """Replace what MiniStack does when a build is started or stopped."""
    builds.install(sandbox)
    teach(cloudformation.RESOURCES)
