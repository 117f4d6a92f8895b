# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Credentials and tokens: when they are sent, where to, and what becomes of wrong ones."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import CredentialsError, UnavailableError
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.names import Address

from tests.unit.plugins.module_utils._oci.case import IMAGE, MANIFESTS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.registries.faulty import FaultyRegistry
    from tests.registries.sides import Sides


@pytest.mark.parametrize("bearer", [False, True])
def test_credentials_are_sent_once_they_are_asked_for(registry: FaultyRegistry, sides: Sides, bearer: bool) -> None:
    registry.basic, registry.bearer = ("user", "s3cret"), bearer
    client = sides.connect(registry, username="user", password="s3cret").registry
    assert client.find_manifest(Address("a/b", "1.0")) == IMAGE.digest
    assert client.has_blob(Address("a/b", IMAGE.blobs[0].digest), size=IMAGE.blobs[0].size)
    assert client.list_tags("a/b") == ("1.0",)
    assert [request.status for request in registry.matching("", "/v2/")] == [401, 200, 200, 200]
    assert registry.count("GET", "/token") == (1 if bearer else 0)


def test_anonymous_tokens_are_asked_for_too(registry: FaultyRegistry, sides: Sides) -> None:
    registry.bearer = True
    assert sides.connect(registry, writes=False).registry.find_manifest(Address("a/b", "1.0")) == IMAGE.digest
    assert registry.token_scopes == ["repository:a/b:pull"]
    assert "authorization" not in registry.matching("GET", "/token")[0].headers


@pytest.mark.parametrize("right", [True, False])
def test_an_identity_token_gets_tokens_as_oauth_2_has_it_and_is_never_sent_to_the_registry(
    registry: FaultyRegistry, sides: Sides, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, right: bool
) -> None:
    registry.bearer, registry.basic, registry.identity_token = True, ("user", "s3cret"), "identity-s3cret"
    kept = {"auths": {registry.host: {"identitytoken": "identity-s3cret" if right else "other-s3cret"}}}
    (tmp_path / "config.json").write_text(json.dumps(kept))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    client = sides.connect(registry).registry
    if right:
        assert client.find_manifest(Address("a/b", "1.0")) == IMAGE.digest
        assert registry.token_scopes == ["repository:a/b:pull,push"]
    else:
        with pytest.raises(CredentialsError, match="refused the credentials") as raised:
            client.find_manifest(Address("a/b", "1.0"))
        assert "s3cret" not in raised.value.message
    assert all("s3cret" not in str(request.headers) + request.path for request in registry.requests)


def test_an_identity_token_is_no_password(
    registry: FaultyRegistry, sides: Sides, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.basic = ("", "identity-s3cret")
    (tmp_path / "config.json").write_text(json.dumps({"auths": {registry.host: {"identitytoken": "identity-s3cret"}}}))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    with pytest.raises(CredentialsError, match="refused the credentials"):
        sides.connect(registry).registry.find_manifest(Address("a/b", "1.0"))
    assert all("authorization" not in request.headers for request in registry.requests)


@pytest.mark.parametrize("bearer", [False, True])
def test_a_wrong_password_is_told_without_being_shown(registry: FaultyRegistry, sides: Sides, bearer: bool) -> None:
    registry.basic, registry.bearer = ("user", "s3cret"), bearer
    for login in ({"username": "user", "password": "wr0ng"}, {}):
        client = sides.connect(registry, **login).registry
        with pytest.raises(CredentialsError, match="refused the credentials") as raised:
            client.read_manifest(Address("a/b", "1.0"))
        assert "wr0ng" not in repr(raised.value)
    assert len(registry.requests) <= 6


@pytest.mark.parametrize(
    "answer",
    [
        *(b"", b"[]", b"{}", b"\xff", b'{"token": 5}', b'{"token": "a\\nb"}', b'{"token": "\\ud800"}'),
        b'{"token": "x", "expires_in": "soon"}',
        b'{"token": "x", "expires_in": 1%s}' % (b"0" * 400),
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
    ids=range(11),
)
def test_a_garbled_token_is_told(registry: FaultyRegistry, sides: Sides, answer: bytes) -> None:
    registry.bearer = True
    registry.fault("GET", "/token", answer_body=answer, times=None)
    with pytest.raises(UnavailableError, match="no token in the answer"):
        sides.connect(registry).registry.read_manifest(Address("a/b", "1.0"))


@pytest.mark.parametrize("realm", ["", "file:///x", "//", "ftp://127.0.0.1/", "http://["])
def test_a_password_goes_to_no_odd_place(registry: FaultyRegistry, sides: Sides, realm: str) -> None:
    registry.fault("GET", MANIFESTS, status=401, headers={"WWW-Authenticate": f'Bearer realm="{realm}"'}, times=None)
    with pytest.raises((UnavailableError, CredentialsError)):
        sides.connect(registry, username="u", password="p").registry.read_manifest(Address("a/b", "1.0"))
    assert all("authorization" not in request.headers for request in registry.requests)
