# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Which addresses an issuer may have."""

from __future__ import annotations

from urllib.parse import urlsplit


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
