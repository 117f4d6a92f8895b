# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values of headers that lie in secrets, with a token endpoint that is a real server."""

from __future__ import annotations

import base64
import datetime as dt
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
        self.path = ""

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                endpoint.path = self.path
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


@pytest.fixture
def plain_server() -> Iterator[str]:
    """Accepts nobody."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(401)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


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
        *(
            (json.dumps({"token_endpoint": url, "client_id": "a", "client_secret": "b"}), "no https address")
            for url in (
                "http://a.example",
                "https://a.example:port/token",
                "https://[a/token",
                "https://a.example/t\u00f6ken",
                "https://a..b/token",
                "https://a.example/a token",
            )
        ),
    ],
)
def test_a_secret_that_holds_neither_is_told_by_its_name(text: str, said: str) -> None:
    with pytest.raises(OperationError, match=f"fastbreak-prod-probe.* {said}"):
        values(text).of(REFERENCE, ssl.create_default_context)


@pytest.mark.parametrize(
    "text",
    [
        '{"client_id": "a", "client_secret": "hunter2",}',
        ' \n{"client_secret": "hunter2"',
        "{'client_secret': 'hunter2'}",
        '["hunter2"]',
        '"hunter2"',
        '\'{"client_secret": "hunter2"}\'',
        'client_secret="hunter2"',
        '{"hunter2":' * 100_000,
    ],
    ids=range(8),
)
def test_credentials_that_are_mistyped_are_neither_sent_nor_shown(text: str) -> None:
    with pytest.raises(OperationError, match="fastbreak-prod-probe holds what looks like JSON") as refused:
        values(text).of(REFERENCE, nobody)
    assert "hunter2" not in str(refused.value)


def test_the_query_of_a_token_endpoint_is_kept(endpoint: Endpoint) -> None:
    held = credentials(endpoint, token_endpoint=f"{endpoint.url}?tenant=a")
    values(held).of(REFERENCE, lambda: endpoint.trust)
    assert endpoint.path == "/token?tenant=a"


def test_what_was_not_had_is_not_asked_for_again_at_once(endpoint: Endpoint) -> None:
    clock = Clock()
    sent = values(credentials(endpoint), clock)
    endpoint.status = 503
    for _time in range(3):
        with pytest.raises(OperationError, match="answered 503"):
            sent.of(REFERENCE, lambda: endpoint.trust)
    assert len(endpoint.asked) == 1
    endpoint.status, clock.seconds = 200, 6
    assert sent.of(REFERENCE, lambda: endpoint.trust)["Authorization"] == "Bearer first"


def test_a_value_that_is_not_accepted_is_read_once_more() -> None:
    read: list[str] = []

    def read_next(_name: str) -> str:
        read.append(f"Bearer {len(read)}")
        return read[-1]

    clock: Any = Clock()
    held = HeaderValues(read_next, clock=clock)
    old = held.of(REFERENCE, nobody)
    held.forget(REFERENCE, old)
    new = held.of(REFERENCE, nobody)
    # Neither a late answer to the old one, nor that the new one is not accepted either, has it read again.
    for sent in (old, new):
        held.forget(REFERENCE, sent)
        assert held.of(REFERENCE, nobody) == new
    clock.seconds = 301
    later = held.of(REFERENCE, nobody)
    held.forget(REFERENCE, later)
    held.of(REFERENCE, nobody)
    assert read == ["Bearer 0", "Bearer 1", "Bearer 2", "Bearer 3"]


def test_the_answer_401_has_a_value_read_again(plain_server: str) -> None:
    read: list[str] = []

    def read_next(_name: str) -> str:
        read.append("Bearer abc")
        return read[-1]

    clock: Any = Clock()
    clock.now = lambda: dt.datetime.fromtimestamp(0, tz=dt.UTC)
    probe = HttpProbe(clock=clock, values=HeaderValues(read_next, clock=clock))
    for _time in range(3):
        answer = probe.request("GET", plain_server, timeout_seconds=60, version_header="", headers=REFERENCE)
        assert answer.status == 401
    assert len(read) == 2


@pytest.mark.parametrize(
    ("status", "answer", "said"),
    [
        (401, '{"error": "invalid_client"}', "answered 401"),
        (200, "<html>", "answered 200 without a token"),
        (200, "{}", "without an access_token"),
        (200, "[" * 60_000, "answered 200 without a token"),
        (200, '{"access_token": "a", "expires_in": NaN}', "without an access_token"),
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
