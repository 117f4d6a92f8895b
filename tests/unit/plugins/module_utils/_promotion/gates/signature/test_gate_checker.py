# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signatures of every kind through the same gate: each judged by itself, none taken for another kind."""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.signature.gate import Signature
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.signature.materials import (
    SignatureMaterial,
    SignaturePolicy,
)
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.module_utils._promotion.gates.signature.case import (
    BY_KEY,
    DIGEST,
    GATE,
    KEYLESS,
    SIGSTORE,
    bundle,
    check,
)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("key", "other_digest"),
        ("key", "message_other_digest"),
        ("keyless", "other_digest"),
        ("keyless", "message_other_digest"),
        ("keyless", "rekor2_other_digest"),
    ],
)
def test_a_bundle_about_another_image_proves_nothing(name: str, kind: str) -> None:
    found = bundle(name, BY_KEY if kind == "key" else KEYLESS, kind=kind)
    assert not found.valid
    assert "another image" in found.seen or "something else than this image" in found.seen


def test_neither_kind_of_bundle_passes_for_the_other() -> None:
    assert bundle("signed", KEYLESS, kind="key").seen == "it was made with a key, not with a certificate"
    assert not bundle("signed", BY_KEY).valid
    assert bundle("message", BY_KEY).seen == "it was made with a certificate, not with a key"


def test_two_materials_are_judged_each_by_itself() -> None:
    good = SignatureMaterial("bundle", json.dumps(SIGSTORE["key"]["signed"]).encode(), origin="a")
    bad = SignatureMaterial("bundle", b"\x00", origin="b\n\x1b[31m")
    found = [GATE.checker(BY_KEY, DIGEST)(material) for material in (bad, good)]
    assert [(each.valid, each.origin) for each in found] == [(False, "b??[31m"), (True, "a")]


def test_many_threads_may_verify_at_once() -> None:
    gate, wanted = Signature(), ["signed", "other_identity", "message", "other_digest"] * 8
    with ThreadPoolExecutor(8) as pool:
        materials = [SignatureMaterial("bundle", json.dumps(SIGSTORE["keyless"][name]).encode()) for name in wanted]
        found = pool.map(lambda each: gate.checker(KEYLESS, DIGEST)(each).valid, materials)
    assert list(found) == [name in ("signed", "message") for name in wanted]


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        (SignaturePolicy(), "was given neither"),
        (replace(KEYLESS, public_key=BY_KEY.public_key), "was given both"),
        (replace(KEYLESS, issuer=""), "no issuer"),
        (replace(KEYLESS, trusted_root="{}"), "trusted_root of gate `signature`"),
        (replace(KEYLESS, trusted_root="\x00"), "trusted_root of gate `signature`"),
        (
            replace(KEYLESS, trusted_root=json.dumps(SIGSTORE["trusted_root"] | {"tlogs": []})),
            "trusted_root of gate `signature`",
        ),
    ],
)
def test_a_policy_that_cannot_be_right_is_the_requests_fault(policy: SignaturePolicy, reason: str) -> None:
    with pytest.raises(RequestError, match=reason):
        GATE.checker(policy, DIGEST)


def test_a_key_needs_nothing_of_the_keyless_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sigstore.verify", None)
    material = SignatureMaterial("bundle", json.dumps(SIGSTORE["key"]["signed"]).encode())
    assert Signature().checker(BY_KEY, DIGEST)(material).valid


FIELDS = (
    *("mediaType", "verificationMaterial", "publicKey", "dsseEnvelope", "messageSignature", "payload"),
    *("payloadType", "signatures", "sig", "messageDigest", "digest", "algorithm", "critical", "subject"),
)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(FIELDS),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)


@given(
    form=st.sampled_from(["cosign", "dsse", "bundle", "", "else"]),
    payload=st.binary(max_size=200)
    | JSON.map(lambda value: json.dumps(value).encode())
    | st.builds(
        lambda at, value: json.dumps({**SIGSTORE["keyless"]["signed"], at: value}).encode(),
        st.sampled_from(["mediaType", "verificationMaterial", "dsseEnvelope"]),
        JSON,
    )
    | st.just(b"[" * 200_000),
    signature=st.text(max_size=20),
    keyless=st.booleans(),
)
def test_garbage_is_never_valid_and_never_raises(form: str, payload: bytes, signature: str, keyless: bool) -> None:
    found = check(form, payload, KEYLESS if keyless else BY_KEY, signature=signature)
    assert not found.valid
    assert found.seen.isprintable()
