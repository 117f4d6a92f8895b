# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The issuer of tokens beside AWS."""

import base64
import json
import re
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

from sandbox.addresses import bind
from sandbox.authority import Authority, authority_path
from sandbox.services.oidc.model import Client, Issuer, Refused
from sandbox.services.oidc.people import Desk
from sandbox.services.oidc.runtime import Server, answer_get, answer_post
from tests.sandbox.conftest import RunningSandbox, command

ROOT = Path(__file__).parents[4]
ADA = Client("lovelace", {"team": "hawks", "roles": ["reviewer"]}, ("fastbreak", "another"), 60)
FORM = "grant_type=client_credentials"


@pytest.fixture
def issuer() -> Issuer:
    made = Issuer()
    made.url = "https://issuer.example"
    made.register("ada", ADA)
    return made


def basic(name: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()


def claims(issuer: Issuer, token: str, audience: str = "fastbreak") -> dict[str, Any]:
    keys = jwt.PyJWKSet.from_dict(answer_get(Desk(issuer), issuer, "/keys")[2])
    key = keys[jwt.get_unverified_header(token)["kid"]]
    return dict(jwt.decode(token, key, algorithms=["ES256"], audience=audience, issuer=issuer.url))


def test_a_client_gets_a_token_that_its_keys_verify(issuer: Issuer) -> None:
    status, headers, answer = answer_post(Desk(issuer), issuer, "/token", FORM, basic("ada", "lovelace"))
    assert (status, answer["token_type"], answer["expires_in"]) == (200, "Bearer", 60)
    assert headers["cache-control"] == "no-store"
    held = claims(issuer, answer["access_token"])
    assert (held["sub"], held["team"], held["roles"]) == ("ada", "hawks", ["reviewer"])
    assert held["exp"] - held["iat"] == 60
    in_body = f"{FORM}&client_id=ada&client_secret=lovelace&audience=another"
    assert claims(issuer, answer_post(Desk(issuer), issuer, "/token", in_body, "")[2]["access_token"], "another")


def test_discovery_names_what_is_there(issuer: Issuer) -> None:
    told = answer_get(Desk(issuer), issuer, "/.well-known/openid-configuration")[2]
    assert told["issuer"] == issuer.url
    assert answer_get(Desk(issuer), issuer, told["jwks_uri"].removeprefix(issuer.url))[0] == 200
    assert answer_post(Desk(issuer), issuer, told["token_endpoint"].removeprefix(issuer.url), "", "")[0] == 400
    assert (
        answer_get(Desk(issuer), issuer, "/elsewhere")[0]
        == answer_post(Desk(issuer), issuer, "/elsewhere", FORM, "")[0]
        == 404
    )


@pytest.mark.parametrize(
    ("body", "authorization", "status", "error"),
    [
        (FORM, basic("ada", "other"), 401, "invalid_client"),
        (FORM, basic("bob", "lovelace"), 401, "invalid_client"),
        (FORM, "", 401, "invalid_client"),
        (FORM, "Bearer x", 401, "invalid_client"),
        (FORM, "Basic !", 401, "invalid_client"),
        (f"{FORM}&audience=third", basic("ada", "lovelace"), 400, "invalid_target"),
        ("grant_type=password", basic("ada", "lovelace"), 400, "unsupported_grant_type"),
        ("", "", 400, "unsupported_grant_type"),
    ],
)
def test_nobody_else_gets_one(issuer: Issuer, body: str, authorization: str, status: int, error: str) -> None:
    answered = answer_post(Desk(issuer), issuer, "/token", body, authorization)
    assert (answered[0], answered[2]["error"]) == (status, error)
    assert ("www-authenticate" in answered[1]) == (status == 401)


def test_keys_rotate_and_retire(issuer: Issuer) -> None:
    before = issuer.token("ada", "lovelace")["access_token"]
    issuer.rotate()
    after = issuer.token("ada", "lovelace")["access_token"]
    assert jwt.get_unverified_header(before)["kid"] != jwt.get_unverified_header(after)["kid"]
    assert claims(issuer, before)
    issuer.rotate(retire=True)
    assert len(issuer.key_set()["keys"]) == 1
    with pytest.raises(KeyError):
        claims(issuer, before)


def test_no_key_is_published_with_its_private_part(issuer: Issuer) -> None:
    assert all("d" not in key for key in issuer.key_set()["keys"])


def test_clients_are_forgotten(issuer: Issuer) -> None:
    issuer.forget()
    with pytest.raises(Refused):
        issuer.token("ada", "lovelace")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "client_secret"),
        ({"client_secret": "s", "claims": {"iss": "https://another"}}, "claims"),
        ({"client_secret": "s", "claims": []}, "claims"),
        ({"client_secret": "s", "audiences": []}, "audiences"),
        ({"client_secret": "s", "token_seconds": 0}, "token_seconds"),
        ({"client_secret": "s", "token_seconds": True}, "token_seconds"),
        ({"client_secret": "s", "redirect_uris": ["https://site.example/"]}, "client_secret"),
        ({"redirect_uris": ["http://site.example/"]}, "redirect_uris"),
        ({"redirect_uris": ["https://site.example/#here"]}, "redirect_uris"),
        ({"redirect_uris": ["javascript:alert(1)"]}, "redirect_uris"),
        ({"redirect_uris": "https://site.example/"}, "redirect_uris"),
    ],
)
def test_a_client_that_cannot_be_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Client.read(given)


@pytest.fixture
def served(issuer: Issuer, tmp_path: Path) -> Iterator[httpx.Client]:
    listener, server = bind("127.0.0.1", 0), Server()
    address = f"https://127.0.0.1:{listener.getsockname()[1]}"
    server.start(Desk(issuer), issuer, listener, Authority.of(tmp_path))
    trusted = ssl.create_default_context(cafile=authority_path(tmp_path))
    try:
        with httpx.Client(base_url=address, verify=trusted, trust_env=False, timeout=60) as http:
            yield http
    finally:
        server.stop()


def test_it_answers_over_tls(served: httpx.Client) -> None:
    assert served.get("/keys").json()["keys"]
    answered = served.post("/token", data={"grant_type": "client_credentials"}, auth=("ada", "lovelace"))
    assert answered.json()["access_token"]
    assert served.post("/token", content=b"x" * 70_000).status_code == 413


def test_who_never_finishes_a_handshake_holds_nobody_up(served: httpx.Client) -> None:
    with socket.create_connection(("127.0.0.1", served.base_url.port or 0)):
        assert served.get("/keys").status_code == 200


def test_a_token_is_had_as_the_readme_says(sandbox: RunningSandbox) -> None:
    text = (ROOT / "sandbox" / "README.md").read_text()
    section = re.search(r"^## Tokens\n.*?```sh\n(.*?)```", text, re.MULTILINE | re.DOTALL)
    assert section
    exported = command("env", "dev", name=sandbox.name).stdout
    run = subprocess.run(["sh", "-ec", exported + section[1]], capture_output=True, text=True, timeout=300, check=False)
    assert run.returncode == 0, run.stderr
    token = json.loads(run.stdout.removeprefix("{}"))["access_token"]
    held = jwt.decode(token, options={"verify_signature": False})
    assert (held["iss"], held["aud"], held["team"]) == (sandbox.state.issuer, "fastbreak", "hawks")
    forged = httpx.post(f"{sandbox.state.endpoint_url}/_sandbox/oidc/clients", json={"client_id": "x"})
    assert forged.status_code == 400
