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
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.login import Login
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.strict_json import MalformedError
from hypothesis import given
from hypothesis import strategies as st

HOST = "registry.example.com:5000"
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


def test_a_helper_goes_before_what_is_written_down() -> None:
    kept = {"auths": {HOST: auth("u:p")}, "credHelpers": {HOST: "ecr-login"}, "credsStore": "desktop"}
    assert find(kept) == CredentialHelper("ecr-login", HOST)
    assert find({"auths": {HOST: {}}, "credsStore": "desktop"}) == CredentialHelper("desktop", HOST)
    hub = find({"credHelpers": {"docker.io": "pass"}}, "docker.io")
    assert hub == CredentialHelper("pass", "https://index.docker.io/v1/")
    assert hub.program == "docker-credential-pass"


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"auths": {}},
        {"auths": None},
        {"auths": {HOST: {}}},
        {"auths": {"registry.example.com": auth("u:p")}},
        {"auths": {f"{HOST}.evil.example": auth("u:p")}},
        {"credsStore": "desktop"},
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
        ({"auths": {HOST: {**auth("u:"), "identitytoken": SECRET}}}, "keeps a token"),
        ({"credHelpers": {HOST: "../../bin/sh"}}, "no name of a program"),
        ({"credHelpers": {HOST: ""}}, "no name of a program"),
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
    with pytest.raises(MalformedError, match="holds a token") as caught:
        read_answer(json.dumps({**answer, "Username": "<token>"}).encode(), HOST)
    assert SECRET not in str(caught.value)


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
