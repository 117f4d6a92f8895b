# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""IAM: OpenID Connect providers, the drift of a role, and what is checked under `AUTH=true`."""

from sandbox.host import Sandbox
from sandbox.services.cloudformation.api.teaching import teach
from sandbox.services.iam import cloudformation
from sandbox.services.iam.api import acting, control, enforcement, providers, trust, web_identity
from sandbox.services.iam.model import records


def install(sandbox: Sandbox) -> None:
    """Complete MiniStack's IAM."""
    providers.install()
    enforcement.install()
    acting.install()
    web_identity.install()
    trust.install()
    teach(cloudformation.RESOURCES)
    sandbox.middleware(control.routed)
    sandbox.on_reset(records.forget)
