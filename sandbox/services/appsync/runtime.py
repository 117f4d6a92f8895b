# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The real-time endpoint: WebSockets with subscriptions, and who gets what a mutation answers.

AWS AppSync developer guide, "Building a real-time WebSocket client": the subprotocol `graphql-ws` with AppSync's own
messages. Connections live on the server's loop.
"""

import asyncio
import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from graphql import execute_sync

from sandbox.services.appsync.model import Caller, Error, Operation, error, is_wanted, text

_CONNECTION_MS = 300_000
_PING_SECONDS = 60
_POLICY_VIOLATION = 1008


class Refused(Exception):  # noqa: N818 - it is an answer, not a fault
    """Nobody may have this; the errors say why."""

    def __init__(self, *errors: Error) -> None:
        super().__init__(errors[0]["message"])
        self.errors = list(errors)


@dataclass(frozen=True)
class Subscription:
    """What a client has asked for."""

    operation: Operation
    field: str
    arguments: Mapping[str, Any]
    mutations: frozenset[str]

    def answer(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """What the client gets of a mutation's answer."""
        done = execute_sync(
            self.operation.schema,
            self.operation.document,
            root_value={self.field: payload},
            variable_values=dict(self.operation.variables),
            operation_name=self.operation.node.name.value if self.operation.node.name else None,
        )
        errors = [error(each.message) for each in done.errors or ()]
        return {"data": done.data, **({"errors": errors} if errors else {})}


@dataclass(eq=False)
class Connection:
    """One client."""

    api: str
    headers: Mapping[str, Any]
    loop: asyncio.AbstractEventLoop
    outbox: "asyncio.Queue[dict[str, Any] | None]" = field(default_factory=asyncio.Queue)
    subscriptions: dict[str, Subscription] = field(default_factory=dict)

    def tell(self, **message: Any) -> None:
        """Send a message soon; from any thread."""
        self.loop.call_soon_threadsafe(self.outbox.put_nowait, message)


@dataclass
class Connections:
    """All clients. `admit` tells who holds a token; `subscribe` is called in a worker thread and may refuse."""

    admit: Callable[[str, str], Caller | None]
    subscribe: Callable[[str, Caller, str, Mapping[str, Any]], Subscription]
    _held: list[Connection] = field(default_factory=list)

    def clear(self) -> None:
        """End all."""
        for connection in list(self._held):
            connection.loop.call_soon_threadsafe(connection.outbox.put_nowait, None)

    def publish(self, api: str, mutation: str, payload: Mapping[str, Any]) -> None:
        """Hand a mutation's answer to those who wait for it; from any thread."""
        for connection in list(self._held):
            for name, wanted in list(connection.subscriptions.items()) if connection.api == api else ():
                if mutation in wanted.mutations and is_wanted(wanted.arguments, payload):
                    connection.tell(type="data", id=name, payload=wanted.answer(payload))

    async def serve(self, api: str, scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        """One client, until it or the server goes."""
        await receive()
        if "graphql-ws" not in scope.get("subprotocols", ()):
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
            return
        await send({"type": "websocket.accept", "subprotocol": "graphql-ws"})
        connection = Connection(api, _handshake(scope), asyncio.get_running_loop())
        sender = asyncio.create_task(_send_all(connection, send))
        self._held.append(connection)
        try:
            await self._listen(connection, receive, sender)
        finally:
            self._held.remove(connection)
            sender.cancel()

    def _admitted(self, api: str, headers: Mapping[str, Any]) -> Caller:
        caller = self.admit(api, _authorization(headers))
        if caller is None:
            raise Refused(error("You are not authorized to make this call.", "UnauthorizedException"))
        return caller

    async def _listen(self, connection: Connection, receive: Any, sender: "asyncio.Task[None]") -> None:
        while not sender.done():
            incoming = asyncio.create_task(receive())
            await asyncio.wait({incoming, sender}, return_when=asyncio.FIRST_COMPLETED)
            if not incoming.done():
                incoming.cancel()
                return
            message = incoming.result()
            if message["type"] == "websocket.disconnect":
                return
            await self._handle(connection, _object(message.get("text") or ""))

    async def _handle(self, connection: Connection, message: Mapping[str, Any]) -> None:
        kind, name = message.get("type"), str(message.get("id") or "")
        if kind == "connection_init":
            self._begin(connection)
        elif kind == "start":
            await self._start(connection, name, message.get("payload") or {})
        elif kind == "stop":
            connection.subscriptions.pop(name, None)
            connection.tell(type="complete", id=name)
        else:
            connection.tell(type="error", payload={"errors": [error("Unknown message type.")]})

    def _begin(self, connection: Connection) -> None:
        try:
            self._admitted(connection.api, connection.headers)
        except Refused as refused:
            connection.tell(type="connection_error", payload={"errors": refused.errors})
            connection.tell()
        else:
            connection.tell(type="connection_ack", payload={"connectionTimeoutMs": _CONNECTION_MS})
            connection.tell(type="ka")

    async def _start(self, connection: Connection, name: str, payload: Mapping[str, Any]) -> None:
        given = (payload.get("extensions") or {}).get("authorization") or {}
        asked = _object(str(payload.get("data") or ""))
        try:
            subscription = await asyncio.to_thread(
                self.subscribe,
                connection.api,
                self._admitted(connection.api, given),
                str(asked.get("query") or ""),
                asked.get("variables") or {},
            )
        except Refused as refused:
            connection.tell(type="error", id=name, payload={"errors": refused.errors})
            return
        connection.subscriptions[name] = subscription
        connection.tell(type="start_ack", id=name)


async def _send_all(connection: Connection, send: Any) -> None:
    """Send what is told, and a sign of life when nothing is; an empty message is the last."""
    while True:
        try:
            message = await asyncio.wait_for(connection.outbox.get(), _PING_SECONDS)
        except TimeoutError:
            message = {"type": "ka"}
        if not message:
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
            return
        await send({"type": "websocket.send", "text": text(message)})


def _handshake(scope: Mapping[str, Any]) -> dict[str, Any]:
    """The headers that a client sends along when it connects: in the address, or as a subprotocol."""
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
    encoded = next(iter(query.get("header", ())), "")
    for protocol in scope.get("subprotocols", ()):
        if protocol.startswith("header-"):
            encoded = protocol.removeprefix("header-").replace("-", "+").replace("_", "/")
    try:
        return _object(base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True).decode())
    except (binascii.Error, UnicodeDecodeError):
        return {}


def _authorization(headers: Mapping[str, Any]) -> str:
    return next((str(value) for name, value in headers.items() if name.lower() == "authorization"), "")


def _object(encoded: str) -> dict[str, Any]:
    try:
        given = json.loads(encoded)
    except ValueError:
        return {}
    return given if isinstance(given, dict) else {}
