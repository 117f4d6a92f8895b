# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The sandbox's own routes under ``/_sandbox/oidc/``: who may have tokens or sign in, and other keys."""

import json
from collections.abc import Callable
from typing import Any

from sandbox.host import AsgiApp
from sandbox.services.oidc.model import Client, Issuer
from sandbox.services.oidc.people import Desk, Person

_PREFIX = "/_sandbox/oidc/"


def routed(app: AsgiApp, desk: Desk, issuer: Issuer, publish: Callable[[], None]) -> AsgiApp:
    """`app` with the routes beside it; `publish` is called when the keys have changed."""

    async def serve(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(_PREFIX):
            await app(scope, receive, send)
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        status, told = answer(desk, issuer, scope["method"], scope["path"].removeprefix(_PREFIX), body)
        if status == 200:
            publish()
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(told).encode()})

    return serve


def answer(desk: Desk, issuer: Issuer, method: str, route: str, body: bytes) -> tuple[int, Any]:
    """What a route answers: status and content."""
    handle = {
        ("POST", "clients"): lambda given: _register(issuer, given),
        ("POST", "people"): lambda given: _welcome(desk, given),
        ("POST", "rotate-keys"): lambda given: _rotate(issuer, given),
    }.get((method, route))
    if handle is None:
        return 404, {"message": f"there is no {method} {_PREFIX}{route}"}
    try:
        return 200, handle(_object(body))
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


def _welcome(desk: Desk, given: dict[str, Any]) -> dict[str, Any]:
    name = given.get("name")
    if not (isinstance(name, str) and name):
        raise ValueError("name has to be a text that is not empty")
    desk.register(name, Person.read(given))
    return {}


def _rotate(issuer: Issuer, given: dict[str, Any]) -> dict[str, Any]:
    return {"kid": issuer.rotate(retire=given.get("retire") is True)}
