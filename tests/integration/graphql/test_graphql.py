# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The template of the role appsync in a sandbox that enforces IAM, asked by a client of GraphQL; behind it a server."""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
import httpx
import jwt
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from gql import Client, gql
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.appsync_auth import AppSyncJWTAuthentication
from gql.transport.appsync_websockets import AppSyncWebsocketsTransport
from gql.transport.exceptions import TransportQueryError

from sandbox import ACCOUNTS
from sandbox.authority import Authority, authority_path
from sandbox.state import home_of
from tests.integration.sandboxes import running
from tools.files import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ID = "8f0d5c3e-1c1f-4e0a-9d7e-2f6a0c5b7d11"
STACK = "fastbreak-dev-appsync"
LISTED = {"id": ID, "status": "succeeded", "filename": "landing.mp4", "created_at": "2026-11-27T10:00:00Z"}
ANGLE = {"minimum": 10.0, "maximum": 90.5, "mean": 45.25, "samples": 9, "unit": "degree"}
PERSON = {"id": 1, "frames": 9, "first_frame": 0, "last_frame": 8, "angles": {"left_knee": ANGLE}}
FINDING = {
    "person": 1,
    "measure": "knee_flexion",
    "side": "left",
    "unit": "degree",
    "status": "review",
    "words": "Stiff.",
    "repetitions": 3,
    "needed": 3,
    "view": "sagittal",
    "rate": 60.0,
    "reference": {"citation": "Name 2001", "population": "adults", "limit": 45.0, "above": False, "mark": "read"},
    "shown": [{"contact_frame": 3, "frame": 5, "value": 40.5, "error": 2.0, "clears": True}],
}
UPLOAD = {"id": ID, "status": "open", "size_bytes": 5_000_000_000, "part_bytes": 8_388_608, "arrived": []}
LINK = {"number": 2, "size_bytes": 8_388_608, "url": "https://bucket.example/2"}
WHOLE = "query ($id: ID!) { analysis(id: $id) { id status persons { id angles { angle mean } } } }"


