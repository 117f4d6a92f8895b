# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whom a certificate will be for, by the claims of a token."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.certificate_names import (
    may_name,
    possible_identities,
    possible_issuers,
)
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.examples import examples

GITHUB = "https://token.actions.githubusercontent.com"
REF = "acme/app/.github/workflows/release.yml@refs/tags/v1"
DEX = "https://oauth2.sigstore.dev/auth"
CODEFRESH = {
    "platform_url": "https://g.codefresh.io",
    "account_name": "acme",
    "pipeline_name": "app/release",
    "account_id": "a1",
    "pipeline_id": "p1",
}


@pytest.mark.parametrize(
    ("claims", "identities"),
    [
        ({"iss": GITHUB, "sub": "repo:acme/app", "job_workflow_ref": REF}, [f"https://github.com/{REF}"]),
        ({"iss": f"{GITHUB}/acme", "sub": "x", "job_workflow_ref": REF}, [f"https://github.com/{REF}"]),
        (
            {"iss": "https://token.actions.acme.ghe.com", "sub": "x", "job_workflow_ref": REF},
            [f"https://acme.ghe.com/{REF}", f"https://github.com/{REF}"],
        ),
        (
            {"iss": "https://gitlab.com", "sub": "x", "ci_config_ref_uri": "gitlab.com/a//b@c"},
            ["https://gitlab.com/a//b@c"],
        ),
        (
            {"iss": "https://agent.buildkite.com", "sub": "x", "organization_slug": "acme", "pipeline_slug": "app"},
            ["https://buildkite.com/acme/app"],
        ),
        (
            {"iss": "https://oidc.codefresh.io", "sub": "x", **CODEFRESH},
            ["https://g.codefresh.io/acme/app/release:a1/p1"],
        ),
        (
            {"iss": "https://oidc.eks.eu-west-1.amazonaws.com/id/A", "sub": "system:serviceaccount:ci:bot"},
            ["https://kubernetes.io/namespaces/ci/serviceaccounts/bot"],
        ),
        ({"iss": DEX, "sub": "CgU", "email": "ops@example.com"}, ["ops@example.com"]),
        ({"iss": "https://issuer.enforce.dev", "sub": "abc/def"}, ["https://issuer.enforce.dev/abc/def"]),
        ({"iss": "https://id.example", "sub": "spiffe://a/b"}, ["spiffe://a/b"]),
        ({"iss": "https://id.example", "sub": "7", "email": "ops@example.com"}, ["ops@example.com", "7"]),
        ({"iss": "https://id.example", "sub": "7", "email": None, "job_workflow_ref": 5}, ["7"]),
    ],
)
def test_the_claims_tell_the_identity(claims: dict[str, Any], identities: list[str]) -> None:
    assert list(possible_identities(claims)) == identities
    assert all(may_name(claims, identity) for identity in identities)
    assert not any(
        may_name(claims, wrong) for wrong in ("", "x", "https://github.com/", *(f"{each}/" for each in identities))
    )


def test_the_name_of_a_user_has_a_domain_behind_it() -> None:
    claims = {"iss": "https://id.example", "sub": "ops"}
    assert may_name(claims, "ops!id.example")
    assert not may_name(claims, "other!id.example")
    assert not may_name({"iss": DEX, "sub": "ops", "email": "ops@example.com"}, "ops!id.example")


@pytest.mark.parametrize(
    ("claims", "own", "issuers"),
    [
        (
            {"iss": DEX, "federated_claims": {"connector_id": "https://github.com/login/oauth"}},
            False,
            ["https://github.com/login/oauth"],
        ),
        ({"iss": DEX, "federated_claims": {"connector_id": "https://a"}}, True, ["https://a", DEX]),
        ({"iss": DEX, "federated_claims": {"connector_id": 7}}, False, [DEX]),
        ({"iss": DEX, "federated_claims": "x"}, True, [DEX]),
        ({"iss": DEX}, False, [DEX]),
    ],
)
def test_who_vouches_is_behind_a_federated_issuer(claims: dict[str, Any], own: bool, issuers: list[str]) -> None:
    assert list(possible_issuers(claims, own_instance=own)) == issuers


NAMES = [
    "iss",
    "sub",
    "email",
    "job_workflow_ref",
    "ci_config_ref_uri",
    "organization_slug",
    "pipeline_slug",
    "federated_claims",
    *CODEFRESH,
]
NASTY = [
    "https://[::1",
    "https://[",
    "https://[v1.x]",
    "http://a:b:c@[x]:y",
    "https://\u2100.example",
    "//",
    "\ud800",
    "\0",
]
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.sampled_from([*NASTY, GITHUB, DEX, "https://issuer.enforce.dev", "system:serviceaccount:a:b"]),
    st.lists(st.text(), max_size=2),
    st.dictionaries(st.sampled_from(["connector_id", "x"]), st.one_of(st.none(), st.integers(), st.text()), max_size=2),
)


@pytest.mark.parametrize("issuer", NASTY)
def test_an_issuer_that_is_no_address_is_of_no_enterprise(issuer: str) -> None:
    assert possible_identities({"iss": issuer, "sub": "x", "job_workflow_ref": REF})[-1] == f"https://github.com/{REF}"


@examples(300)
@given(claims=st.dictionaries(st.sampled_from(NAMES), VALUES), identity=st.text())
def test_claims_of_any_kind_give_names_and_no_exception(claims: dict[str, Any], identity: str) -> None:
    assert all(isinstance(each, str) for each in possible_identities(claims))
    assert may_name(claims, identity) in {True, False}
    for own in (True, False):
        assert all(isinstance(each, str) for each in possible_issuers(claims, own_instance=own))
