# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A GraphQL API in a stack, asked by a client of GraphQL."""

import asyncio
import json
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from gql import Client, gql
from gql.transport.appsync_auth import AppSyncJWTAuthentication
from gql.transport.appsync_websockets import AppSyncWebsocketsTransport
from gql.transport.exceptions import TransportQueryError

from sandbox import ACCOUNTS, state
from sandbox.authority import authority_path
from tests.sandbox.conftest import RunningSandbox
from tests.sandbox.stacks import Stack, att, ref, stack_in, with_properties

SCHEMA = """
type Query { who: Who, asked: String }
type Who @aws_oidc { sub: String, team: String, who: Who }
type News @aws_oidc @aws_iam { team: String!, text: String, more: String }
type Mutation { tell(team: String!, text: String): News @aws_iam }
type Subscription { told(team: String!): News @aws_oidc @aws_subscribe(mutations: ["tell"]) }
"""
WHO = """
export function request(ctx) { return { payload: { sub: ctx.identity.sub, team: ctx.identity.claims.team } } }
export function response(ctx) { return ctx.result }
"""
TELL = """
export function request(ctx) { return { payload: ctx.args } }
export function response(ctx) { return { ...ctx.result, more: "unasked" } }
"""
TOLD = """
import { util } from "@aws-appsync/utils"
export function request(ctx) {
  if (ctx.identity.claims.team !== ctx.args.team) util.unauthorized()
  return { payload: null }
}
export function response(ctx) { return ctx.result }
"""
FUNCTION = """
import os
def handler(event, context):
    if event["fail"]:
        raise ValueError("words of a function")
    return os.path.basename(os.environ["SSL_CERT_FILE"])
"""
ASKED = """
export function request(ctx) { return { operation: "Invoke", payload: { fail: ctx.identity.claims.team === "owls" } } }
export function response(ctx) { return ctx.error ? util.error(ctx.error.message, "Failed") : ctx.result }
"""
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def resolver(owner: str, field: str, source: str, code: str) -> dict[str, Any]:
    properties = {
        "ApiId": att("Api", "ApiId"),
        "TypeName": owner,
        "FieldName": field,
        "DataSourceName": att(source, "Name"),
        "Kind": "UNIT",
        "Runtime": {"Name": "APPSYNC_JS", "RuntimeVersion": "1.0.0"},
        "Code": code,
    }
    return {"Type": "AWS::AppSync::Resolver", "DependsOn": "Schema", "Properties": properties}


def resources(issuer: str) -> dict[str, Any]:
    api = {
        "Name": "contract",
        "AuthenticationType": "OPENID_CONNECT",
        "OpenIDConnectConfig": {"Issuer": issuer, "ClientId": "^fastbreak$"},
        "AdditionalAuthenticationProviders": [{"AuthenticationType": "AWS_IAM"}],
        "IntrospectionConfig": "DISABLED",
        "QueryDepthLimit": 3,
        "ResolverCountLimit": 2,
    }
    of_api = {"ApiId": att("Api", "ApiId")}
    function = {
        "Runtime": "python3.13",
        "Handler": "index.handler",
        "Role": att("Role", "Arn"),
        "Code": {"ZipFile": FUNCTION},
    }
    sources = {"Type": "AWS_LAMBDA", "LambdaConfig": {"LambdaFunctionArn": att("Function", "Arn")}}
    return {
        "Api": {"Type": "AWS::AppSync::GraphQLApi", "Properties": api},
        "Schema": {"Type": "AWS::AppSync::GraphQLSchema", "Properties": {**of_api, "Definition": SCHEMA}},
        "Nothing": {"Type": "AWS::AppSync::DataSource", "Properties": {**of_api, "Name": "nothing", "Type": "NONE"}},
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST}},
        "Function": {"Type": "AWS::Lambda::Function", "Properties": function},
        "Functions": {
            "Type": "AWS::AppSync::DataSource",
            "Properties": {**of_api, "Name": "functions", "ServiceRoleArn": att("Role", "Arn"), **sources},
        },
        "Who": resolver("Query", "who", "Nothing", WHO),
        "Again": resolver("Who", "who", "Nothing", WHO),
        "Asked": resolver("Query", "asked", "Functions", ASKED),
        "Tell": resolver("Mutation", "tell", "Nothing", TELL),
        "Told": resolver("Subscription", "told", "Nothing", TOLD),
    }