class Service(ThreadingHTTPServer):
    """The service's interface with one analysis, of the hawks."""

    daemon_threads = True

    def __init__(self, home: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.tokens: list[str] = []
        self.sent: list[bytes] = []
        issued = Authority.of(home).issue(["service.example"], ["127.0.0.1"])
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        pem = home / "service.pem"
        pem.write_text(issued.key + issued.certificate)
        context.load_cert_chain(pem)
        self.socket = context.wrap_socket(self.socket, server_side=True)

    def answer(self, path: str, authorization: str) -> tuple[int, Any]:
        """Status and body."""
        self.tokens.append(authorization)
        claims = jwt.decode(authorization.removeprefix("Bearer "), options={"verify_signature": False})
        listed = [LISTED] if claims["https://example.org/team"] == "hawks" else []
        answers = {
            "/v1/analyses": {"analyses": listed, "next": None},
            "/v1/analyses?limit=1": {"analyses": listed, "next": "1.x"},
            f"/v1/analyses/{ID}": {**LISTED, "persons": [PERSON]},
            "/v1/uploads": UPLOAD,
            f"/v1/uploads/{ID}/part-links?after=1": {
                "parts": [LINK],
                "next": None,
                "expires_at": "2026-11-27T10:10:00Z",
            },
            f"/v1/uploads/{ID}/completion": {"id": ID, "status": "queued"},
            f"/v1/analyses/{ID}/findings?limit=5": {"findings": [FINDING], "next": None},
        }
        if path not in answers or (ID in path and not listed):
            return 404, {"error": {"code": "not_found", "message": "There is no analysis with this id."}}
        return 200, answers[path]


class _Handler(BaseHTTPRequestHandler):
    server: Service

    def do_GET(self) -> None:
        status, told = self.server.answer(self.path, self.headers["Authorization"])
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.server.sent.append(self.rfile.read(int(self.headers.get("content-length", "0"))))
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@dataclass(frozen=True)
class Platform:
    """The API, and what tests need of it."""

    state: Any
    service: Service
    outputs: dict[str, str] = field(default_factory=dict)

    def client(self, name: str) -> Any:
        """A boto3 client of dev's administrator."""
        key = {"aws_access_key_id": ACCOUNTS["dev"], "aws_secret_access_key": "sandbox"}
        return boto3.client(name, region_name=self.state.region, endpoint_url=self.state.endpoint_url, **key)

    @property
    def host(self) -> str:
        return str(urlsplit(self.outputs["GraphqlUrl"]).hostname)

    def token(self, team: str, audience: str = "fast.break", seconds: int = 3600, role: str = "reviewer") -> str:
        """A token of the sandbox's issuer."""
        who = {"client_id": team, "client_secret": "s", "token_seconds": seconds}
        claims = {"team": "hawks", "https://example.org/team": team, "roles": [role]}
        known = {**who, "claims": claims, "audiences": ["fast.break", "fastabreak", "other"]}
        httpx.post(f"{self.state.endpoint_url}/_sandbox/oidc/clients", json=known).raise_for_status()
        form = {"grant_type": "client_credentials", "client_id": team, "client_secret": "s", "audience": audience}
        trusted = ssl.create_default_context(cafile=authority_path(home_of(self.state.name)))
        answered = httpx.post(f"{self.state.issuer}/token", data=form, verify=trusted, trust_env=False)
        return str(answered.json()["access_token"])

    def ask(self, token: str, query: str, **variables: Any) -> Any:
        """What a client of GraphQL gets. The sandbox knows the API by its name on AWS."""
        headers = {"Host": self.host, "Authorization": token}
        transport = AIOHTTPTransport(f"{self.state.endpoint_url}/graphql", headers=headers, timeout=60)
        asked = gql(query)
        asked.variable_values = variables
        return asyncio.run(Client(transport=transport, execute_timeout=60).execute_async(asked))

    def code(self, token: str, query: str, **variables: Any) -> str:
        """The type of the error that a client gets."""
        with pytest.raises(TransportQueryError) as refused:
            self.ask(token, query, **variables)
        return str((refused.value.errors or [{}])[0]["errorType"])

    def is_refused(self, token: str) -> bool:
        """Whether a token is not taken at all."""
        try:
            self.ask(token, "{ analyses { next } }")
        except TransportQueryError as refusal:
            return "UnauthorizedException" in str(refusal.errors)
        return False

    def listening(self, token: str) -> Client:
        """A client of the real-time endpoint."""
        endpoint = urlsplit(self.state.endpoint_url)
        transport = AppSyncWebsocketsTransport(
            self.outputs["GraphqlUrl"].replace("https://", "ws://"),
            auth=AppSyncJWTAuthentication(self.host, token),
            connect_args={"host": endpoint.hostname, "port": endpoint.port, "proxy": None},
            connect_timeout=60,
            ack_timeout=60,
        )
        return Client(transport=transport)

    def announce(self, credentials: dict[str, str], team: str, analysis: str) -> int:
        """Announce as a service does, signed; the status."""
        query = f'mutation {{ announce(id: "{analysis}", team: "{team}", status: succeeded) {{ id team status }} }}'
        body, url = json.dumps({"query": query}), self.outputs["GraphqlUrl"]
        signed = AWSRequest("POST", url, {"content-type": "application/json", "host": self.host}, body)
        keys = Credentials(*(credentials[name] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")))
        SigV4Auth(keys, "appsync", self.state.region).add_auth(signed)
        sent = dict(signed.headers.items())
        return httpx.post(f"{self.state.endpoint_url}/graphql", content=body, headers=sent, timeout=60).status_code

    def role(self, name: str, *statements: dict[str, str]) -> dict[str, str]:
        """Credentials of a role with these statements."""
        iam, policy = self.client("iam"), {"Version": "2012-10-17"}
        trust = {"Effect": "Allow", "Principal": {"AWS": ACCOUNTS["dev"]}, "Action": "sts:AssumeRole"}
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({**policy, "Statement": [trust]}))
        if statements:
            document = json.dumps({**policy, "Statement": statements})
            iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document)
        given = self.client("sts").assume_role(RoleArn=made["Role"]["Arn"], RoleSessionName="test")["Credentials"]
        return {str(key): str(value) for key, value in given.items()}


@pytest.fixture(scope="module")
def platform() -> Iterator[Platform]:
    with running("graphql", AUTH="true") as state:
        service = Service(home_of(state.name))
        threading.Thread(target=service.serve_forever, daemon=True).start()
        made = Platform(state, service)
        vpc = made.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnet = made.client("ec2").create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
        given = {
            "Environment": "dev",
            "VpcId": vpc,
            "PrivateSubnetIds": subnet,
            "OriginDomainName": f"127.0.0.1:{service.server_address[1]}",
            "Issuer": state.issuer,
            "Audience": "fast.break",
            "TeamClaim": "https://example.org/team",
            "RolesClaim": "roles",
            "RateLimit": "10000",
            "LogRetentionDays": "14",
            "PermissionsBoundaryArn": "",
        }
        made.outputs.update(_stack(made.client("cloudformation"), given))
        yield made
        service.shutdown()
        service.server_close()


def _stack(cloudformation: Any, given: dict[str, str]) -> dict[str, str]:
    cloudformation.create_stack(
        StackName=STACK,
        TemplateBody=(ROOT / "roles/appsync/files/stack.yaml").read_text(encoding="utf-8"),
        Parameters=[{"ParameterKey": name, "ParameterValue": text} for name, text in given.items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName=STACK, WaiterConfig={"Delay": 1, "MaxAttempts": 120}
    )
    found = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]["Outputs"]
    return {output["OutputKey"]: output["OutputValue"] for output in found}


def test_queries_go_to_the_service_with_the_caller_s_token(platform: Platform) -> None:
    token = platform.token("hawks")
    found = platform.ask(token, WHOLE, id=ID)["analysis"]
    assert found["persons"] == [{"id": 1, "angles": [{"angle": "left_knee", "mean": 45.25}]}]
    page = platform.ask(token, "{ analyses(limit: 1) { analyses { id filename created_at } next } }")["analyses"]
    assert (page["analyses"][0]["filename"], page["next"]) == ("landing.mp4", "1.x")
    asked = "words view reference { limit } shown { value }"
    query = f"query ($id: ID!) {{ findings(analysis: $id, limit: 5) {{ findings {{ {asked} }} next }} }}"
    assert platform.ask(token, query, id=ID)["findings"]["findings"] == [
        {"words": "Stiff.", "view": "sagittal", "reference": {"limit": 45.0}, "shown": [{"value": 40.5}]}
    ]
    assert set(platform.service.tokens) == {f"Bearer {token}"}


def test_a_video_is_announced_sent_by_links_and_completed(platform: Platform) -> None:
    token = platform.token("hawks")
    begin = 'mutation { beginUpload(filename: "a.mp4", size_bytes: 5000000000) { id part_bytes arrived } }'
    assert platform.ask(token, begin)["beginUpload"] == {"id": ID, "part_bytes": 8_388_608, "arrived": []}
    assert json.loads(platform.service.sent[-1]) == {"filename": "a.mp4", "size_bytes": 5_000_000_000}
    links = "mutation ($id: ID!) { uploadLinks(id: $id, after: 1) { parts { number size_bytes url } next } }"
    assert platform.ask(token, links, id=ID)["uploadLinks"] == {"parts": [LINK], "next": None}
    complete = "mutation ($id: ID!) { completeUpload(id: $id) { id status } }"
    assert platform.ask(token, complete, id=ID)["completeUpload"] == {"id": ID, "status": "queued"}
    assert platform.code(platform.token("owls"), complete, id=ID) == "not_found"


def test_another_team_sees_nothing(platform: Platform) -> None:
    token = platform.token("owls")
    assert platform.ask(token, "{ analyses { analyses { id } } }") == {"analyses": {"analyses": []}}
    assert platform.code(token, WHOLE, id=ID) == "not_found"


def test_no_other_token_is_taken(platform: Platform) -> None:
    told = platform.token("hawks")
    for refused in ("", "forged", told[:-8] + "AAAAAAAA", platform.token("hawks", "fastabreak")):
        assert platform.is_refused(refused), refused
    expiring, deadline = platform.token("late", seconds=1), time.monotonic() + 60
    while not platform.is_refused(expiring):
        assert time.monotonic() < deadline


def test_limits_hold(platform: Platform) -> None:
    token = platform.token("hawks")
    assert platform.code(token, "{ __schema { types { name } } }") == "ValidationError"
    many = " ".join(f"a{number}: analyses {{ next }}" for number in range(11))
    assert platform.code(token, f"{{ {many} }}") == "ResolverCountLimit"
    announced = f'mutation {{ announce(id: "{ID}", team: "hawks", status: succeeded) {{ id }} }}'
    assert platform.code(token, announced) == "Unauthorized"


def test_who_may_announce_is_heard_by_the_team_alone(platform: Platform) -> None:
    may = {"Effect": "Allow", "Action": "appsync:GraphQL", "Resource": platform.outputs["AnnounceArn"]}
    worker, other = platform.role("worker", may), platform.role("other")
    query = gql('subscription { analysisFinished(team: "hawks") { id team status } }')

    async def first(token: str) -> Any:
        async with platform.listening(token) as session:
            news = session.subscribe(query)
            waiting = asyncio.ensure_future(anext(news))
            while not waiting.done():
                # Nothing says when a subscription stands: it is told until it is heard, another team's first.
                await asyncio.to_thread(platform.announce, worker, "owls", "other")
                assert await asyncio.to_thread(platform.announce, worker, "hawks", ID) == 200
                await asyncio.wait({waiting}, timeout=0.2)
            heard = await waiting
            await news.aclose()
            return heard["analysisFinished"]

    heard = asyncio.run(asyncio.wait_for(first(platform.token("hawks")), 120))
    assert heard == {"id": ID, "team": "hawks", "status": "succeeded"}
    for refused in (platform.token("owls"), platform.token("hawks", role="uploader")):
        with pytest.raises(TransportQueryError, match="Unauthorized"):
            asyncio.run(asyncio.wait_for(first(refused), 120))
    assert platform.announce(other, "hawks", ID) in {401, 403}
