# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Custom origins, and VPC origins: the load balancer that the origin names is asked, whatever its domain name.

CloudFront developer guide, "Restrict access with VPC origins". The distribution's domain name is the one that the
certificate has to cover, and the Host that the load balancer sees unless a policy forwards the viewer's.
"""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import aiohttp
from multidict import CIMultiDictProxy
from yarl import URL

from sandbox.ministack import cloudfront
from sandbox.services.elbv2.model import records

Fetched = tuple[int, str, dict[str, str | list[str]], bytes]


@dataclass(frozen=True)
class CustomOrigins:
    """Asks load balancers and other servers, trusting the certificates that `authority` issued.

    Connections are kept, as an edge keeps them: by the loop that uses them.
    """

    authority: Path
    _sessions: dict[asyncio.AbstractEventLoop, aiohttp.ClientSession] = field(default_factory=dict)

    async def fetch(  # noqa: PLR0913, PLR0917 - as MiniStack calls it
        self,
        origin: Mapping[str, Any],
        method: str,
        uri: str,
        query: str,
        headers: Mapping[str, str],
        body: bytes,
        viewer_is_https: bool,
        client_ip: str,
        viewer_xff: str,
        _arn: str,
    ) -> Fetched:
        """Raises MiniStack's OriginUnreachable and OriginTimeout."""
        address, port, encrypted = _place(origin, viewer_is_https)
        url = f"{'https' if encrypted else 'http'}://{address}:{port}{origin['origin_path']}{uri}"
        request = {
            "headers": cloudfront._origin_request_headers(origin, dict(headers), client_ip, viewer_xff),
            "data": body or None,
            "ssl": self._trusting if encrypted else False,
            "server_hostname": origin["domain_name"] if encrypted else None,
            "timeout": aiohttp.ClientTimeout(total=origin["read_timeout"]),
        }
        try:
            return await _ask(self._session(), method, URL(f"{url}?{query}" if query else url, encoded=True), request)
        except TimeoutError as error:
            raise cloudfront.OriginTimeout(str(error)) from error
        except (aiohttp.ClientError, OSError) as error:
            raise cloudfront.OriginUnreachable(str(error)) from error

    def _session(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        if loop not in self._sessions:
            self._sessions[loop] = aiohttp.ClientSession(
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type"),
            )
        return self._sessions[loop]

    async def close(self) -> None:
        """End the connections of the loop that runs."""
        session = self._sessions.pop(asyncio.get_running_loop(), None)
        if session is not None:
            await session.close()

    @cached_property
    def _trusting(self) -> ssl.SSLContext:
        made = ssl.create_default_context()
        made.load_verify_locations(self.authority)
        return made


async def _ask(session: aiohttp.ClientSession, method: str, url: URL, request: Mapping[str, Any]) -> Fetched:
    async with session.request(method, url, allow_redirects=False, **request) as answer:
        return answer.status, answer.reason or "", _grouped(answer.headers), await answer.read()


def _place(origin: Mapping[str, Any], viewer_is_https: bool) -> tuple[str, int, bool]:
    if not origin["vpc_origin_id"]:
        encrypted = _encrypted(origin["protocol_policy"], viewer_is_https)
        return origin["domain_name"], origin["https_port"] if encrypted else origin["http_port"], encrypted
    known = cloudfront._vpc_origins.get(origin["vpc_origin_id"])
    if known is None:
        raise cloudfront.OriginUnreachable(f"VPC origin {origin['vpc_origin_id']} does not exist")
    told = known["VpcOriginEndpointConfig"]
    encrypted = _encrypted(told["OriginProtocolPolicy"], viewer_is_https)
    balancer = records.load_balancer(told["Arn"])
    if balancer is None:
        raise cloudfront.OriginUnreachable(f"the load balancer of VPC origin {known['Id']} is gone")
    return balancer["DNSName"], told["HTTPSPort"] if encrypted else told["HTTPPort"], encrypted


def _encrypted(policy: str, viewer_is_https: bool) -> bool:
    return policy == "https-only" or (policy == "match-viewer" and viewer_is_https)


def _grouped(headers: CIMultiDictProxy[str]) -> dict[str, str | list[str]]:
    names = dict.fromkeys(name.lower() for name in headers)
    return {name: found[0] if len(found := headers.getall(name)) == 1 else found for name in names}
