# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Distributions answer viewers at loopback addresses of their own, on ports 80 and 443."""

import logging
import ssl
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from aiohttp import web

from sandbox.loop_thread import LoopThread
from sandbox.ministack import cloudfront, cloudwatch, iam_evaluator, responses
from sandbox.namespaces import HERE, namespaces
from sandbox.services.cloudfront.model import distributions
from sandbox.services.cloudfront.runtime.custom_origins import CustomOrigins
from sandbox.services.wafv2.model import Firewall, Request, metric_name

if TYPE_CHECKING:
    import asyncio

_MINE = {"content-length", "connection", "transfer-encoding", "date", "keep-alive"}

Contexts = Callable[[dict[str, Any]], ssl.SSLContext]
logger = logging.getLogger("sandbox.cloudfront")


class DataPlane(LoopThread):
    """Starts with `start`; `sync` makes the bound sockets equal to the distributions that are enabled."""

    def __init__(self, contexts: Contexts, firewall: Firewall, origins: CustomOrigins) -> None:
        super().__init__("cloudfront-data-plane")
        self._contexts, self._firewall, self._origins = contexts, firewall, origins
        self._bound: dict[tuple[str, str, int], tuple[asyncio.Server, web.Server]] = {}

    async def close(self) -> None:
        await self._release(set(self._bound))
        await self._origins.close()

    async def apply(self) -> None:
        wanted = {
            (namespace, record["DomainName"], port): record
            for record in cloudfront._distributions.to_dict().values()
            if record["enabled"]
            for port in (80, 443)
            for namespace in namespaces.names
        }
        await self._release(set(self._bound) - set(wanted))
        for place in set(wanted) - set(self._bound):
            try:
                await self._bind(place, wanted[place])
            except OSError:
                # A task may have ended meanwhile.
                if place[0] == HERE:
                    raise

    async def _bind(self, place: tuple[str, str, int], record: dict[str, Any]) -> None:
        handlers = web.Server(self._handle, access_log=None, auto_decompress=False)
        encrypted = self._contexts(record) if place[2] == 443 else None
        server = await self.loop.create_server(handlers, sock=namespaces.bind(*place), ssl=encrypted)
        self._bound[place] = server, handlers
        if place[0] == HERE:
            logger.info("listening on %s:%s for distribution %s", *place[1:], record["Id"])

    async def _release(self, places: set[tuple[str, str, int]]) -> None:
        for place in places:
            server, handlers = self._bound.pop(place)
            server.close()
            await handlers.shutdown(1.0)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        address = request.transport.get_extra_info("sockname")[0] if request.transport else ""
        for (account, _), record in cloudfront._distributions.to_dict().items():
            if record["DomainName"] == address:
                with responses.request_scope(account, "us-east-1"):
                    return await self._answer(record, request)
        return web.Response(status=421, text="no distribution has this address\n")

    async def _answer(self, record: dict[str, Any], request: web.BaseRequest) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        headers["x-forwarded-proto"] = "https" if request.secure else "http"
        client = request.remote or "127.0.0.1"
        # An origin of S3 is asked by the viewer's protocol.
        iam_evaluator.pin_request_origin(client, request.secure)
        path, _, query = request.path_qs.partition("?")
        body = await request.content.read(-1)
        acl = distributions.text_of(distributions.config(record), "WebACLId")
        if acl and self._blocks(acl, Request(client, request.method, path, query, headers, body)):
            blocked = {"X-Cache": "Error from cloudfront", "Server": "CloudFront"}
            return web.Response(status=403, text="Request blocked.", content_type="text/html", headers=blocked)
        try:
            status, answered, content = await cloudfront.handle_viewer_request(
                record,
                request.method,
                request.path,
                path,
                query,
                headers,
                body,
                parse_qs(query, keep_blank_values=True),
                client,
            )
        except Exception:
            logger.exception("distribution %s could not answer %s %s", record["Id"], request.method, path)
            return web.Response(status=500, text="the sandbox's CloudFront failed; see its log\n")
        response = web.Response(status=status, body=content)
        response.headers.popall("Content-Type", None)
        for name, value in answered.items():
            if name.lower() not in _MINE:
                for each in value if isinstance(value, list) else [value]:
                    response.headers.add(name, str(each))
        return response

    def _blocks(self, acl: str, request: Request) -> bool:
        """Whether the web ACL blocks the request, which CloudWatch hears of."""
        blocks, name = self._firewall.blocks(acl, request), metric_name(acl)
        if name:
            cloudwatch._store_datum(
                "AWS/WAFV2",
                "BlockedRequests" if blocks else "AllowedRequests",
                {"WebACL": name, "Rule": "ALL"},
                time.time(),
                "Count",
                1.0,
                None,
                None,
                None,
            )
        return blocks
