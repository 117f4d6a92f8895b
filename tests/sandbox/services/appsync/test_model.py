# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Whose tokens count, and what the settings of a GraphQL API refuse."""

from typing import Any

import jwt
import pytest
from graphql import parse

from sandbox.identity import PROVIDER_KEYS
from sandbox.ministack import appsync_graphql
from sandbox.services.appsync.model import Caller, Operation, bearer, is_wanted
from sandbox.services.oidc.model import Client, Issuer

SCHEMA = """
type Query { one: Thing @aws_oidc @aws_iam, other: Thing }
type Thing @aws_oidc @aws_iam { name: String, inner: Thing }
type Mutation { tell(team: String!): Thing @aws_iam }
type Subscription { told(team: String!): Thing @aws_subscribe(mutations: ["tell"]) }
"""
ADA = Client("lovelace", {"team": "hawks"}, ("fastbreak", "another"), 60)
API: dict[str, Any] = {
    "authenticationType": "OPENID_CONNECT",
    "openIDConnectConfig": {"issuer": "https://issuer.example", "clientId": "^fastbreak$"},
    "additionalAuthenticationProviders": [{"authenticationType": "AWS_IAM"}],
    "introspectionConfig": "DISABLED",
    "queryDepthLimit": 2,
}


def issuer(url: str = "https://issuer.example", client: Client = ADA) -> Issuer:
    made = Issuer()
    made.url = url
    made.register("ada", client)
    return made


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Issuer:
    made = issuer()
    monkeypatch.setitem(PROVIDER_KEYS, "issuer.example", made.key_set()["keys"])
    return made


def token(of: Issuer, audience: str = "fastbreak") -> str:
    return str(of.token("ada", "lovelace", audience)["access_token"])


def test_a_token_of_the_issuer_is_the_caller(known: Issuer) -> None:
    caller = bearer(API, token(known))
    assert caller is not None
    assert (caller.mode, caller.identity["sub"], caller.identity["claims"]["team"]) == (
        "OPENID_CONNECT",
        "ada",
        "hawks",
    )
    assert bearer(API, f"Bearer {token(known)}")


def test_no_other_token_is(known: Issuer) -> None:
    known.register("late", Client("lovelace", {}, ("fastbreak",), -1))
    expired = str(known.token("late", "lovelace")["access_token"])
    refused = [
        "",
        "nothing",
        token(issuer()),
        token(issuer("https://other.example")),
        token(known, "another"),
        token(known)[:-4] + "AAAA",
        expired,
    ]
    assert [bearer(API, each) for each in refused] == [None] * len(refused)


def test_a_token_may_be_too_old_for_the_api(known: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    made = token(known)
    config = {**API, "openIDConnectConfig": {**API["openIDConnectConfig"], "iatTTL": 30_000}}
    issued = jwt.decode(made, options={"verify_signature": False})["iat"]
    for seconds, expected in ((29, True), (31, False)):
        monkeypatch.setattr("sandbox.services.appsync.model.time.time", lambda later=issued + seconds: later)
        assert (bearer(config, made) is not None) == expected


def refusals(query: str, mode: str = "OPENID_CONNECT", **changes: Any) -> list[str]:
    schema = appsync_graphql.build_api_schema("api", SCHEMA)
    operation = Operation.of(schema, parse(query), {}, None)
    assert operation is not None
    return [str(each["message"]) for each in operation.refusals({**API, **changes}, Caller(mode, {}))]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("{ one { name } }", ""),
        ("{ one { ...deep } } fragment deep on Thing { inner { name } }", "deeper than the limit of 2"),
        ("{ one { inner { inner { name } } } }", "deeper than the limit of 2"),
        ("{ __schema { types { name } } }", "Introspection"),
        ('{ __type(name: "Thing") { name } }', "Introspection"),
        ('mutation { tell(team: "hawks") { name } }', "Not Authorized to access tell on type Mutation"),
    ],
)
def test_what_is_refused_to_a_person(query: str, said: str) -> None:
    assert any(said in each for each in refusals(query)) if said else not refusals(query)


def test_what_is_refused_to_a_service() -> None:
    assert not refusals('mutation { tell(team: "hawks") { name } }', "AWS_IAM")
    assert not refusals("{ one { name } }", "AWS_IAM")
    assert refusals("{ other { name } }", "AWS_IAM") == ["Not Authorized to access other on type Query"]


def test_limits_of_nothing_refuse_nothing() -> None:
    free = {"queryDepthLimit": 0, "introspectionConfig": "ENABLED"}
    assert not refusals("{ one { inner { inner { name } } } __schema { types { name } } }", **free)


def test_a_subscription_gets_what_has_its_arguments() -> None:
    schema = appsync_graphql.build_api_schema("api", SCHEMA)
    document = parse("subscription ($team: String!) { told(team: $team) { name } }")
    operation = Operation.of(schema, document, {"team": "hawks"}, None)
    assert operation is not None
    name, arguments, mutations = operation.subscribed()
    assert (name, arguments, mutations) == ("told", {"team": "hawks"}, {"tell"})
    assert is_wanted(arguments, {"team": "hawks", "name": "x"})
    assert not is_wanted(arguments, {"team": "owls"})
    assert not is_wanted(arguments, {"name": "x"})
