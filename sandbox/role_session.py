# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The credentials of who acts in a role."""

import secrets
import time

from sandbox.ministack import sts

_LIFETIME_SECONDS = 30 * 24 * 3600.0


def session(role: str, name: str) -> dict[str, str]:
    """Credentials of the role with this ARN, as environment variables; they hold for as long as a sandbox lives."""
    account, role_name = role.split(":")[4], role.rsplit("/", 1)[-1]
    key, secret, token = f"ASIA{secrets.token_hex(8).upper()}", secrets.token_urlsafe(30), secrets.token_urlsafe(96)
    sts.register_session(
        key,
        {
            "Arn": f"arn:aws:sts::{account}:assumed-role/{role_name}/{name}",
            "UserId": f"AROA{role_name}:{name}",
            "SecretAccessKey": secret,
            "SessionToken": token,
            "Expiration": time.time() + _LIFETIME_SECONDS,
            "AccountId": account,
            "PrincipalType": "AssumedRole",
        },
    )
    return {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret, "AWS_SESSION_TOKEN": token}
