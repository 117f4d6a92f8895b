# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sandbox's Sigstore instance without a sandbox, which believes whatever a token says, for no issuer is asked."""

from __future__ import annotations

import base64
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from sandbox.services.sigstore.model.instance import Instance

ISSUER = "https://issuer.example"


def token(identity: str, issuer: str = ISSUER, *, seconds: float = 600, **more: Any) -> str:
    """A token that says it is *identity*, as *issuer* would make it, with *more* claims."""
    now = int(time.time())
    claims = {"iss": issuer, "sub": identity, "aud": "sigstore", "iat": now - 1, "exp": now + int(seconds), **more}
    parts = [{"alg": "RS256", "typ": "JWT"}, claims]
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return ".".join([*encoded, base64.urlsafe_b64encode(b"signature").rstrip(b"=").decode()])


class SigstoreInstance:
    """All of it, behind one address. ``asked`` are the paths that were asked; *refuses* the statuses of some."""

    def __init__(self) -> None:
        self._instance = Instance(_claims)
        self.asked: list[str] = []
        self.refuses: dict[str, int] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str, body: bytes, authorization: str) -> tuple[int, dict[str, Any]]:
        """Status and document of the answer to a POST."""
        self.asked.append(path)
        if status := self.refuses.get(path):
            return status, {"message": "not now"}
        return self._instance.answer(path, body, authorization)

    @property
    def signing_config(self) -> str:
        """Its signing_config.json."""
        return self._instance.signing_config(self.url)

    @property
    def trusted_root(self) -> str:
        """Its trusted_root.json."""
        return self._instance.trusted_root(self.url)


def _claims(bearer: str) -> dict[str, Any]:
    part = bearer.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))


def _handler(instance: SigstoreInstance) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, document = instance.answer(self.path, body, self.headers.get("Authorization", ""))
            content = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    return Handler
