# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Signing in with a browser: authorization code with PKCE."""

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest

from sandbox.services.oidc import api
from sandbox.services.oidc.model import Client, Issuer
from sandbox.services.oidc.people import CODE_SECONDS, Desk, Person
from sandbox.services.oidc.runtime import answer_get, answer_post

VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
SITE = "https://site.example/"
ASKED = {
    "client_id": "console",
    "redirect_uri": SITE,
    "response_type": "code",
    "scope": "openid",
    "state": "s t",
    "nonce": "n",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}


class Clock:
    """Stands still until it is told."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def issuer() -> Issuer:
    made = Issuer()
    made.url = "https://issuer.example"
    made.register("console", Client("", {}, redirect_uris=(SITE, "https://site.example/other?a=b"), seconds=60))
    made.register("machine", Client("secret", {}))
    return made


@pytest.fixture
def desk(issuer: Issuer, clock: Clock) -> Desk:
    made = Desk(issuer, clock)
    made.register("ada", Person({"team": "hawks", "roles": ["reviewer"]}))
    return made


def come_back(desk: Desk, issuer: Issuer, **asked: str) -> dict[str, str]:
    """What the site is told at its address."""
    answer = answer_post(desk, issuer, "/authorize", urlencode({**ASKED, "person": "ada", **asked}), "")
    assert (answer[0], answer[2]) == (303, None)
    parts = urlsplit(answer[1]["location"])
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" in {SITE, "https://site.example/other"}
    return {name: values[0] for name, values in parse_qs(parts.query).items()}


def exchange(desk: Desk, issuer: Issuer, code: str, **form: str) -> tuple[int, Any]:
    asked = {"client_id": "console", "redirect_uri": SITE, "code_verifier": VERIFIER, "code": code, **form}
    answer = answer_post(desk, issuer, "/token", urlencode({"grant_type": "authorization_code", **asked}), "")
    return answer[0], answer[2]


def read(issuer: Issuer, token: str, audience: str) -> dict[str, Any]:
    key = jwt.PyJWKSet.from_dict(issuer.key_set()).keys[-1]
    return dict(jwt.decode(token, key, algorithms=["ES256"], audience=audience, issuer=issuer.url))


def test_somebody_signs_in_and_the_site_has_tokens_of_theirs(desk: Desk, issuer: Issuer) -> None:
    status, headers, shown = answer_get(desk, issuer, f"/authorize?{urlencode(ASKED)}")
    assert status == 200
    assert 'name="person" value="ada"' in shown
    assert f'name="code_challenge" value="{CHALLENGE}"' in shown
    assert "unsafe" not in headers["content-security-policy"]
    told = come_back(desk, issuer)
    assert (told["state"], told["iss"]) == ("s t", issuer.url)
    status, tokens = exchange(desk, issuer, told["code"])
    assert (status, tokens["token_type"], tokens["expires_in"]) == (200, "Bearer", 60)
    access = read(issuer, tokens["access_token"], "fastbreak")
    assert (access["sub"], access["team"], access["roles"], access["client_id"]) == (
        "ada",
        "hawks",
        ["reviewer"],
        "console",
    )
    identity = read(issuer, tokens["id_token"], "console")
    assert (identity["sub"], identity["nonce"]) == ("ada", "n")
    assert "refresh_token" not in tokens


def test_an_address_with_a_query_keeps_it(desk: Desk, issuer: Issuer) -> None:
    assert come_back(desk, issuer, redirect_uri="https://site.example/other?a=b")["a"] == "b"


@pytest.mark.parametrize(
    "asked",
    [
        {"redirect_uri": "https://site.example"},
        {"redirect_uri": "https://site.example/?"},
        {"redirect_uri": "https://another.example/"},
        {"redirect_uri": ""},
        {"client_id": "machine"},
        {"client_id": "<nobody>"},
    ],
)
def test_who_is_unknown_is_not_sent_anywhere(desk: Desk, issuer: Issuer, asked: dict[str, str]) -> None:
    body = urlencode({**ASKED, "person": "ada", **asked})
    for answer in (answer_get(desk, issuer, f"/authorize?{body}"), answer_post(desk, issuer, "/authorize", body, "")):
        assert (answer[0], "location" in answer[1]) == (400, False)
        assert "<nobody>" not in answer[2]


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "id_token token"}, "unsupported_response_type"),
        ({"scope": "profile"}, "invalid_scope"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": ""}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"person": "mallory"}, "access_denied"),
    ],
)
def test_what_is_asked_wrongly_is_told_to_the_site(
    desk: Desk, issuer: Issuer, asked: dict[str, str], error: str
) -> None:
    told = come_back(desk, issuer, **asked)
    assert (told["error"], told["state"], told["iss"], "code" in told) == (error, "s t", issuer.url, False)


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"code": "made-up"}, 400, "invalid_grant"),
        ({"code_verifier": "w" * 43}, 400, "invalid_grant"),
        ({"code_verifier": ""}, 400, "invalid_grant"),
        ({"redirect_uri": "https://site.example/other?a=b"}, 400, "invalid_grant"),
        ({"client_id": "machine"}, 401, "invalid_client"),
    ],
)
def test_a_code_is_for_whoever_asked_for_it(
    desk: Desk, issuer: Issuer, form: dict[str, str], status: int, error: str
) -> None:
    code = come_back(desk, issuer)["code"]
    answered, told = exchange(desk, issuer, **{"code": code, **form})
    assert (answered, told["error"]) == (status, error)
    if "code" not in form:
        assert exchange(desk, issuer, code)[1]["error"] == "invalid_grant"


def test_a_code_is_used_once_and_soon(desk: Desk, issuer: Issuer, clock: Clock) -> None:
    first, second = come_back(desk, issuer)["code"], come_back(desk, issuer)["code"]
    assert exchange(desk, issuer, first)[0] == 200
    assert exchange(desk, issuer, first)[1]["error"] == "invalid_grant"
    clock.seconds = CODE_SECONDS
    assert exchange(desk, issuer, second)[1]["error"] == "invalid_grant"


def test_a_site_has_no_tokens_of_its_own(desk: Desk, issuer: Issuer) -> None:
    body = "grant_type=client_credentials&client_id=console&client_secret="
    assert answer_post(desk, issuer, "/token", body, "")[2]["error"] == "invalid_client"


def test_pages_of_sites_may_read_answers_and_others_not(desk: Desk) -> None:
    assert desk.lets("https://site.example")
    assert not any(desk.lets(origin) for origin in ("", "null", "https://another.example", "http://site.example"))


def test_people_are_added_and_forgotten(desk: Desk, issuer: Issuer) -> None:
    added = b'{"name": "<grace>", "claims": {"team": "bulls"}}'
    assert api.answer(desk, issuer, "POST", "people", added) == (200, {})
    assert "&lt;grace&gt;" in answer_get(desk, issuer, f"/authorize?{urlencode(ASKED)}")[2]
    for wrong in (b"{}", b'{"name": "x", "claims": {"sub": "y"}}', b'{"name": "x", "claims": []}'):
        assert api.answer(desk, issuer, "POST", "people", wrong)[0] == 400
    desk.forget()
    assert "Nobody may sign in yet" in answer_get(desk, issuer, f"/authorize?{urlencode(ASKED)}")[2]
