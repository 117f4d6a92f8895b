# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The gate `signature`: whose signature is asked for, and what the checks of signatures say together."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.signature.gate import Signature
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.signature.materials import (
    SignatureCheck,
    SignaturePolicy,
)

from tests.unit.plugins.module_utils._promotion.gates.case import NOW, policy, problems, source_image

BY_KEY = SignaturePolicy(public_key="pem")


@pytest.mark.parametrize(
    ("checks", "verdict", "said"),
    [
        ((), Verdict.UNHEALTHY, "cosign sign"),
        ((SignatureCheck(valid=False, origin="a", seen="wrong key"),), Verdict.UNHEALTHY, "a: wrong key"),
        (
            (SignatureCheck(valid=False, origin="a", seen="no"), SignatureCheck(valid=True, origin="b", seen="signed")),
            Verdict.HEALTHY,
            "b: signed",
        ),
    ],
)
def test_a_single_valid_signature_passes(checks: tuple[SignatureCheck, ...], verdict: Verdict, said: str) -> None:
    result = Signature().assess(BY_KEY, checks, source_image(), NOW)
    assert result.verdict is verdict
    assert said in result.seen


def test_a_subset_of_platforms_is_said_to_be_an_image_of_its_own() -> None:
    image = source_image(rewritten_from="sha256:whole")
    said = "which signatures of sha256:whole do not cover"
    assert Signature().assess(BY_KEY, (), image, NOW).seen.endswith(said)
    valid = SignatureCheck(valid=True, origin="b", seen="signed")
    assert said not in Signature().assess(BY_KEY, (valid,), image, NOW).seen


def test_what_a_signature_is_expected_to_be_is_said() -> None:
    keyless = SignaturePolicy(identity="me", issuer="them", predicate_type="slsa")
    expect = Signature().expect
    assert expect(keyless, source_image()) == "an attestation slsa of the image's digest by me (issuer them)"
    assert expect(BY_KEY, source_image()) == "a signature of the image's digest by the given public key"


def test_options_are_whose_signature_counts() -> None:
    assert policy("signature", public_key="pem") == BY_KEY
    given = {"identity": "me", "issuer": "them", "trusted_root": "{}", "predicate_type": "slsa"}
    assert policy("signature", **given) == SignaturePolicy(**given)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({}, "whose signature counts?"),
        ({"identity": "me"}, "'identity' and 'issuer' together"),
        ({"issuer": "them"}, "'identity' and 'issuer' together"),
        ({"public_key": "k", "identity": "me", "issuer": "i"}, "whose signature counts?"),
        ({"public_key": "k", "trusted_root": "{}"}, "trusted_root belongs to 'identity'"),
        ({"public_key": "-----BEGIN EC PRIVATE KEY-----"}, "holds a private key"),
    ],
)
def test_it_has_to_be_clear_whose_signature_counts(options: dict[str, Any], told: str) -> None:
    (problem,) = problems("signature", **options)
    assert told in problem
