# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who may call a service that asks for tokens: a coach, and the client by which its gates ask for theirs.

Both are clients of the sandbox's issuer. Each run gives them other secrets, so that it can be run again after a kill.
"""

from __future__ import annotations

import json
import secrets
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Mapping

    from demo.platform import Platform

_SECONDS = 12 * 3600
_AUDIENCE = "fastbreak"


@dataclass(frozen=True)
class Issuer:
    """The sandbox's issuer of tokens: its address, whom to trust for it, and where clients are added."""

    url: str
    trust: ssl.SSLContext
    endpoint_url: str

    @classmethod
    def connect(cls, variables: Mapping[str, str]) -> Issuer:
        """Connect with the variables that `python -m sandbox env` prints."""
        trust = ssl.create_default_context(cafile=variables["FASTBREAK_CA_BUNDLE"])
        return cls(variables["FASTBREAK_OIDC_ISSUER"], trust, variables["AWS_ENDPOINT_URL"])

    def add(self, name: str, team: str, *roles: str) -> str:
        """Add a client, or give the one of that name another secret; return the secret."""
        secret = secrets.token_urlsafe()
        client = {
            "client_id": name,
            "client_secret": secret,
            "claims": {"team": team, "roles": roles},
            "audiences": [_AUDIENCE],
            "token_seconds": _SECONDS,
        }
        httpx.post(f"{self.endpoint_url}/_sandbox/oidc/clients", json=client, timeout=60).raise_for_status()
        return secret

    def token(self, name: str, secret: str) -> str:
        """A token for a client."""
        with httpx.Client(verify=self.trust, trust_env=False, timeout=60) as http:
            answer = http.post(
                f"{self.url}/token", data={"grant_type": "client_credentials"}, auth=(name, secret)
            ).raise_for_status()
        return str(answer.json()["access_token"])


def headers_of_a_coach(issuer: Issuer) -> dict[str, str]:
    """What a person sends who uploads and reviews."""
    secret = issuer.add("coach", "hawks", "uploader", "reviewer")
    return {"Authorization": f"Bearer {issuer.token('coach', secret)}"}


def provide_token_of_gates(issuer: Issuer, platform: Platform) -> None:
    """Put a client's credentials where the inventory says that gates find them."""
    held = {
        "token_endpoint": f"{issuer.url}/token",
        "client_id": "gates",
        "client_secret": issuer.add("gates", "gates", "reviewer"),
        "audience": _AUDIENCE,
    }
    manager: Any = platform.client("secretsmanager")
    name, text = f"fastbreak-{platform.environment}-probe", json.dumps(held)
    try:
        manager.create_secret(Name=name, SecretString=text)
    except manager.exceptions.ResourceExistsException:
        manager.put_secret_value(SecretId=name, SecretString=text)
