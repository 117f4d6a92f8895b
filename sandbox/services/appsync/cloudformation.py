# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""GraphQL APIs in stacks: how they are now, which MiniStack does not look at, and what replaces them."""

from collections.abc import Mapping
from typing import Any

from sandbox.clients import client
from sandbox.ministack import appsync
from sandbox.services.cloudformation.model.types import DriftReader, Properties, Resources

_API = frozenset(
    {
        "Name",
        "AuthenticationType",
        "AdditionalAuthenticationProviders",
        "OpenIDConnectConfig",
        "LogConfig",
        "IntrospectionConfig",
        "QueryDepthLimit",
        "ResolverCountLimit",
    }
)
_SOURCE = frozenset({"Name", "Type", "ServiceRoleArn", "LambdaConfig"})
_RESOLVER = frozenset({"TypeName", "FieldName", "DataSourceName", "Kind", "Runtime", "Code"})
_SPECIAL = {"openIDConnectConfig": "OpenIDConnectConfig", "authTTL": "AuthTTL", "iatTTL": "IatTTL"}


def _appsync() -> Any:
    return client("appsync")


def _as_properties(told: Any) -> Any:
    """The API's members in the template's spelling."""
    if isinstance(told, Mapping):
        return {_SPECIAL.get(name, name[:1].upper() + name[1:]): _as_properties(of) for name, of in told.items()}
    return [_as_properties(each) for each in told] if isinstance(told, list) else told


def _read_api(api_id: str, _properties: Properties) -> Properties | None:
    return _of(_appsync().get_graphql_api(apiId=api_id)["graphqlApi"], _API)


def _read_source(_id: str, properties: Properties) -> Properties | None:
    found = _appsync().get_data_source(apiId=properties["ApiId"], name=properties["Name"])
    return _of(found["dataSource"], _SOURCE)


def _read_resolver(_id: str, properties: Properties) -> Properties | None:
    where = {"typeName": properties["TypeName"], "fieldName": properties["FieldName"]}
    return _of(_appsync().get_resolver(apiId=properties["ApiId"], **where)["resolver"], _RESOLVER)


def _read_schema(_id: str, properties: Properties) -> Properties | None:
    # The API answers with what AppSync adds to it.
    held = appsync._schemas.get(properties["ApiId"])
    return {"Definition": held["definition"]} if held else None


def _of(told: Mapping[str, Any], names: frozenset[str]) -> Properties:
    return {name: of for name, of in _as_properties(told).items() if name in names}


RESOURCES = Resources(
    drift_readers={
        "AWS::AppSync::GraphQLApi": DriftReader(_read_api, _API),
        "AWS::AppSync::GraphQLSchema": DriftReader(_read_schema, frozenset({"Definition"})),
        "AWS::AppSync::DataSource": DriftReader(_read_source, _SOURCE),
        "AWS::AppSync::Resolver": DriftReader(_read_resolver, _RESOLVER),
    },
    create_only={
        "AWS::AppSync::GraphQLApi": (),
        "AWS::AppSync::GraphQLSchema": (),
        "AWS::AppSync::DataSource": ("ApiId", "Name"),
        "AWS::AppSync::Resolver": ("ApiId", "FieldName", "TypeName"),
    },
)
