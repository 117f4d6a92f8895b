# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What a load balancer answers by itself: errors, fixed responses, redirects."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from aiohttp import web

from sandbox.services.elbv2.model.rules import Request

SERVER = "awselb/2.0"
_REASONS = {503: "Service Temporarily Unavailable", 504: "Gateway Time-out"}


def error(status: int) -> web.Response:
    """The page of the load balancer's own errors."""
    title = f"{status} {_REASONS.get(status) or HTTPStatus(status).phrase}"
    page = (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n"
        f"<center><h1>{title}</h1></center>\r\n</body>\r\n</html>\r\n"
    )
    return web.Response(status=status, text=page, content_type="text/html", headers={"Server": SERVER})


def fixed(config: Mapping[str, Any]) -> web.Response:
    """A fixed-response action."""
    return web.Response(
        status=int(config.get("StatusCode", "200")),
        body=str(config.get("MessageBody") or "").encode(),
        headers={"Content-Type": f"{config.get('ContentType') or 'text/plain'}; charset=utf-8", "Server": SERVER},
    )


def redirect(config: Mapping[str, Any], request: Request, protocol: str, port: int) -> web.Response:
    """A redirect action: `#{protocol}`, `#{host}`, `#{port}`, `#{path}` and `#{query}` stand for the request's own."""
    host = request.host.rpartition(":")[0] or request.host
    values = {
        "protocol": protocol.lower(),
        "host": host,
        "port": str(port),
        "path": request.path.removeprefix("/"),
        "query": request.query,
    }

    def filled(key: str, default: str) -> str:
        text = str(config.get(key) or default)
        for name, value in values.items():
            text = text.replace(f"#{{{name}}}", value)
        return text

    query = filled("Query", "#{query}")
    location = (
        f"{filled('Protocol', '#{protocol}').lower()}://{filled('Host', '#{host}')}:{filled('Port', '#{port}')}"
        f"{filled('Path', '/#{path}')}" + (f"?{query}" if query else "")
    )
    status = int(str(config.get("StatusCode", "HTTP_302")).removeprefix("HTTP_"))
    return web.Response(status=status, headers={"Location": location, "Content-Type": "text/html", "Server": SERVER})
