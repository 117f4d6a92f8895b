# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Which tokens are accepted, and when an issuer is asked for its keys."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from fastbreak_service.api.admission import Admission
from fastbreak_service.identity.caller import Caller, Role
from fastbreak_service.identity.issuer import IssuerSettings
from fastbreak_service.identity.keys import FRESH_SECONDS, IssuerError, Keys, UnknownKeyError, fetched, read_keys
from fastbreak_service.identity.tokens import TokenError, Tokens
from support.issuer import AUDIENCE, Issuer, public

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jwt import PyJWK


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with Issuer() as made:
        yield made


@pytest.fixture(scope="module")
def tokens(issuer: Issuer) -> Tokens:
    return Tokens(IssuerSettings(issuer.address, AUDIENCE, "team", "roles"), Keys(issuer.address))


@pytest.mark.parametrize("key", ["ec", "rsa"])
def test_a_good_token_names_team_and_roles(issuer: Issuer, tokens: Tokens, key: str) -> None:
    found = tokens.caller(issuer.token(key, roles=["reviewer", "another-service:admin"]))
    assert found == Caller("hawks", frozenset({Role.REVIEWER}), "somebody")


def test_one_of_several_audiences_is_enough(issuer: Issuer, tokens: Tokens) -> None:
    assert tokens.caller(issuer.token(aud=["other", AUDIENCE])).team == "hawks"


NOW = time.time()
REFUSED = {
    "expired": ({"exp": NOW - 60}, "it has expired"),
    "not yet valid": ({"nbf": NOW + 600}, "not valid now"),
    "issued in the future": ({"iat": NOW + 600}, "not valid now"),
    "without an end": ({"exp": None}, "it has no exp"),
    "without a subject": ({"sub": None}, "it has no sub"),
    "with an empty subject": ({"sub": ""}, "its sub is no text"),
    "with a long subject": ({"sub": "a" * 256}, "its sub is no text"),
    "with a subject of two lines": ({"sub": "a\nb"}, "its sub is no text"),
    "without an audience": ({"aud": None}, "it has no aud"),
    "another audience": ({"aud": "other"}, "it is for another audience"),
    "no audience in the list": ({"aud": []}, "it has no aud"),
    "another issuer": ({"iss": "https://elsewhere.example"}, "it is of another issuer"),
    "the issuer with a slash": ({"iss": "http://127.0.0.1/"}, "it is of another issuer"),
    "without a team": ({"team": None}, "its claim team names no team"),
    "an empty team": ({"team": ""}, "its claim team names no team"),
    "all teams": ({"team": "*"}, "its claim team names no team"),
    "a list of teams": ({"team": ["hawks", "bulls"]}, "its claim team names no team"),
    "a number for a team": ({"team": 7}, "its claim team names no team"),
    "a team with a line end": ({"team": "hawks\n"}, "its claim team names no team"),
    "an end that is no number": ({"exp": "tomorrow"}, "not valid now"),
}


@pytest.mark.parametrize(("claims", "said"), REFUSED.values(), ids=REFUSED)
def test_a_token_of_other_content_is_refused(issuer: Issuer, tokens: Tokens, claims: dict[str, Any], said: str) -> None:
    with pytest.raises(TokenError) as caught:
        tokens.caller(issuer.token(**claims))
    assert said in str(caught.value)


@pytest.mark.parametrize("roles", [None, "administrator", ["Administrator"], [["administrator"]], {"administrator": 1}])
def test_roles_of_another_form_are_none(issuer: Issuer, tokens: Tokens, roles: object) -> None:
    assert tokens.caller(issuer.token(roles=roles)).roles == frozenset()


def test_an_administrator_may_do_everything_and_the_others_what_they_are_for() -> None:
    assert all(Caller("a", frozenset({Role.ADMINISTRATOR}), "x").may(role) for role in Role)
    assert [Caller("a", frozenset({Role.UPLOADER}), "x").may(role) for role in (Role.UPLOADER, Role.REVIEWER)] == [
        True,
        False,
    ]
    assert not any(Caller("a", frozenset(), "x").may(role) for role in Role)


