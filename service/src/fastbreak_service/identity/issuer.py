# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Who issues tokens."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class IssuerSettings:
    """Whose tokens are accepted (OpenID Connect), for which audience, and the claims that name team and roles."""

    issuer: str
    audience: str
    team_claim: str
    roles_claim: str


def is_safe(address: str) -> bool:
    """Whether nobody on the way can change what an address answers: https, or this very machine."""
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return False
    return bool(host) and (
        parts.scheme == "https" or (parts.scheme == "http" and host in {"localhost", "127.0.0.1", "::1"})
    )