@dataclass(frozen=True)
class Api:
    """A GraphQL API of the dev account, and what clients need of it."""

    sandbox: RunningSandbox
    stack: Stack
    url: str

    @property
    def host(self) -> str:
        return str(urlsplit(self.url).hostname)

    def token(self, team: str, audience: str = "fastbreak") -> str:
        """A token of the sandbox's issuer."""
        known = {"client_id": team, "client_secret": "s", "claims": {"team": team}, "audiences": ["fastbreak", "other"]}
        httpx.post(f"{self.sandbox.state.endpoint_url}/_sandbox/oidc/clients", json=known).raise_for_status()
        form = {"grant_type": "client_credentials", "client_id": team, "client_secret": "s", "audience": audience}
        trusted = ssl.create_default_context(cafile=authority_path(state.home_of(self.sandbox.name)))
        answered = httpx.post(f"{self.sandbox.state.issuer}/token", data=form, verify=trusted, trust_env=False)
        return str(answered.json()["access_token"])

    def ask(self, query: str, authorization: str, **headers: str) -> tuple[int, Any]:
        """Status and body of a request at the API's host."""
        sent = {"host": self.host, "content-type": "application/json", "authorization": authorization, **headers}
        body = json.dumps({"query": query})
        answered = httpx.post(f"{self.sandbox.state.endpoint_url}/graphql", content=body, headers=sent, timeout=60)
        return answered.status_code, answered.json()

    def tell(self, team: str, text: str) -> tuple[int, Any]:
        """Do what services do, by IAM."""
        query = f'mutation {{ tell(team: "{team}", text: "{text}") {{ team text }} }}'
        signed = AWSRequest("POST", self.url, {"content-type": "application/json"}, json.dumps({"query": query}))
        SigV4Auth(Credentials(ACCOUNTS["dev"], "sandbox"), "appsync", self.sandbox.state.region).add_auth(signed)
        headers = {name.lower(): value for name, value in signed.headers.items()}
        return self.ask(query, headers.pop("authorization"), **headers)

    def client(self, token: str) -> Client:
        """A client of the real-time endpoint, which is asked by its name on AWS."""
        endpoint = urlsplit(self.sandbox.state.endpoint_url)
        transport = AppSyncWebsocketsTransport(
            self.url.replace("https://", "ws://"),
            auth=AppSyncJWTAuthentication(self.host, token),
            connect_args={"host": endpoint.hostname, "port": endpoint.port, "proxy": None},
            connect_timeout=60,
            ack_timeout=60,
        )
        return Client(transport=transport)


@pytest.fixture(scope="module")
def api(sandbox: RunningSandbox) -> Iterator[Api]:
    with stack_in(sandbox, "appsync") as stack:
        outputs = {"Url": att("Api", "GraphQLUrl"), "Id": ref("Api")}
        assert stack.create(resources(sandbox.state.issuer), outputs) == "CREATE_COMPLETE", stack.reasons()
        yield Api(sandbox, stack, stack.outputs()["Url"])


def test_a_token_is_verified_and_its_claims_reach_resolvers(api: Api) -> None:
    told = api.token("hawks")
    for authorization in (told, f"Bearer {told}"):
        status, answered = api.ask("{ who { sub team } }", authorization)
        assert (status, answered) == (200, {"data": {"who": {"sub": "hawks", "team": "hawks"}}})
    for refused in ("", "anything", told[:-8] + "AAAAAAAA", api.token("hawks", "other")):
        status, answered = api.ask("{ who { sub } }", refused)
        assert (status, answered["errors"][0]["errorType"]) == (401, "UnauthorizedException")


def test_limits_hold(api: Api) -> None:
    def problem(query: str) -> str:
        return str(api.ask(query, api.token("hawks"))[1]["errors"][0]["message"])

    assert "deeper than the limit of 3" in problem("{ who { who { who { team } } } }")
    assert "more than 2 resolvers" in problem("{ a: who { team } b: who { team } c: who { team } }")
    assert "Introspection" in problem("{ __schema { types { name } } }")
    assert "Not Authorized to access tell" in problem('mutation { tell(team: "hawks") { team } }')


