# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A token server for Debian's docker-registry: it hands out signed tokens (JWT, ES256) for the scopes that are asked.

It wants `BASIC_USER` and `BASIC_PASSWORD` of `docker_registry`. Tokens are good for ``seconds``.
"""

import base64
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509 import load_pem_x509_certificate

from tests.registries.docker_registry import BASIC_PASSWORD, BASIC_USER
from tests.registries.tls import make_certificate

_SERVICE, _ISSUER = "docker-registry", "tests"


class TokenServer:
    """A running token server."""

    def __init__(self, folder, seconds=60):
        self.seconds = seconds
        self.scopes = []
        self._files = make_certificate(folder)
        self._key = serialization.load_pem_private_key(self._files.key.read_bytes(), None)
        certificate = load_pem_x509_certificate(self._files.certificate.read_bytes())
        self._chain = [base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()]
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.tokens = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def settings(self):
        """What docker-registry is configured with."""
        realm = f"http://127.0.0.1:{self._server.server_port}/token"
        return {"realm": realm, "service": _SERVICE, "issuer": _ISSUER, "rootcertbundle": str(self._files.ca)}

    def issue(self, scopes):
        """A token for these scopes."""
        now = int(time.time())
        access = []
        for scope in scopes:
            kind, name, actions = scope.split(":")
            access.append({"type": kind, "name": name, "actions": actions.split(",")})
        claims = {
            "iss": _ISSUER,
            "sub": BASIC_USER,
            "aud": _SERVICE,
            "iat": now,
            "nbf": now - 5,
            "exp": now + self.seconds,
            "jti": secrets.token_hex(8),
            "access": access,
        }
        head = {"typ": "JWT", "alg": "ES256", "x5c": self._chain}
        signed = f"{_encode(json.dumps(head).encode())}.{_encode(json.dumps(claims).encode())}"
        r, s = decode_dss_signature(self._key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{signed}.{_encode(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def _encode(raw):
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        """Say nothing."""

    def do_GET(self):
        tokens, scopes = self.server.tokens, parse_qs(urlsplit(self.path).query).get("scope", [])
        wanted = base64.b64encode(f"{BASIC_USER}:{BASIC_PASSWORD}".encode()).decode()
        if self.headers.get("Authorization") != f"Basic {wanted}":
            self.send_response(401)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        tokens.scopes += scopes
        body = json.dumps({"token": tokens.issue(scopes), "expires_in": tokens.seconds}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
