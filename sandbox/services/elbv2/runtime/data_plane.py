# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The data plane's own thread: bound listeners, health checks, proxied requests.

In its own loop a slow API handler never delays a health check or a user's request.
"""

import asyncio
import functools
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass

import aiohttp
from aiohttp import web

from sandbox.loop_thread import LoopThread
from sandbox.namespaces import HERE, namespaces
from sandbox.services.elbv2.model import records
from sandbox.services.elbv2.model.targets import Registry
from sandbox.services.elbv2.runtime import certificates
from sandbox.services.elbv2.runtime.checker import Checker
from sandbox.services.elbv2.runtime.metrics import Metrics
from sandbox.services.elbv2.runtime.proxy import Proxy

_LIMIT_BYTES = 16 * 1024

logger = logging.getLogger("sandbox.elbv2")


@dataclass(frozen=True)
class Binding:
    """Where a listener listens: at the same address in the network of each task."""

    namespace: str
    listener_arn: str
    address: str
    port: int
    protocol: str
    policy: str


@dataclass
class _Bound:
    server: asyncio.Server
    handlers: web.Server


class DataPlane(LoopThread):
    """Starts with `start`; `sync` makes the bound sockets equal to the listeners that exist."""

    def __init__(self, registry: Registry, scaled: Callable[[float], float], seed: str) -> None:
        super().__init__("elbv2-data-plane")
        # Only the loop's own thread draws.
        self._generator = random.Random(seed)  # noqa: S311 - load, not secrets
        self.metrics = Metrics()
        self._registry = registry
        self._scaled = scaled
        self._bound: dict[Binding, _Bound] = {}

    def _targets_changed(self) -> None:
        self.loop.call_soon_threadsafe(self._checker.changed.set)

    async def open(self) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=60),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(total=None),
            max_line_size=_LIMIT_BYTES,
            max_field_size=_LIMIT_BYTES,
        )
        self._checker = Checker(self._registry, self._session, self._scaled)
        self._proxy = Proxy(self._registry, self._session, self.metrics, self._scaled, self._generator)
        self._checking = asyncio.create_task(self._checker.run())
        self._registry.on_change = self._targets_changed

    async def close(self) -> None:
        self._registry.on_change = lambda: None
        self._checking.cancel()
        await asyncio.gather(self._checking, return_exceptions=True)
        for binding in list(self._bound):
            await self._release(binding)
        await self._session.close()

    async def apply(self) -> None:
        wanted = _wanted()
        for binding in set(self._bound) - wanted:
            await self._release(binding)
        failure: OSError | None = None
        for binding in wanted - set(self._bound):
            try:
                await self._bind(binding)
            except OSError as error:
                # A task may have ended meanwhile.
                failure = failure or (error if binding.namespace == HERE else None)
        if failure:
            raise failure

    async def _bind(self, binding: Binding) -> None:
        handlers = web.Server(
            functools.partial(self._proxy.handle, binding.listener_arn),
            handler_cancellation=True,
            auto_decompress=False,
            access_log=None,
            keepalive_timeout=60,
            max_line_size=_LIMIT_BYTES,
            max_field_size=_LIMIT_BYTES,
        )
        encrypted = None
        if binding.protocol == "HTTPS":
            encrypted = certificates.context(binding.listener_arn, binding.address, binding.policy)
        server = await self.loop.create_server(
            handlers,
            sock=namespaces.bind(binding.namespace, binding.address, binding.port),
            ssl=encrypted,
            backlog=1024,
        )
        self._bound[binding] = _Bound(server, handlers)
        if binding.namespace == HERE:
            logger.info("listening on %s:%s for %s", binding.address, binding.port, binding.listener_arn)

    async def _release(self, binding: Binding) -> None:
        bound = self._bound.pop(binding)
        bound.server.close()
        await bound.handlers.shutdown(1.0)
        if binding.namespace == HERE:
            logger.info("no longer listening on %s:%s", binding.address, binding.port)


def _wanted() -> set[Binding]:
    found = set()
    places = namespaces.names
    for listener in records.listeners():
        balancer = records.load_balancer(listener["LoadBalancerArn"])
        if balancer is not None:
            found |= {
                Binding(
                    place,
                    listener["ListenerArn"],
                    balancer["DNSName"],
                    int(listener["Port"]),
                    listener.get("Protocol", "HTTP"),
                    listener.get("SslPolicy", ""),
                )
                for place in places
            }
    return found
