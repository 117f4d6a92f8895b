# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The issuer's own server: discovery, keys, tokens and the page to sign in on, over TLS, in threads of its own."""

import base64
import hashlib
import json
import logging
import socket
import ssl
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from sandbox.addresses import bind
from sandbox.authority import Authority
from sandbox.services.oidc import page
from sandbox.services.oidc.model import Issuer, Refused
from sandbox.services.oidc.people import Desk, Redirected

logger = logging.getLogger("sandbox")
_MOST_BYTES = 1 << 16
_IDLE_SECONDS = 10
_PORT = 443
"""IAM takes a provider's address without a port alone."""
Answer = tuple[int, dict[str, str], Any]
"""Status, headers and content: None, a page, or what becomes JSON."""
_POLICY = page.POLICY.format(digest=base64.b64encode(hashlib.sha256(page.STYLE.encode()).digest()).decode())


def listening(gateway: str, loopback: str) -> socket.socket:
    """A socket at the network's host side, which tasks and this machine reach; else at an address of this machine's."""
    for address, port in ((gateway, _PORT), (gateway, 0)):
        try:
            return bind(address, port)
        except OSError as error:
            logger.warning("the issuer of tokens cannot listen on %s:%s: %s", address, port, error)
    logger.warning("tasks cannot reach the issuer of tokens, which listens on %s", loopback)
    return bind(loopback, _PORT)


class _Threads(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - the base class calls it
        """Somebody hung up, or trusts another authority."""
        logger.debug("a request of the issuer of tokens broke off", exc_info=True)


class Server:
    """Serves an issuer until it is stopped."""

    usual_port = _PORT

    def __init__(self) -> None:
        self._server: _Threads | None = None

    def start(self, desk: Desk, issuer: Issuer, listener: socket.socket, authority: Authority) -> None:
        """Answer on `listener` with a certificate of the authority for its address."""
        listener.setblocking(True)
        address = listener.getsockname()[0]
        self._server = _Threads((address, 0), _handler(desk, issuer), bind_and_activate=False)
        self._server.socket.close()
        # A handshake is done by the thread that reads: whoever does not finish it holds nobody else up.
        self._server.socket = _context(authority, address).wrap_socket(
            listener, server_side=True, do_handshake_on_connect=False
        )
        threading.Thread(target=self._server.serve_forever, name="oidc", daemon=True).start()

    def stop(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()


def _context(authority: Authority, address: str) -> ssl.SSLContext:
    issued = authority.issue(["issuer.fastbreak.example"], [address])
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        pem = Path(folder) / "issuer.pem"
        pem.touch(mode=0o600)
        pem.write_text(issued.key + issued.certificate + authority.certificate)
        made.load_cert_chain(pem)
    return made


def _handler(desk: Desk, issuer: Issuer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = _IDLE_SECONDS

        def do_GET(self) -> None:
            self._send(answer_get(desk, issuer, self.path))

        def do_OPTIONS(self) -> None:
            allowed = {"access-control-allow-methods": "GET, POST", "access-control-allow-headers": "content-type"}
            self._send((204, allowed, None))

        def do_POST(self) -> None:
            length = self.headers.get("content-length", "")
            if not length.isdecimal() or int(length) > _MOST_BYTES:
                self._send((413, {}, {"error": "invalid_request"}))
                return
            body = self.rfile.read(int(length)).decode("utf-8", "replace")
            self._send(answer_post(desk, issuer, self.path, body, self.headers.get("authorization", "")))

        def _send(self, answer: Answer) -> None:
            status, headers, body = _encoded(answer, desk, self.headers.get("origin", ""))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing: requests hold secrets."""

    return Handler


def _encoded(answer: Answer, desk: Desk, origin: str) -> tuple[int, dict[str, str], bytes]:
    """An answer as it is sent to a page of an origin, which may read it or not."""
    status, headers, content = answer
    page_of_ours = isinstance(content, str)
    body = b"" if content is None else (content if page_of_ours else json.dumps(content)).encode()
    readers = {"access-control-allow-origin": origin} if desk.lets(origin) else {}
    described = {
        "vary": "origin",
        "content-type": "text/html; charset=utf-8" if page_of_ours else "application/json",
        "content-length": str(len(body)),
    }
    return status, {**headers, **readers, **described}, body


def answer_get(desk: Desk, issuer: Issuer, target: str) -> Answer:
    """What is published at a path, or the page to sign in on."""
    path, _, query = target.partition("?")
    if path == "/.well-known/openid-configuration":
        return 200, {}, issuer.discovery()
    if path == "/keys":
        return 200, {}, issuer.key_set()
    if path == "/authorize":
        return _authorize(desk, dict(parse_qsl(query)))
    return 404, {}, {"error": "not_found"}


def answer_post(desk: Desk, issuer: Issuer, path: str, body: str, authorization: str) -> Answer:
    """A token, or why there is none (RFC 6749, section 5.2); or the way back of somebody who has signed in."""
    form = dict(parse_qsl(body))
    if path == "/authorize":
        return _authorize(desk, form)
    if path != "/token":
        return 404, {}, {"error": "not_found"}
    try:
        return 200, {"cache-control": "no-store"}, _token(desk, issuer, form, authorization)
    except Refused as refused:
        told = {"error": refused.code, "error_description": refused.description}
        if refused.code == "invalid_client":
            return 401, {"www-authenticate": "Basic"}, told
        return 400, {}, told


def _authorize(desk: Desk, form: dict[str, str]) -> Answer:
    """The page, or with a `person` the way back to the site."""
    headers = {"cache-control": "no-store", "content-security-policy": _POLICY, "referrer-policy": "no-referrer"}
    try:
        asked = desk.asked(form)
        if "person" in form:
            return 303, {**headers, "location": desk.sign_in(asked, form["person"])}, None
        return 200, headers, page.login(desk.people(), form)
    except Redirected as redirected:
        return 303, {**headers, "location": redirected.location}, None
    except Refused as refused:
        return 400, headers, page.refusal(refused.description)


def _token(desk: Desk, issuer: Issuer, form: dict[str, str], authorization: str) -> dict[str, Any]:
    if form.get("grant_type") == "authorization_code":
        return desk.exchange(form)
    if form.get("grant_type") != "client_credentials":
        raise Refused("unsupported_grant_type", "grant_type has to be client_credentials or authorization_code")
    name, secret = (
        _basic(authorization) if authorization else (form.get("client_id", ""), form.get("client_secret", ""))
    )
    return issuer.token(name, secret, form.get("audience", ""))


def _basic(authorization: str) -> tuple[str, str]:
    kind, _, encoded = authorization.partition(" ")
    try:
        name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        kind = name = secret = ""
    if kind.lower() != "basic":
        raise Refused("invalid_client", "the header Authorization is not Basic")
    return unquote_plus(name), unquote_plus(secret)
