# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The issuer's keys, clients and tokens.

OpenID Connect Discovery 1.0; RFC 6749, section 4.4 (client credentials) and 5 (answers); RFC 8707 (`invalid_target`).
"""

import hmac
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

_ALGORITHM = "ES256"
_LONGEST_SECONDS = 86_400
_OWN_CLAIMS = frozenset({"iss", "aud", "iat", "exp", "jti", "client_id"})


class Refused(Exception):  # noqa: N818 - it is an answer, not a fault
    """No token: RFC 6749's code, and why."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(description)
        self.code, self.description = code, description


@dataclass(frozen=True)
class Client:
    """A person or a machine that may have tokens: `claims` are in each, `audiences` are whom they may be for."""

    secret: str
    claims: Mapping[str, Any]
    audiences: tuple[str, ...] = ("fastbreak",)
    seconds: int = 3600

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> "Client":
        """A client as a request describes it; ValueError says what is wrong."""
        secret, claims = given.get("client_secret"), given.get("claims", {})
        audiences, seconds = given.get("audiences", ["fastbreak"]), given.get("token_seconds", 3600)
        if not (isinstance(secret, str) and secret):
            raise ValueError("client_secret has to be a text that is not empty")
        if not isinstance(claims, dict) or _OWN_CLAIMS & set(claims):
            raise ValueError(f"claims have to be an object without {', '.join(sorted(_OWN_CLAIMS))}")
        if not (isinstance(audiences, list) and audiences and all(isinstance(each, str) for each in audiences)):
            raise ValueError("audiences have to be a list of texts that is not empty")
        if not (type(seconds) is int and 1 <= seconds <= _LONGEST_SECONDS):
            raise ValueError(f"token_seconds has to be a whole number from 1 to {_LONGEST_SECONDS}")
        return cls(secret, claims, tuple(audiences), seconds)


class Issuer:
    """One issuer. `url` is what its tokens name; it is known once it listens. For many threads."""

    def __init__(self) -> None:
        self.url = ""
        self._lock = threading.Lock()
        self._clients: dict[str, Client] = {}
        self._keys: dict[str, ec.EllipticCurvePrivateKey] = {}
        self.rotate()

    def discovery(self) -> dict[str, Any]:
        """What is published at `/.well-known/openid-configuration`."""
        return {
            "issuer": self.url,
            "jwks_uri": f"{self.url}/keys",
            "token_endpoint": f"{self.url}/token",
            "grant_types_supported": ["client_credentials"],
            "response_types_supported": ["token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [_ALGORITHM],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        }

    def key_set(self) -> dict[str, Any]:
        """The public keys (RFC 7517)."""
        with self._lock:
            held = dict(self._keys)
        return {
            "keys": [
                {**ECAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": name, "use": "sig", "alg": _ALGORITHM}
                for name, key in held.items()
            ]
        }

    def rotate(self, *, retire: bool = False) -> str:
        """Sign with a new key from now on; its id. *retire*: the former ones are published no more."""
        name = uuid.uuid4().hex[:16]
        with self._lock:
            kept = {} if retire else self._keys
            self._keys = {**kept, name: ec.generate_private_key(ec.SECP256R1())}
        return name

    def register(self, name: str, client: Client) -> None:
        """Add a client, or replace the one of that name."""
        with self._lock:
            self._clients[name] = client

    def forget(self) -> None:
        """All clients."""
        with self._lock:
            self._clients.clear()

    def token(self, name: str, secret: str, audience: str = "") -> dict[str, Any]:
        """A token for a client, as the token endpoint answers it. Raises Refused."""
        with self._lock:
            client = self._clients.get(name)
            key_id, key = list(self._keys.items())[-1]
        if client is None or not hmac.compare_digest(client.secret.encode(), secret.encode()):
            raise Refused("invalid_client", "there is no such client, or it has another secret")
        if audience and audience not in client.audiences:
            raise Refused("invalid_target", f"the client has no tokens for {audience}")
        now = int(time.time())
        claims = {
            "sub": name,
            **client.claims,
            "iss": self.url,
            "aud": audience or client.audiences[0],
            "client_id": name,
            "iat": now,
            "exp": now + client.seconds,
            "jti": str(uuid.uuid4()),
        }
        text = jwt.encode(claims, key, _ALGORITHM, {"kid": key_id})
        return {"access_token": text, "token_type": "Bearer", "expires_in": client.seconds}
