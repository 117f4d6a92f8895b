# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What registries ask for in WWW-Authenticate."""

from __future__ import annotations

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.challenge import (
    Challenge,
    choose_challenge,
    needed_scopes,
    parse_challenges,
)
from hypothesis import given
from hypothesis import strategies as st

BEARER = 'Bearer realm="https://auth.example.com/token",service="registry",scope="repository:a/b:pull,push"'


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", []),
        ("Basic", [("basic", {})]),
        ('Basic realm="a, \\"b\\" = c"', [("basic", {"realm": 'a, "b" = c'})]),
        ("basic realm=plain , charset = UTF-8", [("basic", {"realm": "plain", "charset": "UTF-8"})]),
        (
            BEARER,
            [
                (
                    "bearer",
                    {
                        "realm": "https://auth.example.com/token",
                        "service": "registry",
                        "scope": "repository:a/b:pull,push",
                    },
                )
            ],
        ),
        ('Negotiate, Basic realm="x"', [("negotiate", {}), ("basic", {"realm": "x"})]),
        ('Basic realm="x", Bearer realm="y"', [("basic", {"realm": "x"}), ("bearer", {"realm": "y"})]),
        ('BEARER REALM="y"', [("bearer", {"realm": "y"})]),
        ('Bearer realm="unfinished', [("bearer", {})]),
        ('Bearer realm="x" service="y"', [("bearer", {"realm": "x", "service": "y"})]),
        ('Negotiate a87421000492aa874209af8bc028==, Basic realm="x"', [("negotiate", {}), ("basic", {"realm": "x"})]),
        ('NTLM TlRMTVNTUAAC/+.~_-, Bearer realm="y"', [("ntlm", {}), ("bearer", {"realm": "y"})]),
        ('Basic realm="x", Negotiate YII=', [("basic", {"realm": "x"}), ("negotiate", {})]),
        ("Negotiate YII=", [("negotiate", {})]),
        (', ,Negotiate YII= ,, Basic realm="x"', [("negotiate", {}), ("basic", {"realm": "x"})]),
        ('{"a": 1}, Basic realm="x"', [("basic", {"realm": "x"})]),
        (
            'Digest realm="a, b", qop="auth,auth-int", Basic realm="x"',
            [
                ("digest", {"realm": "a, b", "qop": "auth,auth-int"}),
                ("basic", {"realm": "x"}),
            ],
        ),
    ],
)
def test_challenges_are_read(header: str, expected: list[tuple[str, dict[str, str]]]) -> None:
    assert [(challenge.scheme, dict(challenge.parameters)) for challenge in parse_challenges(header)] == expected


@given(st.text(max_size=300))
def test_no_header_makes_it_fail(header: str) -> None:
    assert isinstance(parse_challenges(header), tuple)


def test_a_long_header_is_read_in_no_time() -> None:
    for text in ('a="', '"\\', ", ", "a ", 'a a=", '):
        assert len(parse_challenges(text * 100_000)) <= 8192


def test_bearer_with_a_realm_comes_before_basic() -> None:
    chosen = choose_challenge(parse_challenges('Basic realm="x", Bearer realm="y"'))
    assert chosen
    assert chosen.scheme == "bearer"
    chosen = choose_challenge(parse_challenges('Bearer service="y", Basic realm="x"'))
    assert chosen
    assert chosen.scheme == "basic"
    assert choose_challenge(parse_challenges("Negotiate")) is None


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("", ("repository:a/b:pull,push",)),
        ("repository:a/b:pull", ("repository:a/b:pull,push",)),
        ("repository:a/b:push,pull", ("repository:a/b:pull,push",)),
        ("repository:a/b:delete", ("repository:a/b:pull,push", "repository:a/b:delete")),
        (
            "repository:a/b:pull,push repository:c/d:pull",
            ("repository:a/b:pull,push", "repository:c/d:pull"),
        ),
    ],
)
def test_scopes_are_ours_and_what_is_asked_for_besides(scope: str, expected: tuple[str, ...]) -> None:
    assert needed_scopes("a/b", "pull,push", Challenge("bearer", (("scope", scope),))) == expected
