# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""An OpenID Connect issuer on this machine: discovery, keys that rotate, and tokens of any content."""

from __future__ import annotations

import json
import threading
import time
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

if TYPE_CHECKING:
    from collections.abc import Mapping

AUDIENCE = "fastbreak"


class Issuer:
    """The issuer; `documents` are what it serves by path, `asked` the paths that were asked for."""

    def __init__(self) -> None:
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.asked.append(self.path)
                content = issuer.documents.get(self.path)
                self.send_response(404 if content is None else 200)
                self.send_header("content-length", str(len(content or b"")))
                self.end_headers()
                self.wfile.write(content or b"")

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        self.asked: list[str] = []
        self.documents: dict[str, bytes] = {}
        self.keys: dict[str, Any] = {"rsa": _rsa_key(), "ec": ec.generate_private_key(ec.SECP256R1())}
        self.publish()

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def settings(self) -> dict[str, str]:
        """What a service that accepts its tokens is set to."""
        return {
            "FASTBREAK_IDENTITY": "oidc",
            "FASTBREAK_OIDC_ISSUER": self.address,
            "FASTBREAK_OIDC_AUDIENCE": AUDIENCE,
        }

    def publish(self, **discovery: object) -> None:
        """Serve the public keys."""
        described = {"issuer": self.address, "jwks_uri": f"{self.address}/keys", **discovery}
        self.documents["/.well-known/openid-configuration"] = json.dumps(described).encode()
        self.documents["/keys"] = json.dumps({"keys": [public(name, key) for name, key in self.keys.items()]}).encode()

    def rotate(self) -> None:
        """Sign with another key from now on; the former is gone."""
        self.keys["ec"] = ec.generate_private_key(ec.SECP256R1())
        self.keys[f"ec-{len(self.asked)}-{time.monotonic_ns()}"] = self.keys.pop("ec")
        self.publish()

    def claims(self, **claims: object) -> dict[str, Any]:
        """The content of a good token, with changes; None takes a claim out."""
        now = int(time.time())
        whole = {
            "iss": self.address,
            "aud": AUDIENCE,
            "sub": "somebody",
            "iat": now,
            "exp": now + 300,
            "team": "hawks",
            "roles": ["uploader", "reviewer"],
            **claims,
        }
        return {name: value for name, value in whole.items() if value is not None}

    def token(self, key: str = "", headers: Mapping[str, Any] | None = None, **claims: object) -> str:
        """A token by one of the keys, the last one unless named."""
        name = key or list(self.keys)[-1]
        algorithm = "RS256" if isinstance(self.keys[name], rsa.RSAPrivateKey) else "ES256"
        return jwt.encode(self.claims(**claims), self.keys[name], algorithm, {"kid": name, **(headers or {})})


@cache
def _rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def public(name: str, key: Any) -> dict[str, Any]:
    """A key as a key set has it."""
    kind = RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else ECAlgorithm
    return {**kind.to_jwk(key.public_key(), as_dict=True), "kid": name, "use": "sig"}
