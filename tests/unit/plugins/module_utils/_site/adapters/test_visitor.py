# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files as a real server serves them, right and wrong."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, ClassVar

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._site.adapters.visitor import HttpVisitor

from tests.unit.plugins.module_utils._site.fakes import file_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE = file_of("a b.txt", "text")
RIGHT = {"Content-Type": "text/plain;charset=UTF-8", "Cache-Control": "no-cache"}


class Site(BaseHTTPRequestHandler):
    answer: ClassVar[tuple[int, dict[str, str], bytes]]
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        status, headers, body = self.answer
        self.asked.append(f"{self.path} {self.headers['Accept-Encoding']}")
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("status", "headers", "body", "said"),
    [
        (200, RIGHT, b"text", ""),
        (403, RIGHT, b"text", "is answered with 403"),
        (200, RIGHT | {"X-Cache": "Hit from cloudfront"}, b"other", "another content (x-cache: Hit from cloudfront"),
        (200, RIGHT, b"text and more", "another content"),
        (200, RIGHT | {"Content-Type": "text/html"}, b"text", "has content-type 'text/html' and not 'text/plain"),
        (200, {"Content-Type": "text/plain; charset=utf-8"}, b"text", "has cache-control '' and not 'no-cache'"),
    ],
)
def test_what_is_wrong_is_told(url: str, status: int, headers: dict[str, str], body: bytes, said: str) -> None:
    Site.answer = (status, headers, body)
    problem = HttpVisitor(url).problem(FILE)
    assert said in problem
    assert bool(said) == bool(problem)


def test_the_first_page_is_asked_for_where_users_begin(url: str) -> None:
    Site.answer = (404, {}, b"")
    Site.asked.clear()
    visitor = HttpVisitor(url)
    visitor.problem(file_of("index.html", "x"))
    visitor.problem(FILE)
    assert Site.asked == ["/ identity", "/a%20b.txt identity"]


def test_who_cannot_be_reached_is_told() -> None:
    assert "cannot be had" in HttpVisitor("http://127.0.0.1:1").problem(FILE)


def test_certificates_that_are_none_are_refused(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("none")
    with pytest.raises(RequestError, match="certificates of ca_bundle"):
        HttpVisitor("https://127.0.0.1", str(tmp_path / "ca.pem"))
