# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signatures by a key: the right ones and the wrong ones."""

from __future__ import annotations

import base64
import importlib.util
import json
import sys
from dataclasses import replace

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.signature.keys import PublicKey
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.signature.materials import (
    SignatureCheck,
    SignaturePolicy,
)

from tests.unit.plugins.module_utils._promotion.gates.signature.case import (
    BY_KEY,
    DIGEST,
    GATE,
    KEYS,
    OPENSSL,
    SIGSTORE,
    SLSA,
    bundle,
    by,
    check,
)


@pytest.mark.parametrize("kind", KEYS)
def test_openssls_signatures_are_valid(kind: str) -> None:
    simple = KEYS[kind]["cosign"]
    found = check("cosign", simple["payload"], by(kind), signature=simple["signature"])
    assert found == SignatureCheck(valid=True, origin="there", seen="signed by the given key")
    attested = check("dsse", KEYS[kind]["dsse"]["payload"], by(kind, SLSA))
    assert (attested.valid, attested.seen) == (True, f"attested by the given key ({SLSA})")


@pytest.mark.parametrize("kind", KEYS)
def test_no_other_key_will_do(kind: str) -> None:
    simple = KEYS[kind]["cosign"]
    for other in KEYS.keys() - {kind}:
        found = check("cosign", simple["payload"], by(other), signature=simple["signature"])
        assert (found.valid, found.seen) == (False, "it is not signed by the given key, or was changed afterwards")
        assert not check("dsse", KEYS[kind]["dsse"]["payload"], by(other, SLSA)).valid


@pytest.mark.parametrize("kind", KEYS)
def test_a_signature_of_another_image_is_none_of_this_one(kind: str) -> None:
    other = KEYS[kind]["cosign_other_digest"]
    found = check("cosign", other["payload"], by(kind), signature=other["signature"])
    assert not found.valid
    assert found.seen.startswith("it signs another image, 'sha256:")
    simple = KEYS[kind]["cosign"]
    changed = "sha256:" + "0" * 64
    assert not check("cosign", simple["payload"], by(kind), signature=simple["signature"], digest=changed).valid
    attested = check("dsse", KEYS[kind]["dsse"]["payload"], by(kind, SLSA), digest=changed)
    assert (attested.valid, attested.seen) == (
        False,
        "the signed statement is about something else than this image",
    )


@pytest.mark.parametrize("kind", KEYS)
def test_a_changed_document_is_not_the_signed_one(kind: str) -> None:
    other = KEYS[kind]["cosign_other_digest"]
    # The document of one image with the signature of another's.
    assert not check("cosign", KEYS[kind]["cosign"]["payload"], by(kind), signature=other["signature"]).valid
    envelope = json.loads(KEYS[kind]["dsse"]["payload"])
    envelope["payload"] = base64.b64encode(base64.b64decode(envelope["payload"]) + b" ").decode()
    assert not check("dsse", json.dumps(envelope), by(kind, SLSA)).valid


@pytest.mark.parametrize("kind", KEYS)
def test_an_envelope_is_signed_over_its_type_too(kind: str) -> None:
    assert not check("dsse", KEYS[kind]["dsse_without_pae"]["payload"], by(kind, SLSA)).valid
    envelope = json.loads(KEYS[kind]["dsse"]["payload"]) | {"payloadType": "text/plain"}
    assert not check("dsse", json.dumps(envelope), by(kind, SLSA)).valid


def test_an_attestation_of_another_predicate_is_not_what_was_asked_for() -> None:
    payload = KEYS["P-256"]["dsse"]["payload"]
    wrong = check("dsse", payload, by("P-256", "https://slsa.dev/provenance/v0.2"))
    assert wrong.seen == f"its predicate is '{SLSA}', not https://slsa.dev/provenance/v0.2"
    # It vouches for something about the image; that is not the signature of the image.
    none = check("dsse", payload, by("P-256"))
    assert not none.valid
    assert "to ask for an attestation, set predicate_type" in none.seen


def test_one_signature_of_several_will_do() -> None:
    envelope = json.loads(KEYS["P-256"]["dsse"]["payload"])
    envelope["signatures"].insert(0, {"sig": base64.b64encode(b"nonsense").decode()})
    assert check("dsse", json.dumps(envelope), by("P-256", SLSA)).valid
    envelope["signatures"] = envelope["signatures"][:1] * 17
    assert not check("dsse", json.dumps(envelope), by("P-256", SLSA)).valid


@pytest.mark.parametrize("name", ["signed", "message"])
def test_a_bundle_that_names_a_key_is_valid_for_that_key(name: str) -> None:
    assert bundle(name, BY_KEY, kind="key") == SignatureCheck(
        valid=True, origin="there", seen="signed by the given key"
    )
    assert not bundle(name, by("P-256"), kind="key").valid
    assert not bundle(name, by("Ed25519"), kind="key").valid
    assert not bundle(name, replace(BY_KEY, predicate_type=SLSA), kind="key").valid


def test_an_attestation_in_a_bundle_that_names_a_key() -> None:
    assert bundle("attested", replace(BY_KEY, predicate_type=SLSA), kind="key").valid
    assert not bundle("attested", BY_KEY, kind="key").valid


@pytest.mark.parametrize("pem", ["", "x", "\ud800", *OPENSSL["refused_keys"], json.dumps(SIGSTORE["trusted_root"])])
def test_a_key_that_cannot_be_used_is_the_requests_fault(pem: str) -> None:
    with pytest.raises(RequestError, match=r"public.key|either"):
        GATE.checker(SignaturePolicy(public_key=pem), DIGEST)


def test_a_private_key_given_by_mistake_is_not_shown() -> None:
    secret = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIP==\n-----END PRIVATE KEY-----"
    with pytest.raises(RequestError) as caught:
        GATE.checker(SignaturePolicy(public_key=secret), DIGEST)
    assert "MC4C" not in caught.value.message


def test_a_controller_that_knows_no_keys_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        for name in [each for each in sys.modules if each.partition(".")[0] == "cryptography"]:
            patched.setitem(sys.modules, name, None)
        spec = importlib.util.find_spec(PublicKey.__module__)
        assert spec
        assert spec.loader
        without = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(without)
        with pytest.raises(RequestError, match="pip install cryptography"):
            without.PublicKey(BY_KEY.public_key)
