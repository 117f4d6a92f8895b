# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values of headers that lie in secrets, with a token endpoint that is a real server."""

from __future__ import annotations

import base64
import http.server
import json
import ssl
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters.header_values import (
    HeaderValues,
    SecretValues,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters.probe import HttpProbe
from botocore.exceptions import ClientError

from tests.registries.tls import make_certificate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRET = "p%ss:w/rd"
REFERENCE = (("Authorization", "secretsmanager:fastbreak-prod-probe"), ("X-Team", "hawks"))


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who does not trust it hangs up."""


class Endpoint:
    """A token endpoint: what it answers, and what it was asked."""

    def __init__(self, folder: Path) -> None:
        endpoint = self
        self.status, self.answer = 200, json.dumps({"access_token": "first", "expires_in": 100})
        self.asked: list[tuple[str, dict[str, list[str]]]] = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                endpoint.asked.append((self.headers["authorization"], parse_qs(body)))
                self.send_response(endpoint.status)
                self.end_headers()
                self.wfile.write(endpoint.answer.encode())

            def log_message(self, *_: object) -> None:
                pass

        made = make_certificate(folder)
        self.trust = ssl.create_default_context(cafile=made.ca)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(made.certificate, made.key)
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"https://127.0.0.1:{self.server.server_port}/token"


@pytest.fixture
def endpoint(tmp_path: Path) -> Iterator[Endpoint]:
    made = Endpoint(tmp_path)
    threading.Thread(target=made.server.serve_forever, daemon=True).start()
    yield made
    made.server.shutdown()
    made.server.server_close()


def credentials(endpoint: Endpoint, **changes: Any) -> str:
    held = {"token_endpoint": endpoint.url, "client_id": "gates", "client_secret": SECRET, "audience": "fastbreak"}
    return json.dumps({**held, **changes})


def values(text: str, clock: Clock | None = None) -> HeaderValues:
    made: Any = clock or Clock()
    return HeaderValues({"fastbreak-prod-probe": text}.__getitem__, clock=made)


def nobody() -> ssl.SSLContext:
    raise AssertionError("nobody is asked")


def test_what_the_secret_holds_stands_for_the_reference() -> None:
    assert values("Bearer abc\n").of(REFERENCE, nobody) == {"Authorization": "Bearer abc", "X-Team": "hawks"}


def test_a_token_is_had_by_the_credentials_and_used_for_most_of_its_life(endpoint: Endpoint) -> None:
    clock = Clock()
    sent = values(credentials(endpoint), clock)
    assert sent.of(REFERENCE, lambda: endpoint.trust)["Authorization"] == "Bearer first"
    pair = base64.b64encode(b"gates:p%25ss%3Aw%2Frd").decode()
    assert endpoint.asked == [
        (f"Basic {pair}", {"grant_type": ["client_credentials"], "audience": ["fastbreak"]}),
    ]
    endpoint.answer = json.dumps({"access_token": "second", "expires_in": 100})
    clock.seconds = 79
    assert sent.of(REFERENCE, nobody)["Authorization"] == "Bearer first"
    clock.seconds = 81
    assert sent.of(REFERENCE, lambda: endpoint.trust)["Authorization"] == "Bearer second"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no text that a header can have"),
        ("Bearer a\nX: b", "no text that a header can have"),
        ('{"client_id": "gates"}', "token_endpoint, client_id, client_secret"),
        (
            '{"token_endpoint": "http://a.example", "client_id": "a", "client_secret": "b"}',
            "no https address",
        ),
    ],
)
def test_a_secret_that_holds_neither_is_told_by_its_name(text: str, said: str) -> None:
    with pytest.raises(OperationError, match=f"fastbreak-prod-probe.* {said}"):
        values(text).of(REFERENCE, ssl.create_default_context)


@pytest.mark.parametrize(
    ("status", "answer", "said"),
    [
        (401, '{"error": "invalid_client"}', "answered 401"),
        (200, "<html>", "answered 200 without a token"),
        (200, "{}", "without an access_token"),
        (200, json.dumps({"access_token": "a\r\nX: b"}), "without an access_token"),
        (200, json.dumps({"access_token": "a", "expires_in": "soon"}), "without an access_token"),
    ],
)
def test_an_endpoint_that_gives_no_token_is_told_without_what_it_holds(
    endpoint: Endpoint, status: int, answer: str, said: str
) -> None:
    endpoint.status, endpoint.answer = status, answer
    with pytest.raises(OperationError, match=said) as refused:
        values(credentials(endpoint)).of(REFERENCE, lambda: endpoint.trust)
    assert SECRET not in str(refused.value)


def test_an_endpoint_that_nobody_trusts_gives_no_token(endpoint: Endpoint) -> None:
    with pytest.raises(OperationError, match="gave no answer: SSLCertVerificationError"):
        values(credentials(endpoint)).of(REFERENCE, ssl.create_default_context)


def test_a_request_whose_token_cannot_be_had_is_not_sent() -> None:
    clock: Any = Clock()
    answer = HttpProbe(clock=clock, values=values("")).request(
        "GET", "http://127.0.0.1:9", timeout_seconds=1, version_header="", headers=REFERENCE
    )
    assert (answer.status, answer.unreachable) == (0, True)
    assert answer.problem.startswith("a header has no value: Secret fastbreak-prod-probe")


def test_a_secret_is_read_by_its_name() -> None:
    class Manager:
        def get_secret_value(self, **asked: str) -> dict[str, str]:
            if asked["SecretId"] != "mine":
                raise ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": "no"}}, "GetSecretValue")
            return {"SecretString": "Bearer abc"}

    secrets = SecretValues(Manager)
    assert secrets.value("mine") == "Bearer abc"
    with pytest.raises(OperationError, match="read secret other"):
        secrets.value("other")
