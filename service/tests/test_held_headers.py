# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Headers whose values a secret holds: what is sent, how often it is asked for, and what is told of failures."""

from __future__ import annotations

import base64
import http.server
import json
import threading
from typing import TYPE_CHECKING, Any

import pytest

from fastbreak_service.held_headers import HeldHeaders
from fastbreak_service.probing import HeldHeaderError, ProbeRequest, answers
from fastbreak_service.store.failures import SecretError
from fastbreak_service.store.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = (("Authorization", "gates"),)


class _Endpoint(http.server.BaseHTTPRequestHandler):
    told: tuple[int, object] = (200, {})
    asked: list[tuple[str, str, str]]

    def do_POST(self) -> None:
        form = self.rfile.read(int(self.headers["content-length"])).decode()
        self.asked.append((self.path, base64.b64decode(self.headers["authorization"].split()[1]).decode(), form))
        status, body = type(self).told
        self.send_response(status)
        self.send_header("location", "http://localhost/elsewhere")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def do_GET(self) -> None:
        self.send_response(200 if self.headers["authorization"] == "Bearer t0ken" else 401)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    _Endpoint.asked = []
    _Endpoint.told = (200, {"access_token": "t0ken", "expires_in": 100})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Endpoint) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def held(address: str, **other: Any) -> str:
    credentials = {"token_endpoint": f"{address}/token?a=b", "client_id": "gates", "client_secret": "hunter2:"}
    return json.dumps({**credentials, "audience": "fastbreak", **other})


def test_value_itself_is_read_once() -> None:
    read: list[str] = []
    headers = HeldHeaders((("X-Key", "key"),), lambda name: read.append(name) or " abc\n")  # type: ignore[func-returns-value]
    assert [dict(headers.sent()) for _ in range(2)] == [{"X-Key": "abc"}] * 2
    assert read == ["key"]


def test_token_is_asked_for_again_before_it_expires(address: str) -> None:
    now = [0.0]
    headers = HeldHeaders(NAMES, lambda _name: held(address), lambda: now[0])
    for moment in (0.0, 79.0, 81.0):
        now[0] = moment
        assert headers.sent() == {"Authorization": "Bearer t0ken"}
    asked = ("/token?a=b", "gates:hunter2%3A", "grant_type=client_credentials&audience=fastbreak")
    assert _Endpoint.asked == [asked, asked]


def test_requests_are_sent_with_it(address: str) -> None:
    request = ProbeRequest("GET", f"{address}/v1", 2, 0, 5, headers=(("Authorization", "none"),))
    lines = list(answers(request, held=HeldHeaders(NAMES, lambda _name: held(address)).sent))
    assert [json.loads(line)["status"] for line in lines] == [200, 200]
    assert len(_Endpoint.asked) == 1


@pytest.mark.parametrize(
    ("text", "told", "said"),
    [
        ("{'client_id': 1}", (200, {}), "is no JSON object"),
        ('"client_secret": "hunter2"', (200, {}), "is no JSON object"),
        ("", (200, {}), "holds no text that a header can have"),
        ("hunter2\nX-Other: a", (200, {}), "holds no text that a header can have"),
        ('{"client_id": "hunter2"}', (200, {}), "without token_endpoint, client_id, client_secret"),
        ({"token_endpoint": "http://issuer.example.com/hunter2"}, (200, {}), "is no https address"),
        ({}, (401, {"error": "hunter2"}), "answered 401 without a token"),
        ({}, (302, {}), "answered 302 without a token"),
        ({}, (200, []), "answered 200 without a token"),
        ({}, (200, {"access_token": "hunter2\n"}), "without an access_token to send"),
        ({}, (200, {"access_token": 1}), "without an access_token to send"),
        ({}, (200, {"access_token": "a", "expires_in": "soon"}), "without an access_token to send"),
    ],
)
def test_what_cannot_be_sent_is_told_without_what_is_held(
    address: str, text: str | dict[str, Any], told: tuple[int, object], said: str
) -> None:
    _Endpoint.told = told
    secret = text if isinstance(text, str) else held(address, **text)
    (line,) = answers(ProbeRequest("GET", f"{address}/v1", 9, 0, 5), held=HeldHeaders(NAMES, lambda _name: secret).sent)
    answer = json.loads(line)
    assert said in answer["problem"]
    assert "ecret gates" in answer["problem"]
    assert (answer["status"], answer["unreachable"]) == (0, True)
    assert "hunter2" not in line


def test_endpoint_that_is_away_is_told(address: str) -> None:
    # Nobody listens on the port that is for nothing.
    gone = HeldHeaders(NAMES, lambda _name: held(address, token_endpoint="https://127.0.0.1:1/token"))
    with pytest.raises(HeldHeaderError, match=r"at 127\.0\.0\.1 gave no answer to this task: ConnectionRefusedError"):
        gone.sent()


def test_secret_that_may_not_be_read_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(secret: Secret, _stage: str) -> None:
        raise SecretError(f"Tried to read the secret {secret.arn}: denied", passing=False)

    monkeypatch.setattr(Secret, "version", denied)
    with pytest.raises(HeldHeaderError, match=r"read the secret gates: denied\. Check .* this task's role may read it"):
        HeldHeaders(NAMES).sent()
