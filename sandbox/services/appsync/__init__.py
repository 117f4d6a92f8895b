# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""AppSync: GraphQL APIs whose callers are verified, whose limits hold, and whose subscriptions deliver.

MiniStack keeps the records, runs resolvers and executes queries. `model` knows callers and limits, `api` puts them into
MiniStack's way and answers at an API's host, `runtime` serves WebSockets.
"""

from sandbox.authority import authority_path
from sandbox.host import Sandbox
from sandbox.services.appsync import api, cloudformation
from sandbox.services.appsync.runtime import Connections
from sandbox.services.cloudformation.api.teaching import teach
from sandbox.services.wafv2.model import Firewall


def install(sandbox: Sandbox) -> None:
    """Complete MiniStack's AppSync."""
    connections, firewall = Connections(api.admit, api.subscribe), Firewall(sandbox.scaled)
    api.install(str(authority_path(sandbox.home)), connections)
    teach(cloudformation.RESOURCES)
    sandbox.middleware(lambda app: api.routed(app, connections, firewall))
    sandbox.on_reset(connections.clear)
    sandbox.on_reset(firewall.clear)
