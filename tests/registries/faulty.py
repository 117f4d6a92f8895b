# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A small registry that fails as a test tells it to. Without a fault it keeps to the OCI distribution spec 1.1.

    with FaultyRegistry() as registry:
        registry.fault("PATCH", r"/blobs/uploads/", status=503, times=2)
        registry.fault("GET", r"/blobs/sha256:", cut_response_after=1000)
        ...
        assert registry.count("PATCH", r"/blobs/uploads/") == 3
        assert registry.store.incomplete() == []

It listens on 127.0.0.1, on a free port, with plain HTTP, or TLS when given an `ssl.SSLContext`.
"""

import base64
import json
import re
import secrets
import socket
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from tests.registries.routes import Answer, answer
from tests.registries.store import Store, digest_of

_PIECE = 1 << 16
_PACE = 4


@dataclass
class Fault:
    """What happens to the requests that fit. ``method`` and ``path`` (a pattern, searched in path and query) choose.

    The first ``skip`` requests pass, then ``times`` are struck (None: all). ``status`` answers instead of the
    registry, with ``headers`` and ``body``; with ``after`` the request is carried out all the same and only its answer
    lost. ``answer_headers`` and ``answer_body`` change the registry's own answer (a header of None is left out): lies.
    ``cut_request_after`` and ``cut_response_after`` close the connection after so many bytes of the body.
    ``delay_seconds`` comes before the answer. ``hook`` is called with the `Recorded` request first.
    """

    method: str
    path: str
    skip: int = 0
    times: int | None = 1
    status: int = 0
    headers: dict = field(default_factory=dict)
    body: bytes = b""
    after: bool = False
    answer_headers: dict = field(default_factory=dict)
    answer_body: bytes | None = None
    cut_request_after: int | None = None
    cut_response_after: int | None = None
    delay_seconds: float = 0.0
    hook: object = None
    struck: int = 0

    def strikes(self, method, path):
        """Whether this request is struck; counts it."""
        if self.method not in ("", method) or not re.search(self.path, path):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.times is not None and self.struck >= self.times:
            return False
        self.struck += 1
        return True


@dataclass
class Recorded:
    """A request as it came in. Header names are in lower case; ``body_bytes`` counts what was read of the body."""

    method: str
    path: str
    headers: dict
    body_bytes: int = 0
    status: int = 0


class FaultyRegistry:
    """Set the attributes and faults at any time; all are read again for each request.

    ``basic`` is (user, password); ``bearer`` asks for tokens of our own token endpoint, which wants ``basic`` when
    that is set, or the ``identity_token``, and of which each is good for ``token_requests`` requests (None: for ever).
    ``files`` are served under their path without authentication, as the other host of a redirect does. Without
    ``checks_ranges`` bytes of an upload are appended wherever they belong; more than ``most_bytes`` a request are
    refused with ``too_many_status``. ``pace_seconds`` come between two stretches of 256 KiB of a body.
    """

    def __init__(self, tls=None):
        self.store = Store()
        self.faults = []
        self.requests = []
        self.files = {}
        self.basic = None
        self.bearer = False
        self.identity_token = None
        self.token_requests = None
        self.tokens = {}
        self.token_scopes = []
        self.referrers_api = True
        self.subject_header = True
        self.refuse_subject = False
        self.ranges = True
        self.keep_partial = True
        self.mounts = True
        self.chunk_min_length = 0
        self.checks_ranges = True
        self.most_bytes = None
        self.too_many_status = 413
        self.page_size = 100
        self.latency_seconds = 0.0
        self.pace_seconds = 0.0
        self._lock = threading.Lock()
        self._came = threading.Condition(self._lock)
        self._sockets = set()
        self._tls = tls
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.registry = self
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def host(self):
        """`127.0.0.1:port`."""
        return f"127.0.0.1:{self._server.server_port}"

    @property
    def url(self):
        """Scheme and host."""
        return f"{'https' if self._tls else 'http'}://{self.host}"

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._thread.join()
        self.cut_all()
        self._server.server_close()

    def cut_all(self):
        """Close every open connection."""
        with self._lock:
            for item in self._sockets:
                try:
                    item.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # the client was faster

    def fault(self, method, path, **how):
        """Add a `Fault` and return it."""
        made = Fault(method, path, **how)
        with self._lock:
            self.faults.append(made)
        return made

    def count(self, method, path=""):
        """How many requests came in with this method (empty: any) whose path and query fit the pattern."""
        with self._lock:
            return sum(
                1 for request in self.requests if method in ("", request.method) and re.search(path, request.path)
            )

    def matching(self, method, path=""):
        """The requests that `count` counts."""
        with self._lock:
            return [
                request for request in self.requests if method in ("", request.method) and re.search(path, request.path)
            ]

    def wait_for(self, method, path, seconds=120):
        """Wait until such a request has come in; whether one has."""

        def came():
            return any(method in ("", request.method) and re.search(path, request.path) for request in self.requests)

        with self._lock:
            return self._came.wait_for(came, seconds)

    def clear(self):
        """Forget faults and recorded requests."""
        with self._lock:
            self.faults.clear()
            self.requests.clear()

    def push_blob(self, repository, content, digest=None):
        """Put a blob there at once, as true as the caller says. Returns its digest."""
        digest = digest or digest_of(content)
        self.store.blobs[repository, digest] = content
        return digest

    def record(self, request):
        """Keep a request, and choose the faults that strike it."""
        with self._lock:
            self.requests.append(request)
            self._came.notify_all()
            return [fault for fault in self.faults if fault.strikes(request.method, request.path)]

    def refusal(self, request):
        """The 401 for a request without good credentials, else None."""
        given = request.headers.get("authorization", "")
        if self.bearer:
            return None if self._token_holds(given.removeprefix("Bearer ")) else self._challenge(request)
        if self.basic and given != _basic(self.basic):
            return _unauthorized('Basic realm="a registry, \\"quoted\\""')
        return None

    def token(self, request, body):
        """The answer of the token endpoint: to GET, or as OAuth 2 to POST of the ``identity_token``."""
        query = parse_qs(urlsplit(request.path).query)
        if request.method == "POST":
            query = parse_qs(body.decode())
            if query.get("grant_type") != ["refresh_token"] or query.get("refresh_token") != [self.identity_token]:
                return _unauthorized('Basic realm="tokens"')
        elif self.basic and request.headers.get("authorization", "") != _basic(self.basic):
            return _unauthorized('Basic realm="tokens"')
        made = secrets.token_urlsafe(12)
        with self._lock:
            self.tokens[made] = self.token_requests
            self.token_scopes += query.get("scope", [""])
        return Answer(
            200, {"Content-Type": "application/json"}, json.dumps({"token": made, "expires_in": 300}).encode()
        )

    def _token_holds(self, token):
        with self._lock:
            if token not in self.tokens:
                return False
            left = self.tokens[token]
            if left is None:
                return True
            if left == 0:
                return False
            self.tokens[token] = left - 1
            return True

    def _challenge(self, request):
        found = re.match(r"/v2/(.+?)/(?:blobs|manifests|tags|referrers)/", request.path)
        actions = "pull" if request.method in ("GET", "HEAD") else "pull,push"
        scope = f',scope="repository:{found[1]}:{actions}"' if found else ""
        return _unauthorized(f'Bearer realm="{self.url}/token",service="faulty"{scope}')

    def opened(self, connection):
        with self._lock:
            self._sockets.add(connection)

    def closed(self, connection):
        with self._lock:
            self._sockets.discard(connection)


def _basic(pair):
    return "Basic " + base64.b64encode(":".join(pair).encode()).decode()


def _unauthorized(challenge):
    body = json.dumps({"errors": [{"code": "UNAUTHORIZED", "message": "authentication required"}]}).encode()
    return Answer(401, {"WWW-Authenticate": challenge, "Content-Type": "application/json"}, body)


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """A client that went away is no news; whatever else happens is seen as a connection without an answer."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self):
        super().setup()
        self.server.registry.opened(self.connection)

    def finish(self):
        self.server.registry.closed(self.connection)
        super().finish()

    def log_message(self, *_):
        """Say nothing."""

    def do_GET(self):
        self._serve()

    do_HEAD = do_PUT = do_POST = do_PATCH = do_DELETE = do_GET  # noqa: N815 (the standard library's names)

    def _serve(self):
        registry = self.server.registry
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Recorded(self.command, self.path, headers)
        faults = registry.record(request)
        for fault in faults:
            if fault.hook:
                fault.hook(request)
        instead = next((fault for fault in faults if fault.status and not fault.after), None)
        cut = next((fault.cut_request_after for fault in faults if fault.cut_request_after is not None), None)
        body = self._read_body(request, cut)
        if cut is not None:
            if registry.keep_partial and self.command == "PATCH":
                answer(registry, request, body)
            else:
                registry.store.uploads.pop(urlsplit(self.path).path.rpartition("/")[2], None)
            self.close_connection = True
            return
        found = Answer(instead.status, instead.headers, instead.body) if instead else answer(registry, request, body)
        for fault in faults:
            found = _changed(found, fault)
        if delay := registry.latency_seconds + sum(fault.delay_seconds for fault in faults):
            threading.Event().wait(delay)
        request.status = found.status
        self._send(
            found, next((item.cut_response_after for item in faults if item.cut_response_after is not None), None)
        )

    def _read_body(self, request, cut):
        parts, left = [], int(self.headers.get("Content-Length") or 0)
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            while length := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(length))
                self.rfile.readline()
            self.rfile.readline()
        left = left if cut is None else min(left, cut)
        while left > 0 and (piece := self.rfile.read(min(left, _PIECE))):
            parts.append(piece)
            left -= len(piece)
        body = b"".join(parts)
        request.body_bytes = len(body)
        return body

    def _send(self, found, cut):
        body = found.body
        self.send_response(found.status)
        headers = {"Content-Length": str(len(body)), **found.headers}
        for name, value in headers.items():
            if value is not None:
                self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        if cut is not None:
            self.close_connection = True
        view = memoryview(body)[:cut]
        for number, start in enumerate(range(0, len(view), _PIECE)):
            if number % _PACE == _PACE - 1 and self.server.registry.pace_seconds:
                threading.Event().wait(self.server.registry.pace_seconds)
            self.wfile.write(view[start : start + _PIECE])
        if len(body) != int(headers.get("Content-Length") or -1):
            self.close_connection = True


def _changed(found, fault):
    if fault.after and fault.status:
        return Answer(fault.status, fault.headers, fault.body)
    body = found.body if fault.answer_body is None else fault.answer_body
    return Answer(found.status, {**found.headers, **fault.answer_headers}, body)
