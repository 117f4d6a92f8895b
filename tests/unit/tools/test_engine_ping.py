# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""An engine that answers a ping and nothing else is told from one that works and from none."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingUnixStreamServer

import pytest

from tools.engine import __main__ as engine
from tools.engine import _ping

Route = Callable[[BaseHTTPRequestHandler], None]


def answer(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "2")
    handler.end_headers()
    handler.wfile.write(b"[]")


@contextmanager
def serving(path: Path, networks: Route) -> Iterator[None]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            (networks if self.path == "/networks" else answer)(self)

        def log_message(self, *_: object) -> None:
            """Not to the test's output."""

        def address_string(self) -> str:
            return "engine"

    class Server(ThreadingUnixStreamServer):
        daemon_threads = False

    with Server(str(path), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


def test_an_engine_that_works_is_ok(tmp_path: Path) -> None:
    with serving(tmp_path / "s", answer):
        assert _ping.ping_socket(tmp_path / "s") == _ping.Answer(True, f"unix://{tmp_path / 's'}")


def test_an_engine_that_hangs_is_told_and_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()
    monkeypatch.setattr(_ping, "get", _impatient(_ping.get))
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    with serving(tmp_path / "s", lambda _handler: ended.wait(30)):
        seen = _ping.ping_socket(tmp_path / "s")
        ended.set()
    assert (seen.ok, seen.hangs) == (False, True)
    reason = engine.why_not(seen)
    assert reason is not None
    assert "GET /networks" in reason
    assert "restart" in reason


def _impatient(get: Callable[..., bytes]) -> Callable[[Path, str], bytes]:
    return lambda path, route: get(path, route, 0.2)


def test_no_engine_does_not_hang(tmp_path: Path) -> None:
    seen = _ping.ping_socket(tmp_path / "none")
    assert (seen.ok, seen.hangs) == (False, False)
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.bind(str(tmp_path / "closed"))
        assert not _ping.ping_socket(tmp_path / "closed").hangs
