# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The sandbox's own routes under ``/_sandbox/iam/``: what was checked, and the keys that a provider publishes."""

import json
from typing import Any

from sandbox.host import AsgiApp
from sandbox.identity import PROVIDER_KEYS
from sandbox.services.iam.model.records import listed

_PREFIX = "/_sandbox/iam/"


def routed(app: AsgiApp) -> AsgiApp:
    """`app` with the routes beside it."""

    async def serve(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(_PREFIX):
            await app(scope, receive, send)
            return
        status, answer = _answer(scope["method"], scope["path"].removeprefix(_PREFIX), await _body(receive))
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})

    return serve


async def _body(receive: Any) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    return body


def _answer(method: str, route: str, body: bytes) -> tuple[int, Any]:
    if (method, route) == ("GET", "checks"):
        return 200, listed()
    if (method, route) != ("POST", "provider-keys"):
        return 404, {"message": f"there is no {method} {_PREFIX}{route}"}
    try:
        given = json.loads(body)
        url, keys = str(given["url"]), list(given["keys"])
    except (ValueError, KeyError, TypeError) as error:
        return 400, {"message": f"needs the provider's url and a list of keys (JWK): {error!r}"}
    PROVIDER_KEYS[url.removeprefix("https://").rstrip("/")] = keys
    return 200, {}
