# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A real HTTP server whose behaviour a test decides: what stands behind a load balancer in the contract tests."""

import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Target:
    """Listens on 127.0.0.1 at once; `status` answers all paths but the health check's, `health_status` that one.

    `/echo` answers the request's own line and headers as JSON, `/upload` length and SHA-256 of the body,
    `/slow?<seconds>` after a while, `/cut` closes the connection without an answer, `/stream` sends three chunks a
    tenth of a second apart, `/stall` sends a part of its answer and then nothing for a while.
    """

    def __init__(self, name="target", health_path="/readyz", port=0):
        self.name = name
        self.health_path = health_path
        self.status = 200
        self.health_status = 200
        self.health_delay_seconds = 0.0
        self.requests = []
        self.health_checks = 0
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.target = self
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        """Stop listening and cut all connections, as a killed process does."""
        self._server.shutdown()
        self._server.server_close()
        self._server.cut_all()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, *args):
        super().__init__(*args)
        self.open = set()

    def process_request(self, request, client_address):
        self.open.add(request)
        super().process_request(request, client_address)

    def cut_all(self):
        for connection in self.open:
            connection.close()

    def handle_error(self, request, client_address):
        """A connection that the test cut is no error."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one segment an answer

    def _answer(self):  # noqa: PLR0911 - a route, an answer
        target = self.server.target
        path = self.path.partition("?")[0]
        if path == target.health_path:
            target.health_checks += 1
            time.sleep(target.health_delay_seconds)
            return self._send(target.health_status, b"")
        target.requests.append(self.path)
        if path == "/upload":
            return self._upload()
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if path == "/cut":
            self.close_connection = True
            return None
        if path == "/stream":
            return self._stream()
        if path == "/stall":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart")
            self.wfile.flush()
            time.sleep(2.0)
            return None
        if path == "/slow":
            time.sleep(float(self.path.partition("?")[2]))
        if path == "/echo":
            seen = {"line": self.requestline, "headers": self.headers.items(), "body": body.decode()}
            return self._send(200, json.dumps(seen).encode())
        return self._send(target.status, target.name.encode())

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_OPTIONS = do_PATCH = _answer  # noqa: N815 - http.server's names

    def _upload(self):
        digest, left = hashlib.sha256(), int(self.headers["Content-Length"])
        while left:
            chunk = self.rfile.read(min(left, 1 << 20))
            digest.update(chunk)
            left -= len(chunk)
        self._send(
            200, json.dumps({"bytes": int(self.headers["Content-Length"]), "sha256": digest.hexdigest()}).encode()
        )

    def _stream(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for part in (b"one", b"two", b"three"):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
            self.wfile.flush()
            time.sleep(0.1)
        self.wfile.write(b"0\r\n\r\n")

    def _send(self, status, body):
        self.send_response(status)
        body = b"" if status == 204 else body
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Target", self.server.target.name)
        self.send_header("Set-Cookie", "a=1")
        self.send_header("Set-Cookie", "b=2")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_):
        """Quiet."""
