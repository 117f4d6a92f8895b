# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Unsigned requests find their account by host.

MiniStack gives every request without credentials to one configured account. A browser at a CloudFront distribution has
no credentials either: the distribution belongs to the account that made it, whichever that is.
"""

from typing import Any

from sandbox.host import AsgiApp
from sandbox.ministack import cloudfront, responses, router


def with_account_of_host(app: AsgiApp) -> AsgiApp:
    """`app`, which serves unsigned requests at a distribution's host in its account."""

    async def wrapped(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
            account = account_of_host(headers.get("host", ""))
            if account and not router.extract_access_key_id(headers, {}):
                responses.set_request_account_id(account)
        await app(scope, receive, send)

    return wrapped


def account_of_host(host: str) -> str | None:
    """The account that owns the CloudFront distribution answering at `host`; None when there is none."""
    name = host.partition(":")[0].lower()
    label = name.partition(".")[0]
    if ".cloudfront." not in name:
        return None
    for (account, identifier), record in cloudfront._distributions.to_dict().items():
        if label in (str(identifier).lower(), str(record.get("DomainName", "")).partition(".")[0].lower()):
            return str(account)
    return None
