# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The instance's own server, in threads of its own: its clients take an address without a path alone."""

import json
import logging
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt

from sandbox.identity import PROVIDER_KEYS
from sandbox.services.sigstore.model.instance import Doubt, Instance

logger = logging.getLogger("sandbox")
_AUDIENCE = "sigstore"
_MOST_BYTES = 1 << 20
_IDLE_SECONDS = 10


def believed(token: str) -> dict[str, Any]:
    """The claims of a token for Sigstore that its issuer signed. Raises Doubt."""
    try:
        issuer = str(jwt.decode(token, options={"verify_signature": False}).get("iss", ""))
        held = PROVIDER_KEYS.get(issuer.removeprefix("https://").rstrip("/"), ())
        named = {str(key.get("kid")): key for key in held}
        key = jwt.PyJWK(dict(named[str(jwt.get_unverified_header(token).get("kid"))]))
        return dict(jwt.decode(token, key, [key.algorithm_name], audience=_AUDIENCE, issuer=issuer))
    except (jwt.PyJWTError, KeyError) as error:
        raise Doubt(f"the token is not one of a known issuer for {_AUDIENCE} ({error})") from error


class _Threads(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - the base class calls it
        """Somebody hung up."""
        logger.debug("a request of the Sigstore instance broke off", exc_info=True)


class Server:
    """Serves an instance until it is stopped."""

    def __init__(self) -> None:
        self._server: _Threads | None = None

    def start(self, instance: Instance, listener: socket.socket) -> None:
        """Answer on `listener`."""
        listener.setblocking(True)
        self._server = _Threads(listener.getsockname(), _handler(instance), bind_and_activate=False)
        self._server.socket.close()
        self._server.socket = listener
        threading.Thread(target=self._server.serve_forever, name="sigstore", daemon=True).start()

    def stop(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()


def _handler(instance: Instance) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = _IDLE_SECONDS

        def do_POST(self) -> None:
            length = self.headers.get("content-length", "")
            status, told = 413, {"code": 3, "message": "the request is too large, or does not say how large it is"}
            if length.isdecimal() and int(length) <= _MOST_BYTES:
                body = self.rfile.read(int(length))
                status, told = instance.answer(self.path, body, self.headers.get("authorization", ""))
            content = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing: requests hold tokens."""

    return Handler