def _coded(value: object) -> str:
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def forged(issuer: Issuer) -> dict[str, str]:
    """Tokens that nobody with the issuer's private keys made, by how."""
    good = issuer.token()
    header, payload, signature = good.split(".")
    stranger = ec.generate_private_key(ec.SECP256R1())
    shared = (
        issuer.keys["rsa"]
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    confused = f"{_coded({'alg': 'HS256', 'typ': 'JWT', 'kid': 'rsa'})}.{payload}"
    mac = hmac.new(shared, confused.encode(), hashlib.sha256).digest()
    other = _coded(issuer.claims(team="bulls", roles=["administrator"]))
    return {
        "unsigned": f"{_coded({'alg': 'none', 'typ': 'JWT'})}.{payload}.",
        "unsigned, in other letters": f"{_coded({'alg': 'NoNe', 'kid': 'ec'})}.{payload}.",
        "by the public key as a secret": f"{confused}.{_coded(mac)}",
        "by a stranger's key of the same name": jwt.encode(issuer.claims(), stranger, "ES256", {"kid": "ec"}),
        "with another content": f"{header}.{other}.{signature}",
        "with the signature cut": f"{header}.{payload}.{signature[:-4]}",
        "without a signature": f"{header}.{payload}.",
        "with zeros for a signature": f"{header}.{payload}.{_coded(bytes(64))}",
        "with a key of its own": issuer.token(headers={"jwk": public("x", stranger)})[:-6] + "AAAAAA",
        "with an unknown key": issuer.token(headers={"kid": "../../etc/passwd"}),
        "with a key id that is a number": f"{_coded({'alg': 'ES256', 'kid': 7})}.{payload}.{signature}",
        "with another key's id": issuer.token("ec", headers={"kid": "rsa"}),
        "two parts": f"{header}.{payload}",
        "encrypted": ".".join([_coded({"alg": "RSA-OAEP", "enc": "A256GCM"})] + ["AAAA"] * 4),
        "a list": f"{_coded([1])}.{payload}.{signature}",
        "deep": f"{_coded(b'[' * 3000)}.{payload}.{signature}",
        "long": f"{header}.{_coded({'a': 'x' * 9000})}.{signature}",
    }


with Issuer() as _example:
    FORGERIES = sorted(forged(_example))


@pytest.mark.parametrize("how", FORGERIES)
def test_a_forged_token_is_refused(issuer: Issuer, tokens: Tokens, how: str) -> None:
    assert tokens.caller(issuer.token()).team == "hawks"
    with pytest.raises(TokenError):
        tokens.caller(forged(issuer)[how])


@given(text=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=200))
def test_whatever_is_sent_is_no_token(text: str) -> None:
    keys = Keys("https://issuer.example", lambda _: {}, lambda: 0.0)
    tokens = Tokens(IssuerSettings("https://issuer.example", AUDIENCE, "team", "roles"), keys)
    with pytest.raises(TokenError):
        tokens.caller(text)


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_new_key_is_asked_for_and_an_unknown_one_seldom() -> None:
    with Issuer() as issuer:
        clock = Clock()
        keys = Keys(issuer.address, now=clock)
        assert keys.get("ec").key_id == "ec"
        asked = len(issuer.asked)
        for _ in range(50):
            with pytest.raises(UnknownKeyError):
                keys.get("made up")
        assert len(issuer.asked) == asked
        issuer.rotate()
        clock.now += 11
        assert keys.get(list(issuer.keys)[-1]) is not None
        with pytest.raises(UnknownKeyError):
            keys.get("ec")
        assert len(issuer.asked) == asked + 2


def test_a_key_that_the_issuer_took_back_is_not_accepted_for_long() -> None:
    with Issuer() as issuer:
        clock = Clock()
        keys = Keys(issuer.address, now=clock)
        assert keys.get("ec") is not None
        issuer.rotate()
        clock.now += FRESH_SECONDS
        assert keys.at_hand("ec") is not None
        keys.refresh()
        assert keys.at_hand("ec") is None
        with pytest.raises(UnknownKeyError):
            keys.get("ec")


def test_the_issuer_is_asked_now_and_then_whether_somebody_calls_or_not() -> None:
    with Issuer() as issuer:
        admission = Admission(IssuerSettings(issuer.address, AUDIENCE, "team", "roles"))
        slept: list[float] = []

        async def sleep(seconds: float) -> None:
            slept.append(seconds)
            issuer.documents.clear()
            if len(slept) == 3:
                raise asyncio.CancelledError

        with pytest.raises(asyncio.CancelledError):
            asyncio.run(admission.keep_up(sleep))
        assert slept == [FRESH_SECONDS] * 3
        assert issuer.asked.count("/.well-known/openid-configuration") == 3
        admission.check()


