# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""An OpenID Connect issuer beside AWS, for callers of the service and for workflows that assume a role.

`model` has its keys, its clients and their tokens; `people` has who signs in to sites, on the `page`; `runtime` answers
over TLS, at an address that this machine and tasks reach; `api` has the routes that add clients and people and change
keys. IAM takes its tokens for those of a provider of its address.
"""

import asyncio

from sandbox.authority import Authority
from sandbox.host import Sandbox
from sandbox.identity import PROVIDER_KEYS
from sandbox.services.oidc.api import routed
from sandbox.services.oidc.model import Issuer
from sandbox.services.oidc.people import Desk
from sandbox.services.oidc.runtime import Server, listening


def install(sandbox: Sandbox) -> None:
    """Serve the issuer; `state.json` tells its address."""
    issuer, server = Issuer(), Server()
    desk = Desk(issuer)

    def publish() -> None:
        PROVIDER_KEYS[issuer.url.removeprefix("https://")] = issuer.key_set()["keys"]

    def forget() -> None:
        issuer.forget()
        desk.forget()
        publish()

    async def start() -> None:
        listener = await asyncio.to_thread(listening, sandbox.network.gateway, sandbox.loopback_address("issuer"))
        address, port = listener.getsockname()
        issuer.url = sandbox.issuer = f"https://{address}" + (f":{port}" if port != server.usual_port else "")
        publish()
        await asyncio.to_thread(server.start, desk, issuer, listener, Authority.of(sandbox.home))

    async def stop() -> None:
        await asyncio.to_thread(server.stop)

    sandbox.middleware(lambda app: routed(app, desk, issuer, publish))
    sandbox.on_startup(start)
    sandbox.on_shutdown(stop)
    sandbox.on_reset(forget)
