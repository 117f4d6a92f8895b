# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Whether a token of an OpenID Connect provider is genuine.

AWS: API reference AssumeRoleWithWebIdentity, errors; IAM user guide, OIDC federation.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import jwt

Key = Mapping[str, Any]
_ALGORITHMS = ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512"]


class Refused(Exception):  # noqa: N818 - named by what happened
    """The token is not accepted: STS's error code and message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def issuer_of(token: str) -> str:
    """The host and path of the provider that a token says it is of; Refused when it is no token."""
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError as error:
        raise Refused("InvalidIdentityToken", "The ID Token provided is not a valid JWT.") from error
    return str(claims.get("iss") or "").removeprefix("https://").rstrip("/")


def verify(token: str, clients: Sequence[str], keys: Sequence[Key]) -> None:
    """Refused unless one of the provider's `keys` signed the token, it holds now, and it is for one of `clients`."""
    problem: Exception | None = None
    for key in keys:
        try:
            jwt.decode(
                token,
                jwt.PyJWK(dict(key)).key,
                algorithms=_ALGORITHMS,
                audience=list(clients),
                options={"require": ["iss", "sub", "aud", "exp", "iat"]},
            )
        except jwt.InvalidSignatureError as error:
            problem = problem or error
        except jwt.ExpiredSignatureError as error:
            raise Refused(
                "ExpiredTokenException", "Token expired: current date/time must be before the expiration date/time"
            ) from error
        except jwt.InvalidAudienceError as error:
            raise Refused("InvalidIdentityToken", "Incorrect token audience") from error
        except (jwt.InvalidTokenError, jwt.PyJWKError) as error:
            problem = error
        else:
            return
    if problem is None or not keys:
        raise Refused("InvalidIdentityToken", "Couldn't retrieve verification key from your identity provider")
    raise Refused("InvalidIdentityToken", f"The ID Token provided is not valid: {problem}")
