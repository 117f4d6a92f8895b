# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""CloudFront: which account answers a request without credentials."""

from sandbox.host import Sandbox
from sandbox.services.cloudfront import api


def install(sandbox: Sandbox) -> None:
    """Wrap the application."""
    sandbox.middleware(api.with_account_of_host)
