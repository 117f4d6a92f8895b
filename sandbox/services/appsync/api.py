# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The data plane: requests to an API's own host, who may make them, and what becomes of a mutation's answer."""

import json
import re
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLError, OperationType, parse, validate

from sandbox.host import AsgiApp
from sandbox.ministack import appsync, appsync_graphql, lambdas, responses, waf
from sandbox.services.appsync.model import Caller, Operation, bearer, error, modes
from sandbox.services.appsync.runtime import Connections, Refused, Subscription
from sandbox.services.wafv2.model import Firewall, Request

_HOST = re.compile(r"([a-z0-9]+)\.appsync(-realtime)?-api\.")
_MOST_RESOLVERS = 10_000
_ANONYMOUS = Caller("", {})


@dataclass
class Calling:
    """A request that is being answered."""

    caller: Caller = _ANONYMOUS
    resolved: int = 0
    answers: dict[str, Any] = field(default_factory=dict)
    """What each field of a mutation resolved to."""


_calling: ContextVar[Calling] = ContextVar("appsync_calling")


def install(authority: str, connections: Connections) -> None:
    """Verify callers, hold requests to the API's limits, and publish what mutations answer."""
    verified, execute = appsync._request_is_authenticated, appsync._execute_with_schema
    resolve, record_of = appsync._resolve_field, lambdas._execution_record_for_config

    def authenticated(api_id: str, api: Any, headers: Any) -> bool:
        given = str((headers or {}).get("authorization") or "")
        caller = bearer(api, given)
        if caller is None and "AWS_IAM" in modes(api) and given.startswith("AWS4-") and verified(api_id, api, headers):
            caller = Caller("AWS_IAM", {"accountId": responses.get_account_id()})
        _calling.set(Calling(caller or _ANONYMOUS))
        return caller is not None

    def executed(api_id: str, sdl: str, query: str, variables: Any, name: Any, *rest: Any) -> Any:
        calling, operation = _calling.get(), operation_of(api_id, sdl, query, variables, name)
        refusals = operation.refusals(appsync._apis[api_id], calling.caller) if operation else []
        if refusals:
            return appsync._json(200, {"data": None, "errors": refusals})
        answer = execute(api_id, sdl, query, variables, name, *rest)
        if operation and operation.kind == "mutation":
            _publish(connections, api_id, operation, calling)
        return answer

    def resolved(api_id: str, resolver: Any, *rest: Any, **named: Any) -> Any:
        calling = _calling.get()
        calling.resolved += 1
        most = int(appsync._apis[api_id].get("resolverCountLimit") or _MOST_RESOLVERS)
        if calling.resolved > most:
            raise appsync._AppSyncResolverError(f"The request needs more than {most} resolvers.", "ResolverCountLimit")
        answer = resolve(api_id, resolver, *rest, **{**named, "identity": dict(calling.caller.identity)})
        if named.get("type_name") == "Mutation":
            calling.answers[str(named["field_name"])] = answer
        return answer

    appsync._request_is_authenticated = authenticated
    appsync._execute_with_schema = executed
    appsync._resolve_field = resolved
    lambdas._execution_record_for_config = lambda func, config: record_of(func, _trusting(config, authority))


def _trusting(config: Mapping[str, Any], authority: str) -> dict[str, Any]:
    """A function's settings with the sandbox's authority, which stands for those that its runtime trusts on AWS."""
    told = config.get("Environment") or {}
    variables = {"SSL_CERT_FILE": authority, **(told.get("Variables") or {})}
    return {**config, "Environment": {**told, "Variables": variables}}


def operation_of(api_id: str, sdl: str, query: str, variables: Any, name: Any) -> Operation | None:
    """What is asked for; None when it is not valid, which MiniStack answers."""
    try:
        schema, document = appsync_graphql.build_api_schema(api_id, sdl), parse(query)
    except (GraphQLError, appsync_graphql.SchemaUnavailable):
        return None
    return None if validate(schema, document) else Operation.of(schema, document, variables or {}, name)


def _publish(connections: Connections, api_id: str, operation: Operation, calling: Calling) -> None:
    """Subscribers get those fields alone that the mutation itself asked for."""
    for node in operation.fields(operation.node.selection_set):
        answer = calling.answers.get(node.name.value)
        if isinstance(answer, dict):
            asked = {each.name.value for each in operation.fields(node.selection_set)}
            payload = {name: value for name, value in answer.items() if name in asked}
            connections.publish(api_id, node.name.value, payload)


