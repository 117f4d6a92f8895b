# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The sandbox's own routes under ``/_sandbox/oidc/``: who may have tokens, and other keys."""

import json
from collections.abc import Callable
from typing import Any

from sandbox.host import AsgiApp
from sandbox.services.oidc.model import Client, Issuer

_PREFIX = "/_sandbox/oidc/"


def routed(app: AsgiApp, issuer: Issuer, publish: Callable[[], None]) -> AsgiApp:
    """`app` with the routes beside it; `publish` is called when the keys have changed."""

    async def serve(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(_PREFIX):
            await app(scope, receive, send)
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        status, answer = _answer(issuer, scope["method"], scope["path"].removeprefix(_PREFIX), body)
        if status == 200:
            publish()
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})

    return serve


def _answer(issuer: Issuer, method: str, route: str, body: bytes) -> tuple[int, Any]:
    handle = {("POST", "clients"): _register, ("POST", "rotate-keys"): _rotate}.get((method, route))
    if handle is None:
        return 404, {"message": f"there is no {method} {_PREFIX}{route}"}
    try:
        return 200, handle(issuer, _object(body))
    except ValueError as error:
        return 400, {"message": str(error)}


def _object(body: bytes) -> dict[str, Any]:
    given = json.loads(body or b"{}")
    if isinstance(given, dict):
        return given
    raise ValueError("the body has to be a JSON object")


def _register(issuer: Issuer, given: dict[str, Any]) -> dict[str, Any]:
    name = given.get("client_id")
    if not (isinstance(name, str) and name):
        raise ValueError("client_id has to be a text that is not empty")
    issuer.register(name, Client.read(given))
    return {}


def _rotate(issuer: Issuer, given: dict[str, Any]) -> dict[str, Any]:
    return {"kid": issuer.rotate(retire=given.get("retire") is True)}
