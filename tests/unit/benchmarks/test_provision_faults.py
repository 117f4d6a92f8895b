# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The proxy that throttles and fails calls: what clients see, and what reaches the endpoint."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from benchmarks.provision.faults import Proxy, Weather

_RESULT = b"<GetCallerIdentityResult><Account>1</Account></GetCallerIdentityResult>"
ANSWER = b"<GetCallerIdentityResponse>" + _RESULT + b"</GetCallerIdentityResponse>"


class _Endpoint(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.server.asked += 1  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("content-type", "text/xml")
        self.send_header("content-length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def endpoint() -> Iterator[Any]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Endpoint) as server:
        server.asked = 0  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def client(service: str, url: str, attempts: int) -> Any:
    connect: Any = boto3.client
    return connect(
        service,
        region_name="us-east-1",
        endpoint_url=url,
        aws_access_key_id="1",
        aws_secret_access_key="1",
        config=Config(retries={"mode": "standard", "total_max_attempts": attempts}, proxies={}),
    )


def url(endpoint: Any) -> str:
    return f"http://127.0.0.1:{endpoint.server_address[1]}"


@pytest.mark.parametrize(
    ("weather", "code", "reaches"),
    [
        (Weather(throttled=1), "Throttling", False),
        (Weather(failed=1), None, None),
    ],
)
def test_a_fault_is_an_error_of_aws(endpoint: Any, weather: Weather, code: str | None, reaches: bool | None) -> None:
    with Proxy(url(endpoint), weather) as proxy, pytest.raises(ClientError) as caught:
        client("sts", proxy.url, 1).get_caller_identity()
    found = caught.value.response["Error"]["Code"]
    assert found == (code or found)
    assert found in {"Throttling", "ServiceUnavailable", "InternalFailure"}
    assert endpoint.asked == (int(reaches) if reaches is not None else int(found == "InternalFailure"))


def test_json_services_get_json(endpoint: Any) -> None:
    with Proxy(url(endpoint), Weather(throttled=1)) as proxy, pytest.raises(ClientError) as caught:
        client("ecs", proxy.url, 1).list_clusters()
    assert caught.value.response["Error"] == {"Code": "ThrottlingException", "Message": "Rate exceeded"}


def test_clients_that_try_again_get_through(endpoint: Any) -> None:
    with Proxy(url(endpoint), Weather(throttled=0.3, failed=0.2), seed=3) as proxy:
        asking = client("sts", proxy.url, 8)
        assert [asking.get_caller_identity()["Account"] for _ in range(4)] == ["1"] * 4
    assert proxy.counts["passed"] == 4
    assert sum(proxy.counts.values()) > 4
