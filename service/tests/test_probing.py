# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Requests that the service sends to itself for whoever cannot reach it: against a real server."""

from __future__ import annotations

import base64
import http.server
import json
import threading
from typing import TYPE_CHECKING

import pytest

from fastbreak_service.cli import main
from fastbreak_service.probing import ProbeRequest, answers, problem_of

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status = 302 if self.path == "/away" else 200 if self.headers["X-Team"] == "physio" else 404
        self.send_response(status)
        self.send_header("X-Version", "v2")
        if status == 302:
            self.send_header("Location", "http://elsewhere/?token=hunter2")
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_each_answer_is_a_line(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--count", "2", "--interval", "0", "--version-header", "X-Version", "--header", "X-Team=physio"]
    assert main(["probe", *given, "--keep", "4", f"{address}/readyz?a=b"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["status"], line["version"]) for line in told] == [(200, "v2"), (200, "v2")]
    assert base64.b64decode(told[0]["body"]) == b"hell"
    assert told[0]["seconds"] >= 0


def test_redirect_is_not_followed_and_told_without_its_query(address: str) -> None:
    (line,) = answers(ProbeRequest("GET", f"{address}/away", 1, 0, 5))
    assert json.loads(line)["location"] == "http://elsewhere/"
    assert "hunter2" not in line


def test_server_that_is_not_there_is_unreachable() -> None:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Server) as server:
        address = f"http://127.0.0.1:{server.server_port}"
    (line,) = answers(ProbeRequest("GET", address, 1, 0, 5))
    assert json.loads(line)["unreachable"] is True
    assert json.loads(line)["status"] == 0


def test_requests_are_spaced(address: str) -> None:
    pauses: list[float] = []
    assert len(list(answers(ProbeRequest("HEAD", address, 3, 0.5, 5), sleep=pauses.append))) == 3
    assert pauses == [0.5, 0.5]


@pytest.mark.parametrize(
    "request_", [("ftp://a", 1, 0, 5), ("http://", 1, 0, 5), ("http://a", 0, 0, 5), ("http://a", 201, 0, 5)]
)
def test_what_cannot_be_sent_is_said(request_: tuple[str, int, float, float]) -> None:
    assert problem_of(ProbeRequest("GET", *request_))


@pytest.mark.parametrize("seconds", [-1.0, float("nan"), 61.0])
def test_times_without_sense_are_refused(seconds: float) -> None:
    assert problem_of(ProbeRequest("GET", "http://a", 1, seconds, 5))
    assert problem_of(ProbeRequest("GET", "http://a", 1, 0, seconds))


def test_wrong_header_and_address_end_with_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["probe", "--header", "X-Team", "http://a"]) == 2
    assert main(["probe", "--header-secret", "X-Team", "http://a"]) == 2
    assert main(["probe", "readyz"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    header, secret, _address = told.err.splitlines()
    assert header.endswith(": --header X-Team has no value; write NAME=VALUE.")
    assert secret.endswith(": --header-secret X-Team has no value; write NAME=SECRET.")
