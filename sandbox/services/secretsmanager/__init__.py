# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Secrets Manager: a staging label is of one version at a time."""

from sandbox.host import Sandbox
from sandbox.services.secretsmanager import api


def install(_sandbox: Sandbox) -> None:
    """Complete MiniStack's Secrets Manager."""
    api.install()
