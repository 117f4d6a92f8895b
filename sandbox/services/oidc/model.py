# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The issuer's keys, clients and tokens.

OpenID Connect Discovery 1.0; RFC 6749, section 4.4 (client credentials) and 5 (answers); RFC 8707 (`invalid_target`).
People sign in to sites by `people`.
"""

import hmac
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

_ALGORITHM = "ES256"
_LONGEST_SECONDS = 86_400
OWN_CLAIMS = frozenset({"iss", "aud", "iat", "exp", "jti", "client_id"})


class Refused(Exception):  # noqa: N818 - it is an answer, not a fault
    """No token: RFC 6749's code, and why."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(description)
        self.code, self.description = code, description


@dataclass(frozen=True)
class Client:
    """A person or a machine that may have tokens: `claims` are in each, `audiences` are whom they may be for.

    A site that people sign in to has `redirect_uris` instead of a secret, for no page can keep one.
    """

    secret: str
    claims: Mapping[str, Any]
    audiences: tuple[str, ...] = ("fastbreak",)
    seconds: int = 3600
    redirect_uris: tuple[str, ...] = ()

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> "Client":
        """A client as a request describes it; ValueError says what is wrong."""
        secret, claims = given.get("client_secret"), given.get("claims", {})
        audiences, seconds = given.get("audiences", ["fastbreak"]), given.get("token_seconds", 3600)
        targets = _addresses(given.get("redirect_uris", []))
        if bool(targets) == bool(secret) or not isinstance(secret, str | None):
            raise ValueError(
                "either client_secret has to be a text that is not empty, or there have to be redirect_uris"
            )
        if not isinstance(claims, dict) or OWN_CLAIMS & set(claims):
            raise ValueError(f"claims have to be an object without {', '.join(sorted(OWN_CLAIMS))}")
        if not (isinstance(audiences, list) and audiences and all(isinstance(each, str) for each in audiences)):
            raise ValueError("audiences have to be a list of texts that is not empty")
        if not (type(seconds) is int and 1 <= seconds <= _LONGEST_SECONDS):
            raise ValueError(f"token_seconds has to be a whole number from 1 to {_LONGEST_SECONDS}")
        return cls(secret or "", claims, tuple(audiences), seconds, targets)


def _addresses(given: Any) -> tuple[str, ...]:
    """Addresses to which a browser may go back; ValueError for anything else."""
    if not isinstance(given, list) or not all(isinstance(each, str) and _is_page(each) for each in given):
        raise ValueError("redirect_uris have to be a list of addresses, https or of this machine, without a fragment")
    return tuple(given)


def _is_page(address: str) -> bool:
    parts = urlsplit(address)
    local = parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost"}
    return bool(parts.netloc) and "#" not in address and (parts.scheme == "https" or local)


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
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "grant_types_supported": ["client_credentials", "authorization_code"],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "scopes_supported": ["openid"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [_ALGORITHM],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
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
        client = self.client(name)
        if client is None or not client.secret or not hmac.compare_digest(client.secret.encode(), secret.encode()):
            raise Refused("invalid_client", "there is no such client, or it has another secret")
        if audience and audience not in client.audiences:
            raise Refused("invalid_target", f"the client has no tokens for {audience}")
        claims = {"sub": name, **client.claims, "aud": audience or client.audiences[0], "client_id": name}
        return {
            "access_token": self.signed(claims, client.seconds),
            "token_type": "Bearer",
            "expires_in": client.seconds,
        }

    def client(self, name: str) -> Client | None:
        """The client of a name."""
        with self._lock:
            return self._clients.get(name)

    def redirect_uris(self) -> list[str]:
        """The addresses of all sites that people sign in to."""
        with self._lock:
            return [target for client in self._clients.values() for target in client.redirect_uris]

    def signed(self, claims: Mapping[str, Any], seconds: int) -> str:
        """A token with some claims, by the newest key."""
        with self._lock:
            key_id, key = list(self._keys.items())[-1]
        now = int(time.time())
        whole = {**claims, "iss": self.url, "iat": now, "exp": now + seconds, "jti": str(uuid.uuid4())}
        return jwt.encode(whole, key, _ALGORITHM, {"kid": key_id})
