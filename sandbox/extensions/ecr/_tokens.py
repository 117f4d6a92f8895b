"""Registry passwords: what `GetAuthorizationToken` hands out and the registry accepts.

AWS: API reference GetAuthorizationToken ("valid for 12 hours"). A password carries its account and its end, signed with
a key that lives as long as the server does.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
import time

VALID_SECONDS = 12 * 3600
USERNAME = "AWS"


class Tokens:
    """Issues and checks the passwords of one server."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def issue(self, account: str, expires_at: int) -> str:
        """A password for `account`, good until `expires_at` (epoch seconds)."""
        claim = f"{account}:{expires_at}"
        signature = hmac.new(self._key, claim.encode(), hashlib.sha256).hexdigest()
        return base64.urlsafe_b64encode(f"{claim}:{signature}".encode()).decode()

    def account_of(self, password: str) -> str | None:
        """The account a password was issued to; None when it is not ours or no longer good."""
        try:
            account, expires_at, _ = base64.urlsafe_b64decode(password.encode()).decode().split(":")
            fresh = int(expires_at) > time.time()
        except (binascii.Error, ValueError):
            return None
        return account if fresh and hmac.compare_digest(self.issue(account, int(expires_at)), password) else None

    def account_of_header(self, authorization: str) -> str | None:
        """The account of an `Authorization: Basic` header."""
        kind, _, encoded = authorization.partition(" ")
        try:
            username, _, password = base64.b64decode(encoded).decode().partition(":")
        except (binascii.Error, ValueError):
            return None
        return self.account_of(password) if kind.lower() == "basic" and username == USERNAME else None