def place_of(api_id: str) -> tuple[str, str] | None:
    """Account and region of an API; None without one."""
    return next(
        ((account, region) for (account, region, known), _ in appsync._apis.all_items() if known == api_id), None
    )


def admit(api_id: str, authorization: str) -> Caller | None:
    """Whose token it is, for the real-time endpoint."""
    place = place_of(api_id)
    if place is None:
        return None
    with responses.request_scope(*place):
        return bearer(appsync._apis[api_id], authorization)


def subscribe(api_id: str, caller: Caller, query: str, variables: Mapping[str, Any]) -> Subscription:
    """A subscription, once its resolver has had its say. Raises Refused."""
    place = place_of(api_id)
    if place is None:
        raise Refused(error("There is no such API."))
    with responses.request_scope(*place):
        sdl = (appsync._schemas.get(api_id) or {}).get("definition") or ""
        operation = operation_of(api_id, sdl, query, variables, None)
        if operation is None or operation.node.operation is not OperationType.SUBSCRIPTION:
            raise Refused(error("This is no valid subscription.", "ValidationError"))
        if refusals := operation.refusals(appsync._apis[api_id], caller):
            raise Refused(*refusals)
        name, arguments, mutations = operation.subscribed()
        resolver = (appsync._resolvers.get(api_id) or {}).get("Subscription", {}).get(name)
        _calling.set(Calling(caller))
        try:
            if resolver:
                appsync._resolve_field(
                    api_id, resolver, arguments, [], variables, field_name=name, type_name="Subscription"
                )
        except appsync._AppSyncResolverError as refusal:
            raise Refused(error(str(refusal), refusal.error_type)) from refusal
        return Subscription(operation, name, arguments, frozenset(mutations))


def routed(app: AsgiApp, connections: Connections, firewall: Firewall) -> AsgiApp:
    """`app` with the hosts of GraphQL APIs before it."""

    async def serve(scope: dict[str, Any], receive: Any, send: Any) -> None:
        headers = {name.decode("latin-1").lower(): text.decode("latin-1") for name, text in scope.get("headers", [])}
        found = _HOST.match(headers.get("host", ""))
        place = place_of(found[1]) if found else None
        if found is None or place is None:
            await app(scope, receive, send)
        elif scope["type"] == "websocket" and found[2]:
            await connections.serve(found[1], scope, receive, send)
        elif scope["type"] == "http":
            await _answer(app, firewall, (found[1], *place), headers, scope, receive, send)

    return serve


async def _answer(  # noqa: PLR0913, PLR0917 - what a request is
    app: AsgiApp,
    firewall: Firewall,
    api: tuple[str, str, str],
    headers: dict[str, str],
    scope: dict[str, Any],
    receive: Any,
    send: Any,
) -> None:
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    with responses.request_scope(*api[1:]):
        if _is_blocked(firewall, str(appsync._apis[api[0]]["arn"]), headers, scope, body):
            told = error("403 Forbidden", "WAFForbiddenException")
            await _send(send, 403, {"content-type": "application/json"}, json.dumps({"errors": [told]}).encode())
            return
        if not headers.get("authorization", "").startswith("AWS4-"):
            # Nothing in the request says whose account it is but the host.
            answered = await appsync.handle_request(scope["method"], scope["path"], headers, body, {})
            await _send(send, *answered)
            return
    # MiniStack verifies signatures.
    await app(scope, _replayed(body, receive), send)


def _is_blocked(firewall: Firewall, arn: str, headers: dict[str, str], scope: Mapping[str, Any], body: bytes) -> bool:
    acl = waf._associations.get(arn)
    client = (scope.get("client") or ("127.0.0.1",))[0]
    request = Request(client, scope["method"], scope["path"], scope["query_string"].decode("latin-1"), headers, body)
    return bool(acl) and firewall.blocks(acl, request)


async def _send(send: Any, status: int, headers: Mapping[str, str], body: bytes | str) -> None:
    content = body.encode() if isinstance(body, str) else body
    listed = [(name.lower().encode(), str(value).encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": listed})
    await send({"type": "http.response.body", "body": content})


def _replayed(body: bytes, receive: Any) -> Any:
    told = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def again() -> Any:
        return next(told, None) or await receive()

    return again