def test_whoever_waits_for_a_slow_issuer_takes_no_thread_from_others() -> None:
    asked: list[int] = []

    def slow(_: str) -> dict[str, PyJWK]:
        asked.append(threading.active_count())
        time.sleep(0.3)
        raise IssuerError("it is slow")

    async def call() -> set[int]:
        keys = Keys("https://issuer.example", slow)
        admission = Admission(IssuerSettings("https://issuer.example", AUDIENCE, "team", "roles"), keys)
        token = jwt.encode({}, ec.generate_private_key(ec.SECP256R1()), "ES256", {"kid": "a"})
        request = Request({"type": "http", "headers": [(b"authorization", f"Bearer {token}".encode())]})
        before = threading.active_count()
        tries = [asyncio.create_task(admission.admit(request, Role.REVIEWER)) for _ in range(50)]
        answers = await asyncio.gather(*tries, return_exceptions=True)
        # A pool may begin a thread or two more than it needs.
        assert threading.active_count() <= before + 4
        return {getattr(answer, "status", 0) for answer in answers}

    assert asyncio.run(call()) == {503}
    assert len(asked) == 1


def test_an_issuer_that_is_away_is_waited_for_a_day_and_no_longer() -> None:
    with Issuer() as issuer:
        clock = Clock()
        keys = Keys(issuer.address, now=clock)
        keys.refresh()
        issuer.documents.clear()
        clock.now += 86_399
        assert keys.get("ec") is not None
        clock.now += 2
        assert not keys.known
        with pytest.raises(IssuerError):
            keys.get("ec")
        issuer.publish()
        clock.now += 11
        assert keys.get("ec") is not None


def test_nothing_is_accepted_before_the_keys_are_known() -> None:
    keys = Keys("http://127.0.0.1:9", now=Clock())
    assert not keys.known
    with pytest.raises(IssuerError):
        keys.get("ec")


@pytest.mark.parametrize(
    ("documents", "said"),
    [
        ({"/.well-known/openid-configuration": b"<html>"}, "is no JSON"),
        ({"/.well-known/openid-configuration": b"[]"}, "is no JSON object"),
        ({"/.well-known/openid-configuration": b"[" * 100_000}, "is no JSON"),
        ({"/.well-known/openid-configuration": b" " * ((1 << 20) + 1)}, "has more than"),
        ({"/keys": b'{"keys": []}'}, "has no key"),
        ({"/keys": b'{"keys": {"a": 1}}'}, "has no key"),
        ({"/keys": b'{"keys": [1, {}, {"kty": "oct", "k": "AAAA", "alg": "HS256", "kid": "s"}]}'}, "has no key"),
        ({"/keys": b'{"keys": [{"kty": "RSA", "n": "!", "e": "AQAB"}, {"kty": "EC", "crv": "P-256"}]}'}, "has no key"),
    ],
)
def test_an_issuer_that_says_something_else_has_no_keys(documents: dict[str, bytes], said: str) -> None:
    with Issuer() as issuer:
        issuer.documents.update(documents)
        with pytest.raises(IssuerError) as caught:
            fetched(issuer.address)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "answer",
    [
        b"no HTTP at all\r\n\r\n",
        b"",
        b"HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\n{",
        b"HTTP/1.1 500 Broken\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 302 Gone\r\nlocation: ftp://a.example/\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200 " + b"x" * 70_000 + b"\r\n\r\n",
    ],
)
def test_whatever_an_issuer_answers_is_no_traceback(answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def reply() -> None:
            connection, _address = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(answer)

        thread = threading.Thread(target=reply)
        thread.start()
        keys = Keys(f"http://127.0.0.1:{server.getsockname()[1]}")
        keys.refresh()
        thread.join()
        assert not keys.known


@pytest.mark.parametrize(
    ("discovery", "said"),
    [
        ({"issuer": "https://elsewhere.example"}, "it calls itself 'https://elsewhere.example'"),
        ({"issuer": None}, "it calls itself 'None'"),
        ({"jwks_uri": "http://elsewhere.example/keys"}, "its jwks_uri is no https address"),
        ({"jwks_uri": "file:///etc/passwd"}, "its jwks_uri is no https address"),
        ({"jwks_uri": ["https://a.example"]}, "its jwks_uri is no https address"),
    ],
)
def test_a_discovery_that_leads_elsewhere_is_not_followed(discovery: dict[str, object], said: str) -> None:
    with Issuer() as issuer:
        issuer.publish(**discovery)
        with pytest.raises(IssuerError) as caught:
            fetched(issuer.address)
    assert said in str(caught.value)


def test_a_key_for_encryption_checks_no_signature() -> None:
    key = public("a", ec.generate_private_key(ec.SECP256R1()))
    with pytest.raises(IssuerError):
        read_keys({"keys": [{**key, "use": "enc"}]})
    assert list(read_keys({"keys": [{**key, "use": "enc"}, {**key, "kid": "b"}]})) == ["b"]
