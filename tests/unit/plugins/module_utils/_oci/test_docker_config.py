# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Docker's configuration: which login it keeps, and which helper knows it."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.docker_config import (
    CredentialHelper,
    find_login,
    read_answer,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.docker_hub import API_HOST
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.login import Login
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.strict_json import MalformedError
from hypothesis import given
from hypothesis import strategies as st

HOST = "registry.example.com:5000"
URL = f"https://{HOST}"
SECRET = "hunter2hunter2"


def auth(text: str) -> dict[str, str]:
    return {"auth": base64.b64encode(text.encode()).decode()}


def find(document: Any, host: str = HOST) -> Any:
    return find_login(json.dumps(document).encode(), host)


@pytest.mark.parametrize(
    ("key", "host"),
    [
        (HOST, HOST),
        (f"https://{HOST}", HOST),
        (f"https://{HOST}/v2/", HOST),
        ("Registry.Example.com:5000", HOST),
        ("https://index.docker.io/v1/", "docker.io"),
        ("docker.io", "docker.io"),
    ],
)
def test_a_login_is_found_by_the_registrys_name(key: str, host: str) -> None:
    assert find({"auths": {"other.example": auth("x:y"), key: auth(f"u:{SECRET}")}}, host) == Login(host, "u", SECRET)


def test_a_password_may_hold_colons_and_be_padded() -> None:
    assert find({"auths": {HOST: auth("u:a:b\0\0")}}) == Login(HOST, "u", "a:b")
    assert find({"auths": {HOST: {"username": "u", "password": "p"}}}) == Login(HOST, "u", "p")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_login_that_was_encoded_in_lines_is_read_as_docker_reads_it(end: str) -> None:
    encoded = base64.encodebytes(f"u:{SECRET * 20}".encode()).decode().replace("\n", end)
    assert encoded.count(end) > 1
    assert find({"auths": {HOST: {"auth": encoded}}}) == Login(HOST, "u", SECRET * 20)


@pytest.mark.parametrize("entry", [None, {}, {"auth": ""}])
def test_an_entry_without_a_login_is_none(entry: Any) -> None:
    assert find({"auths": {HOST: entry}}) is None


@pytest.mark.parametrize("encoded", [5, ["x"], {"x": 1}, True, "no base64", "\u00e9"])
def test_what_is_no_base64_is_told(encoded: Any) -> None:
    with pytest.raises(MalformedError, match="is no base64"):
        find({"auths": {HOST: {"auth": encoded}}})


HUB = "https://index.docker.io/v1/"
KEPT = {HOST: auth("u:p")}


@pytest.mark.parametrize(
    ("document", "name", "servers", "noted"),
    [
        ({"auths": KEPT, "credHelpers": {HOST: "ecr-login"}, "credsStore": "desktop"}, "ecr-login", [HOST, URL], True),
        ({"credHelpers": {f"https://{HOST}": "pass"}}, "pass", [HOST, URL], True),
        ({"auths": {HOST: {}}, "credsStore": "desktop"}, "desktop", [HOST, URL], True),
        (
            {"auths": {f"{URL}/v1/": {}}, "credsStore": "desktop"},
            "desktop",
            [HOST, f"{URL}/v1/", URL],
            True,
        ),
        ({"credsStore": "desktop"}, "desktop", [HOST, URL], False),
        ({"auths": {}, "credHelpers": {"other.example": "x"}, "credsStore": "desktop"}, "desktop", [HOST, URL], False),
    ],
)
def test_a_helper_goes_before_what_is_written_down(document: Any, name: str, servers: list[str], noted: bool) -> None:
    assert find(document) == CredentialHelper(name, tuple(servers), noted=noted)


@pytest.mark.parametrize("key", [HUB, "docker.io", "index.docker.io"])
@pytest.mark.parametrize("host", ["docker.io", "index.docker.io", API_HOST])
def test_a_helper_is_asked_for_docker_hub_by_dockers_name_and_by_podmans(key: str, host: str) -> None:
    found = find({"credHelpers": {key: "pass"}}, host)
    assert found == CredentialHelper("pass", tuple(dict.fromkeys((HUB, key, "docker.io"))))
    assert found.program == "docker-credential-pass"
    assert find({"credsStore": "pass"}, host) == CredentialHelper("pass", (HUB, "docker.io"), noted=False)


@pytest.mark.parametrize("empty", ["", None])
def test_a_registry_whose_own_helper_is_empty_has_none(empty: str | None) -> None:
    kept = {"auths": KEPT, "credHelpers": {HOST: empty}, "credsStore": "desktop"}
    assert find(kept) == Login(HOST, "u", "p")
    assert find({**kept, "auths": {}}) is None
    assert find({"auths": KEPT, "credsStore": empty}) == Login(HOST, "u", "p")


def test_the_plain_name_goes_before_an_url_and_that_before_a_namespace() -> None:
    others = {f"{HOST}/team": auth("n:n"), f"https://{HOST}/v2/": auth("v:v")}
    assert find({"auths": {**others, **KEPT}}) == Login(HOST, "u", "p")
    assert find({"auths": others}) == Login(HOST, "v", "v")
    assert find({"auths": {f"{HOST}/team": auth("n:n")}}) == Login(HOST, "n", "n")
    with pytest.raises(MalformedError, match="keeps several logins for parts of"):
        find({"auths": {f"{HOST}/team": auth("n:n"), f"{HOST}/other": auth("o:o")}})


