# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The data plane in this process: it binds and releases distributions, and keeps its connections to origins."""

import asyncio
import ssl
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from aiohttp import web

from sandbox.authority import Authority
from sandbox.services.cloudfront.runtime import custom_origins, data_plane
from sandbox.services.cloudfront.runtime.custom_origins import CustomOrigins
from sandbox.services.cloudfront.runtime.data_plane import DataPlane
from sandbox.services.wafv2.model import Firewall

ADDRESS, CONFIG = "127.91.7.3", "<DistributionConfig/>"


class UnreachableError(Exception):
    """Stands for MiniStack's."""


@pytest.fixture
def ministack(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """What the data plane takes of MiniStack."""
    fake = SimpleNamespace(
        _distributions={},
        _vpc_origins={},
        _origin_request_headers=lambda _origin, headers, _client, _forwarded: headers,
        OriginTimeout=UnreachableError,
        OriginUnreachable=UnreachableError,
    )
    for module in (custom_origins, data_plane):
        monkeypatch.setattr(module, "cloudfront", fake)
    return fake


def origin(port: int) -> dict[str, Any]:
    return {
        "vpc_origin_id": "",
        "domain_name": "127.0.0.1",
        "http_port": port,
        "protocol_policy": "http-only",
        "origin_path": "",
        "read_timeout": 30,
    }


def test_an_origin_is_asked_over_the_same_connection(ministack: SimpleNamespace, tmp_path: Path) -> None:
    callers: list[Any] = []

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        assert request.transport is not None
        callers.append(request.transport.get_extra_info("peername"))
        return web.Response(text=request.path_qs, headers={"ETag": '"1"'})

    async def ask() -> list[Any]:
        origins = CustomOrigins(tmp_path)
        server = await asyncio.get_running_loop().create_server(web.Server(answer), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        try:
            given = origin(port), "GET", "/a", "b=1", {}, b"", True, "192.0.2.1", "", ""
            return [await origins.fetch(*given) for _ in range(3)]
        finally:
            await origins.close()
            await origins.close()
            server.close()

    told = asyncio.run(ask())
    assert [(status, headers["etag"], body) for status, _reason, headers, body in told] == [(200, '"1"', b"/a?b=1")] * 3
    assert len(set(callers)) == 1
    assert ministack._vpc_origins == {}


def test_an_origin_that_is_not_there_is_said_to_be_so(ministack: SimpleNamespace, tmp_path: Path) -> None:
    async def ask(wanted: dict[str, Any]) -> None:
        origins = CustomOrigins(tmp_path)
        try:
            await origins.fetch(wanted, "GET", "/", "", {}, b"", True, "192.0.2.1", "", "")
        finally:
            await origins.close()

    for wanted in (origin(1), {**origin(1), "vpc_origin_id": "vo_gone"}):
        with pytest.raises(ministack.OriginUnreachable):
            asyncio.run(ask(wanted))


def test_a_distribution_is_served_while_it_is_enabled(ministack: SimpleNamespace, tmp_path: Path) -> None:
    authority = Authority.of(tmp_path)
    trusting = ssl.create_default_context(cadata=authority.certificate)

    def context(record: dict[str, Any]) -> ssl.SSLContext:
        issued = authority.issue(["x.cloudfront.net"], [record["DomainName"]])
        pem = tmp_path / "served.pem"
        pem.write_text(f"{issued.key.strip()}\n{(issued.certificate + authority.certificate).strip()}\n")
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(pem)
        return made

    async def handle(record: Any, method: str, path: str, *rest: Any) -> Any:
        return 200, {"X-Cache": "Miss from cloudfront"}, f"{record['Id']} {method} {path} {rest[3].decode()}".encode()

    def get(scheme: str) -> Any:
        body = httpx.request("POST", f"{scheme}://{ADDRESS}/a", content=b"x", verify=trusting, trust_env=False)
        return body.status_code, body.text

    record = {"Id": "E1", "DomainName": ADDRESS, "enabled": True, "ARN": "arn:1", "config_xml": CONFIG}
    ministack.handle_viewer_request = handle
    ministack._distributions = SimpleNamespace(to_dict=lambda: {("111111111111", "E1"): record})
    plane = DataPlane(context, Firewall(), CustomOrigins(tmp_path))
    plane.start()
    try:
        assert [get(scheme) for scheme in ("http", "https")] == [(200, "E1 POST /a x")] * 2
        record["enabled"] = False
        plane.sync()
        with pytest.raises(httpx.ConnectError):
            get("https")
        record["enabled"] = True
        plane.sync()
        assert get("https")[0] == 200
    finally:
        plane.stop()
    with pytest.raises(httpx.ConnectError):
        get("http")
