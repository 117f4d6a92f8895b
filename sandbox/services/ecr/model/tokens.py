# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Registry passwords: what `GetAuthorizationToken` hands out and the registry accepts.

AWS: API reference GetAuthorizationToken ("valid for 12 hours", "can be used to access any Amazon ECR registry that your
IAM principal has access to"). A password carries its caller and its end, signed with a key that lives as long as the
server does.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
import time

from sandbox.services.ecr.model.policies import Caller

VALID_SECONDS = 12 * 3600
USERNAME = "AWS"


class Tokens:
    """Issues and checks the passwords of one server."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._valid_seconds: dict[str, float] = {}

    def forget(self) -> None:
        """Let passwords last as long as AWS's again."""
        self._valid_seconds.clear()

    def limit(self, account: str, seconds: float) -> None:
        """Let what is issued to `account` from now on be good for `seconds`."""
        self._valid_seconds[account] = seconds

    def grant(self, caller: Caller) -> tuple[str, float]:
        """A password for `caller`, and when it ends (epoch seconds)."""
        expires_at = time.time() + self._valid_seconds.get(caller.account, VALID_SECONDS)
        return self._sign(f"{expires_at}|{caller.arn}"), expires_at

    def caller_of(self, password: str) -> Caller | None:
        """Whom a password was issued to; None when it is not ours or no longer good."""
        try:
            expires_at, arn, _ = base64.urlsafe_b64decode(password.encode()).decode().split("|")
            fresh = float(expires_at) > time.time()
        except (binascii.Error, ValueError):
            return None
        genuine = hmac.compare_digest(self._sign(f"{expires_at}|{arn}"), password)
        return Caller(arn=arn) if fresh and genuine else None

    def caller_of_header(self, authorization: str) -> Caller | None:
        """The caller of an `Authorization: Basic` header."""
        kind, _, encoded = authorization.partition(" ")
        try:
            username, _, password = base64.b64decode(encoded).decode().partition(":")
        except (binascii.Error, ValueError):
            return None
        return self.caller_of(password) if kind.lower() == "basic" and username == USERNAME else None

    def _sign(self, claim: str) -> str:
        signature = hmac.new(self._key, claim.encode(), hashlib.sha256).hexdigest()
        return base64.urlsafe_b64encode(f"{claim}|{signature}".encode()).decode()
