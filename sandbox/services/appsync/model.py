# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Who calls a GraphQL API, and what of a request its settings refuse.

AWS AppSync developer guide: "Configuring authorization and authentication", "Real-time data"; AppSync API model,
GraphqlApi.
"""

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jwt
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_argument_values,
    get_named_type,
    get_operation_ast,
    visit,
)

from sandbox.identity import PROVIDER_KEYS

_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
_MODES = {
    "aws_api_key": "API_KEY",
    "aws_cognito_user_pools": "AMAZON_COGNITO_USER_POOLS",
    "aws_iam": "AWS_IAM",
    "aws_lambda": "AWS_LAMBDA",
    "aws_oidc": "OPENID_CONNECT",
}
Error = dict[str, Any]


@dataclass(frozen=True)
class Caller:
    """Who calls: by which of the API's ways, and what resolvers see as `ctx.identity`."""

    mode: str
    identity: Mapping[str, Any]


def error(message: str, kind: str = "BadRequestException") -> Error:
    """An error as clients get it."""
    return {"message": message, "errorType": kind}


def modes(api: Mapping[str, Any]) -> set[str]:
    """The ways of authorization that an API takes."""
    others = api.get("additionalAuthenticationProviders") or []
    return {str(api["authenticationType"]), *(str(other["authenticationType"]) for other in others)}


def bearer(api: Mapping[str, Any], authorization: str) -> Caller | None:
    """Whose token it is, with or without `Bearer` before it; None when no issuer of the API vouches for it."""
    token = re.sub(r"^bearer +", "", authorization, flags=re.IGNORECASE)
    settings = [api, *(api.get("additionalAuthenticationProviders") or [])]
    for each in settings:
        told = each.get("openIDConnectConfig")
        if each["authenticationType"] == "OPENID_CONNECT" and told and (claims := _claims(token, told)):
            identity = {"sub": claims.get("sub"), "issuer": claims["iss"], "claims": claims}
            return Caller("OPENID_CONNECT", identity)
    return None


def _claims(token: str, told: Mapping[str, Any]) -> dict[str, Any]:
    issuer = str(told["issuer"])
    keys = PROVIDER_KEYS.get(issuer.removeprefix("https://").rstrip("/"), ())
    try:
        wanted = jwt.get_unverified_header(token).get("kid")
        key = next(jwt.PyJWK(dict(key)) for key in keys if key["kid"] == wanted)
        options: Any = {"verify_aud": False, "require": ["iss", "exp", "iat"]}
        claims: dict[str, Any] = jwt.decode(token, key, algorithms=_ALGORITHMS, issuer=issuer, options=options)
    except (jwt.PyJWTError, StopIteration):
        return {}
    longest = int(told.get("iatTTL") or 0)
    is_old = longest > 0 and (time.time() - float(claims["iat"])) * 1000 > longest
    return claims if not is_old and _is_for(claims, str(told.get("clientId") or "")) else {}


def _is_for(claims: Mapping[str, Any], client: str) -> bool:
    """`clientId` is a regular expression for `aud` or `azp`; without one a token may be for anybody."""
    audience = claims.get("aud") or []
    named = [*([audience] if isinstance(audience, str) else audience), claims.get("azp") or ""]
    return not client or any(re.fullmatch(client, name) for name in named)


@dataclass(frozen=True)
class Operation:
    """An operation of a valid document."""

    schema: GraphQLSchema
    document: DocumentNode
    node: OperationDefinitionNode
    variables: Mapping[str, Any]

    @classmethod
    def of(
        cls, schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any], name: str | None
    ) -> "Operation | None":
        """The one of that name; None when the document does not say which."""
        node = get_operation_ast(document, name)
        return cls(schema, document, node, variables) if node else None

    @property
    def kind(self) -> str:
        return self.node.operation.value

    def refusals(self, api: Mapping[str, Any], caller: Caller) -> list[Error]:
        """Why the API's settings refuse it to the caller. AWS leaves single fields out; here all is refused."""
        found = []
        if api.get("introspectionConfig") == "DISABLED" and self._names() & {"__schema", "__type"}:
            found.append(error("Introspection is disabled for this API.", "ValidationError"))
        most = int(api.get("queryDepthLimit") or 0)
        if most and self._depth(self.node.selection_set) > most:
            found.append(error(f"The query is deeper than the limit of {most} levels.", "QueryDepthLimitExceeded"))
        return found or [
            error(f"Not Authorized to access {field} on type {owner}", "Unauthorized")
            for owner, field in _forbidden(self.schema, self.document, str(api["authenticationType"]), caller.mode)
        ]

    def fields(self, selection: SelectionSetNode | None) -> Iterator[FieldNode]:
        """The fields of a selection, those of its fragments among them."""
        defined = self.document.definitions
        fragments = {node.name.value: node for node in defined if isinstance(node, FragmentDefinitionNode)}
        for node in selection.selections if selection else ():
            if isinstance(node, FieldNode):
                yield node
            elif isinstance(node, InlineFragmentNode):
                yield from self.fields(node.selection_set)
            elif isinstance(node, FragmentSpreadNode):
                yield from self.fields(fragments[node.name.value].selection_set)

    def subscribed(self) -> tuple[str, dict[str, Any], set[str]]:
        """Of a subscription: its field, the arguments given to it, and the mutations that it is about."""
        node = next(self.fields(self.node.selection_set))
        field = self.schema.type_map["Subscription"].fields[node.name.value]  # type: ignore[attr-defined]
        given = get_argument_values(field, node, dict(self.variables))
        directives = field.ast_node.directives if field.ast_node else ()
        about = next((each for each in directives if each.name.value == "aws_subscribe"), None)
        names = {each.value for each in about.arguments[0].value.values} if about else set()
        return node.name.value, {name: value for name, value in given.items() if value is not None}, names

    def _names(self) -> set[str]:
        return {node.name.value for node in self.fields(self.node.selection_set)}

    def _depth(self, selection: SelectionSetNode | None) -> int:
        return max((1 + self._depth(node.selection_set) for node in self.fields(selection)), default=0)


def _forbidden(schema: GraphQLSchema, document: DocumentNode, default: str, mode: str) -> Sequence[tuple[str, str]]:
    """Type and name of each field that callers of a mode may not have: a field's directives, else its type's."""
    info, found = TypeInfo(schema), []

    class Fields(Visitor):
        def enter_field(self, node: FieldNode, *_: Any) -> None:
            owner, field = info.get_parent_type(), info.get_field_def()
            if owner is None or field is None or node.name.value.startswith("__"):
                return
            named = get_named_type(owner)
            allowed = _allowed(field.ast_node) or _allowed(named.ast_node) or {default}
            if mode not in allowed:
                found.append((named.name, node.name.value))

    visit(document, TypeInfoVisitor(info, Fields()))
    return found


def _allowed(node: Any) -> set[str]:
    directives = node.directives if node else ()
    return {_MODES[each.name.value] for each in directives if each.name.value in _MODES}


def is_wanted(arguments: Mapping[str, Any], payload: Mapping[str, Any]) -> bool:
    """Whether a subscription with these arguments gets a mutation's answer: each is the field of its name."""
    return all(name in payload and payload[name] == value for name, value in arguments.items())


def text(message: Mapping[str, Any]) -> str:
    """A message of the real-time protocol."""
    return json.dumps(message, separators=(",", ":"))
