# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The registries' listeners: one loopback address for each account, on a thread and a loop of their own.

A push of hundreds of megabytes would otherwise stand in the way of every other request to the sandbox.
"""

import asyncio
import json
import logging
import threading
from typing import Any

from hypercorn.asyncio import serve
from hypercorn.config import Config

from sandbox.addresses import bind
from sandbox.host import Sandbox
from sandbox.services.ecr.model.blobs import Blobs
from sandbox.services.ecr.model.tokens import Tokens
from sandbox.services.ecr.runtime.registry import Registry

logger = logging.getLogger("sandbox.ecr")
PORT = 5000
_STOP_SECONDS = 5.0


class Server:
    """Serves the registry of every account until stopped."""

    def __init__(self, sandbox: Sandbox, blobs: Blobs, tokens: Tokens) -> None:
        self._sandbox, self._blobs, self._tokens = sandbox, blobs, tokens
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended: asyncio.Event | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> dict[str, str]:
        """Listen; account to `address:port`."""
        config, addresses = Config(), {}
        registries: dict[str, Registry] = {}
        binds = []
        for alias, account in self._sandbox.accounts.items():
            listener = _listen(self._sandbox.loopback_address(f"registry/{account}", registries))
            address, port = listener.getsockname()
            registries[address] = Registry(account, self._sandbox.regions[alias], self._blobs, self._tokens)
            addresses[account] = f"{address}:{port}"
            binds.append(f"fd://{listener.detach()}")
        config.bind = binds
        config.accesslog = None
        # MiniStack turns it off for every server of the process, since its own application tells the time.
        config.include_date_header = True
        config.graceful_timeout = 1
        config.keep_alive_timeout = 75
        self._thread = threading.Thread(target=self._run, args=(config, registries), name="ecr-registry", daemon=True)
        self._thread.start()
        for account, address in addresses.items():
            logger.info("registry of account %s at %s", account, address)
        return addresses

    def stop(self) -> None:
        """End the thread."""
        if self._loop and self._ended and self._thread:
            self._loop.call_soon_threadsafe(self._ended.set)
            self._thread.join(_STOP_SECONDS)

    def _run(self, config: Config, registries: dict[str, Registry]) -> None:
        async def main() -> None:
            self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
            await serve(_dispatching(registries), config, shutdown_trigger=self._ended.wait)

        asyncio.run(main())


def _listen(address: str) -> Any:
    try:
        return bind(address, PORT)
    except OSError:
        return bind(address, 0)


def _dispatching(registries: dict[str, Registry]) -> Any:
    """An application that hands each request to the registry of the address it came in on."""

    async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            while (await receive())["type"] != "lifespan.shutdown":
                await send({"type": "lifespan.startup.complete"})
            await send({"type": "lifespan.shutdown.complete"})
        else:
            await registries[scope["server"][0]](scope, receive, send)

    return application


async def elsewhere(*_request: Any) -> tuple[int, dict[str, str], bytes]:
    """What MiniStack's own port says to a registry client."""
    message = "the registry is at the proxyEndpoint of GetAuthorizationToken"
    body = json.dumps({"errors": [{"code": "UNSUPPORTED", "message": message}]}).encode()
    return 404, {"Content-Type": "application/json"}, body