def test_an_identity_token_stands_in_place_of_a_password() -> None:
    token = Login(HOST, "", "", identity_token=SECRET)
    assert find({"auths": {HOST: {**auth("00000000-0000-0000-0000-000000000000:"), "identitytoken": SECRET}}}) == token
    assert read_answer(json.dumps({"Username": "<token>", "Secret": SECRET}).encode(), HOST) == token
    assert SECRET not in repr(token)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"auths": {}},
        {"auths": None},
        {"auths": {HOST: {}}},
        {"auths": {"registry.example.com": auth("u:p")}},
        {"auths": {f"{HOST}.evil.example": auth("u:p")}},
        {"credsStore": ""},
        {"credsStore": None, "credHelpers": None},
        {"auths": {HOST: {}}, "credHelpers": {HOST: ""}, "credsStore": "desktop"},
    ],
)
def test_what_is_not_there_is_none(document: Any) -> None:
    assert find(document) is None


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({"auths": [SECRET]}, "has 'auths', which is no object"),
        ({"auths": {HOST: SECRET}}, "that is no object"),
        ({"auths": {HOST: {"auth": f"{SECRET}!"}}}, "no base64"),
        ({"auths": {HOST: {"auth": 5}}}, "no base64"),
        ({"auths": {HOST: auth(SECRET)}}, "holds no user name with a password"),
        ({"auths": {HOST: auth(f":{SECRET}")}}, "holds no user name with a password"),
        ({"auths": {HOST: {"username": "u"}}}, "holds no user name with a password"),
        ({"auths": {HOST: {"registrytoken": SECRET}}}, "keeps a registrytoken"),
        ({"auths": {HOST: {"identitytoken": [SECRET]}}}, "holds no user name with a password"),
        ({"credHelpers": {HOST: "../../bin/sh"}}, "no name of a program"),
        ({"credHelpers": {HOST: 5}}, "no name of a program"),
        ({"credsStore": {"a": SECRET}}, "no name of a program"),
        ({"auths": {HOST: {}}, "credsStore": ["a"]}, "no name of a program"),
    ],
)
def test_what_cannot_be_meant_is_told_without_a_secret(document: Any, told: str) -> None:
    with pytest.raises(MalformedError) as caught:
        find(document)
    assert told in str(caught.value)
    assert SECRET not in str(caught.value)


def test_a_helpers_answer_is_a_login() -> None:
    answer = {"ServerURL": HOST, "Username": "u", "Secret": SECRET}
    assert read_answer(json.dumps(answer).encode(), HOST) == Login(HOST, "u", SECRET)
    assert read_answer(b'{"ServerURL": "x", "Username": "", "Secret": ""}', HOST) is None
    with pytest.raises(MalformedError, match="holds no user name"):
        read_answer(b'{"Username": "u", "Secret": ""}', HOST)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
NAMES = st.sampled_from(["auths", "credHelpers", "credsStore", HOST, "auth", "username", "password"])


@given(st.dictionaries(NAMES, st.dictionaries(NAMES, st.dictionaries(NAMES, VALUES) | VALUES) | VALUES))
def test_no_shape_is_a_traceback(document: dict[str, Any]) -> None:
    try:
        found = find(document)
    except MalformedError:
        return
    assert found is None or isinstance(found, Login | CredentialHelper)


@pytest.mark.parametrize(
    ("key", "host", "port", "found"),
    [
        ("r.example:443", "r.example", 443, True),
        ("r.example", "r.example:443", 443, True),
        ("https://R.example:443/v2/", "r.example", 443, True),
        ("r.example:80", "r.example", 80, True),
        ("r.example", "r.example:80", 80, True),
        ("[::1]:443", "[::1]", 443, True),
        ("index.docker.io:443", "docker.io", 443, True),
        ("r.example:80", "r.example", 443, False),
        ("r.example:443", "r.example", 80, False),
        ("r.example:5000", "r.example", 443, False),
        ("r.example:4430", "r.example", 443, False),
    ],
)
def test_the_port_of_the_scheme_may_stand_behind_the_name(key: str, host: str, port: int, found: bool) -> None:
    kept = find_login(json.dumps({"auths": {key: auth("u:p")}}).encode(), host, port)
    assert kept == (Login(host, "u", "p") if found else None)
    helper = find_login(json.dumps({"credHelpers": {key: "pass"}}).encode(), host, port)
    assert (key in helper.servers if isinstance(helper, CredentialHelper) else helper is not None) is found


def test_the_name_as_it_is_written_goes_before_that_with_another_port() -> None:
    both = json.dumps({"auths": {"r.example:443": auth("p:p"), "r.example": auth("n:n")}}).encode()
    assert find_login(both, "r.example") == Login("r.example", "n", "n")
    assert find_login(both, "r.example:443") == Login("r.example:443", "p", "p")


def test_a_user_name_with_a_colon_is_told() -> None:
    with pytest.raises(MalformedError, match="with a ':' in it"):
        find({"auths": {HOST: {"username": "a:b", "password": SECRET}}})
    with pytest.raises(MalformedError, match="with a ':' in it") as caught:
        read_answer(json.dumps({"Username": "a:b", "Secret": SECRET}).encode(), HOST)
    assert SECRET not in str(caught.value)
