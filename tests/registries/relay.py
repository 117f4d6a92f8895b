# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stands between a client and a registry: holds a request back, cuts one off, or delays each.

Requests are handed on as they are, with their Host, so that the registry's addresses lead here again.
"""

import http.client
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_PIECE = 1 << 16
_WAIT_SECONDS = 30


class Relay:
    """Listens on 127.0.0.1, on a free port, and hands on to *target* (``host:port``)."""

    def __init__(self, target, latency_seconds=0.0):
        self.target, self.latency_seconds = target, latency_seconds
        self.counts = {}
        self.connections = 0
        self._hold, self._cut = {}, {}
        self._held, self._released = threading.Event(), threading.Event()
        self._lock = threading.Lock()
        self._sockets = set()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.relay = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def host(self):
        """`127.0.0.1:port`."""
        return f"127.0.0.1:{self._server.server_port}"

    @property
    def url(self):
        """Scheme and host."""
        return f"http://{self.host}"

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.release()
        self._server.shutdown()
        self._thread.join()
        with self._lock:
            for item in self._sockets:
                _shut(item)
        self._server.server_close()

    def hold_requests_after(self, method, count):
        """Hand on *count* requests of this method; those that follow are held back until `release`, and then cut."""
        self._hold[method] = count

    def wait_until_held(self):
        """Wait until a request is held back."""
        assert self._held.wait(_WAIT_SECONDS), "no request was held back"

    def release(self):
        """Cut what is held back, and hold nothing back any more."""
        self._hold.clear()
        self._released.set()

    def cut_request(self, method, *, number, after_bytes):
        """Cut both connections in the body of the request of this method with this number (1 is the first)."""
        self._cut[method, number] = after_bytes

    def came(self, method):
        """Count a request. Whether it must end here, and after how many bytes of its body it is cut."""
        with self._lock:
            number = self.counts[method] = self.counts.get(method, 0) + 1
            held = number > self._hold.get(method, number)
            cut = self._cut.get((method, number))
        if held:
            self._held.set()
            self._released.wait(_WAIT_SECONDS)
        return held, cut

    def track(self, sock, *, opened):
        """Remember an open socket, or forget it."""
        with self._lock:
            self.connections += opened
            (self._sockets.add if opened else self._sockets.discard)(sock)


def _shut(sock):
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it is closed


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """A side that went away is what this is for."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self):
        super().setup()
        self.server.relay.track(self.connection, opened=True)
        self._target = http.client.HTTPConnection(self.server.relay.target, timeout=60)

    def finish(self):
        self._target.close()
        self.server.relay.track(self.connection, opened=False)
        super().finish()

    def log_message(self, *_):
        """Say nothing."""

    def do_GET(self):
        held, cut = self.server.relay.came(self.command)
        if held:
            self.close_connection = True
            return
        if self.server.relay.latency_seconds:
            threading.Event().wait(self.server.relay.latency_seconds)
        self._target.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            self._target.putheader(name, value)
        self._target.endheaders()
        if not self._forward_body(cut):
            _shut(self._target.sock)
            self.close_connection = True
            return
        self._answer()

    do_HEAD = do_PUT = do_POST = do_PATCH = do_DELETE = do_GET  # noqa: N815 (the standard library's names)

    def _forward_body(self, cut):
        left = int(self.headers.get("Content-Length") or 0)
        left = left if cut is None else min(left, cut)
        while left > 0 and (piece := self.rfile.read(min(left, _PIECE))):
            self._target.send(piece)
            left -= len(piece)
        return cut is None

    def _answer(self):
        response = self._target.getresponse()
        self.send_response_only(response.status, response.reason)
        for name, value in response.getheaders():
            self.send_header(name, value)
        self.end_headers()
        while piece := response.read(_PIECE):
            self.wfile.write(piece)
        if response.will_close or (response.getheader("Content-Length") is None and response.status not in (204, 304)):
            self.close_connection = True