def test_a_function_resolves_and_fails_in_words(api: Api) -> None:
    assert api.ask("{ asked }", api.token("hawks"))[1] == {"data": {"asked": "authority.pem"}}
    [failed] = api.ask("{ asked }", api.token("owls"))[1]["errors"]
    assert (failed["message"], failed["errorType"]) == ("words of a function", "Failed")


def test_a_subscription_delivers_what_is_its_team_s(api: Api) -> None:
    query = gql("subscription ($team: String!) { told(team: $team) { team text more } }")

    async def first() -> Any:
        async with api.client(api.token("hawks")) as session:
            query.variable_values = {"team": "hawks"}
            news = session.subscribe(query)
            waiting = asyncio.ensure_future(anext(news))
            while not waiting.done():
                # Nothing says when a subscription stands: news are told until one is heard, first another team's.
                await asyncio.to_thread(api.tell, "owls", "not yours")
                await asyncio.to_thread(api.tell, "hawks", "yours")
                await asyncio.wait({waiting}, timeout=0.2)
            heard = await waiting
            await news.aclose()
            return heard

    assert asyncio.run(asyncio.wait_for(first(), 60)) == {"told": {"team": "hawks", "text": "yours", "more": None}}
    assert api.tell("hawks", "x") == (200, {"data": {"tell": {"team": "hawks", "text": "x"}}})


def test_nobody_subscribes_to_another_team_or_without_a_token(api: Api) -> None:
    query = gql('subscription { told(team: "owls") { text } }')

    async def refused(token: str) -> None:
        async with api.client(token) as session:
            async for _ in session.subscribe(query):
                raise AssertionError("something was delivered")

    with pytest.raises(TransportQueryError, match="Unauthorized"):
        asyncio.run(asyncio.wait_for(refused(api.token("hawks")), 60))
    with pytest.raises(Exception, match="not authorized"):
        asyncio.run(asyncio.wait_for(refused("forged"), 60))


def test_a_web_acl_blocks(api: Api) -> None:
    waf = api.sandbox.client("wafv2")
    shown = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": False, "MetricName": "x"}
    statement = {"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": "AWSManagedRulesKnownBadInputsRuleSet"}}
    rule = {
        "Name": "bad",
        "Priority": 0,
        "Statement": statement,
        "OverrideAction": {"None": {}},
        "VisibilityConfig": shown,
    }
    made = waf.create_web_acl(
        Name="graphql", Scope="REGIONAL", DefaultAction={"Allow": {}}, Rules=[rule], VisibilityConfig=shown
    )["Summary"]
    arn = api.sandbox.client("appsync").get_graphql_api(apiId=api.stack.physical_id("Api"))["graphqlApi"]["arn"]
    waf.associate_web_acl(WebACLArn=made["ARN"], ResourceArn=arn)
    try:
        assert api.ask("{ who { sub } }", api.token("hawks"), **{"user-agent": "${jndi:ldap://x}"})[0] == 403
        assert api.ask("{ who { sub } }", api.token("hawks"))[0] == 200
    finally:
        waf.disassociate_web_acl(ResourceArn=arn)


def test_what_is_changed_drifts_until_it_is_as_the_template_says(api: Api) -> None:
    appsync, api_id = api.sandbox.client("appsync"), api.stack.physical_id("Api")
    api.stack.drift()
    assert all(status == "IN_SYNC" for status in api.stack.drift().values() if status != "NOT_CHECKED")
    appsync.update_resolver(
        apiId=api_id,
        typeName="Query",
        fieldName="who",
        dataSourceName="nothing",
        runtime={"name": "APPSYNC_JS", "runtimeVersion": "1.0.0"},
        code=TELL,
    )
    assert api.stack.drift()["Who"] == "MODIFIED"
    wanted = resources(api.sandbox.state.issuer)
    changed = with_properties(wanted, "Schema", Definition=SCHEMA.replace("asked: String", "asked: String, added: ID"))
    outputs = {"Url": att("Api", "GraphQLUrl"), "Id": ref("Api")}
    assert api.stack.update(changed, outputs) == "UPDATE_COMPLETE", api.stack.reasons()
    assert api.ask("{ added }", api.token("hawks"))[1] == {"data": {"added": None}}
    assert api.stack.physical_id("Api") == api_id
