# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Tickets: whoever has one may do one thing for a while, without a token. They are signed, and nobody keeps them."""

from __future__ import annotations

import hashlib
import hmac
import re

PATTERN = r"^[0-9]{1,12}\.[0-9a-f]{64}$"
"""What tickets look like."""
_TICKET = re.compile(r"([0-9]{1,12})\.([0-9a-f]{64})")


def issue(key: bytes, what: str, expires: int) -> str:
    """A ticket for something, until a second since 1970."""
    return f"{expires}.{_signature(key, what, expires)}"


def admits(key: bytes, what: str, ticket: str, now: float) -> bool:
    """Whether it is a ticket for this, and its time has not passed."""
    found = _TICKET.fullmatch(ticket)
    if found is None:
        return False
    expires = int(found[1])
    return hmac.compare_digest(_signature(key, what, expires), found[2]) and now < expires


def _signature(key: bytes, what: str, expires: int) -> str:
    return hmac.new(key, f"{expires} {what}".encode(), hashlib.sha256).hexdigest()
