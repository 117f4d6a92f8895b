# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A proxy before an AWS endpoint: it delays each answer, throttles calls, and fails them, done or not."""

import http.client
import json
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import urlsplit

_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "server", "date"})


@dataclass(frozen=True)
class Weather:
    """What calls meet: a delay in seconds, and shares of calls (0 to 1) that are throttled or answered with 5xx."""

    delay: float = 0.0
    throttled: float = 0.0
    failed: float = 0.0


class Proxy:
    """`with Proxy(endpoint, weather) as proxy`: it answers at `proxy.url`. The same *seed* gives the same faults."""

    def __init__(self, endpoint: str, weather: Weather, seed: int = 1) -> None:
        self.counts: Counter[str] = Counter()
        self._chance, self._lock = random.Random(seed), threading.Lock()  # noqa: S311 - faults, no secret
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.upstream = urlsplit(endpoint).netloc
        self._server.weather, self._server.fate, self._server.counts = weather, self._fate, self.counts
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _fate(self, weather: Weather) -> str:
        with self._lock:
            drawn, before = self._chance.random(), self._chance.random() < 0.5
        if drawn < weather.throttled:
            return "throttled"
        if drawn < weather.throttled + weather.failed:
            return "failed before" if before else "failed after"
        return "passed"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    upstream: str
    weather: Weather
    fate: Any
    counts: Counter[str]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        fate = self.server.fate(self.server.weather)
        self.server.counts[fate] += 1
        time.sleep(self.server.weather.delay)
        if fate == "throttled":
            self._fault(400, "Throttling", "Rate exceeded")
        elif fate == "failed before":
            self._fault(503, "ServiceUnavailable", "Service is unavailable")
        else:
            status, headers, answer = self._upstream(body)
            if fate == "failed after":
                self._fault(500, "InternalFailure", "An internal error occurred")
            else:
                self._answer(status, headers, answer)

    def _upstream(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = http.client.HTTPConnection(self.server.upstream, timeout=300)
        try:
            connection.request(self.command, self.path, body, dict(self.headers.items()))
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def _fault(self, status: int, code: str, words: str) -> None:
        if "json" in self.headers.get("content-type", ""):
            kind = "application/x-amz-json-1.1"
            text = json.dumps({"__type": f"{code}Exception", "message": words})
        else:
            kind = "text/xml"
            error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{words}</Message></Error>"
            text = f"<ErrorResponse>{error}<RequestId>benchmark</RequestId></ErrorResponse>"
        self._answer(status, [("content-type", kind)], text.encode())

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in _HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _pass  # noqa: N815 - http.server's names

    def log_message(self, *_: object) -> None:
        """Say nothing."""
