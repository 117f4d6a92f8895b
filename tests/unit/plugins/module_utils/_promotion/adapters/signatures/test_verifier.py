"""Signatures made by independent signers (tests/vectors/signatures), the right ones and the wrong ones."""

from __future__ import annotations

import base64
import importlib.util
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.adapters.signatures.keys import PublicKey
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.adapters.signatures.verifier import (
    SignatureVerifier,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.signatures import (
    SignatureCheck,
    SignatureMaterial,
    SignaturePolicy,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.files import ROOT

VECTORS = ROOT / "tests" / "vectors" / "signatures"
OPENSSL = json.loads((VECTORS / "openssl.json").read_text())
SIGSTORE = json.loads((VECTORS / "sigstore_js.json").read_text())
DIGEST = OPENSSL["digest"]
SLSA = OPENSSL["predicate_type"]
KEYS = {one["kind"]: one for one in OPENSSL["keys"]}

BY_KEY = SignaturePolicy(public_key=SIGSTORE["public_key"])
KEYLESS = SignaturePolicy(
    identity=SIGSTORE["identity"],
    issuer=SIGSTORE["issuer"],
    trusted_root=json.dumps(SIGSTORE["trusted_root"]),
)
# Reading a trusted root takes a while; the verifier keeps it.
VERIFIER = SignatureVerifier()


def check(form: str, payload: Any, policy: SignaturePolicy, *, signature: str = "", digest: str = DIGEST) -> Any:
    content = payload if isinstance(payload, bytes) else payload.encode()
    material = SignatureMaterial(form, content, signature, origin="there")
    (found,) = VERIFIER.verify((material,), digest=digest, policy=policy)
    assert isinstance(found, SignatureCheck)
    return found


def bundle(name: str, policy: SignaturePolicy, *, kind: str = "keyless") -> Any:
    return check("bundle", json.dumps(SIGSTORE[kind][name]), policy)


def by(key: str, predicate_type: str = "") -> SignaturePolicy:
    return SignaturePolicy(public_key=KEYS[key]["public_key"], predicate_type=predicate_type)


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


@pytest.mark.parametrize("name", ["signed", "message", "rekor2"])
def test_a_keyless_signature_is_valid_for_its_identity(name: str) -> None:
    found = bundle(name, KEYLESS)
    assert found == SignatureCheck(valid=True, origin="there", seen=f"signed by {SIGSTORE['identity']}")


def test_a_keyless_attestation_is_valid_for_its_predicate() -> None:
    assert bundle("attested", replace(KEYLESS, predicate_type=SLSA)).valid
    assert not bundle("attested", KEYLESS).valid
    assert not bundle("signed", replace(KEYLESS, predicate_type=SLSA)).valid
    assert not bundle("message", replace(KEYLESS, predicate_type=SLSA)).valid


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("other_identity", "SANs do not match"),
        ("other_issuer", "OIDCIssuer does not match (got 'https://issuer.example'"),
        ("other_root", "failed to build timestamp certificate chain"),
        ("rekor2_other_time", "not enough sources of verified time"),
    ],
)
def test_a_keyless_signature_by_another_is_not_valid(name: str, reason: str) -> None:
    found = bundle(name, KEYLESS)
    assert not found.valid
    assert reason in found.seen


def test_a_certificate_that_had_expired_when_it_was_logged_proves_nothing() -> None:
    found = bundle("late", replace(KEYLESS, trusted_root=json.dumps(SIGSTORE["late_trusted_root"])))
    assert not found.valid
    assert "failed to build timestamp certificate chain" in found.seen


def _changed(name: str, *path: str, to: Any) -> str:
    document = json.loads(json.dumps(SIGSTORE["keyless"][name]))
    place = document
    for step in path[:-1]:
        place = place[int(step)] if step.isdigit() else place[step]
    place[path[-1]] = to
    return json.dumps(document)


OTHER = SIGSTORE["keyless"]["attested"]


@pytest.mark.parametrize(
    "payload",
    [
        _changed("signed", "dsseEnvelope", "payload", to=OTHER["dsseEnvelope"]["payload"]),
        _changed("signed", "dsseEnvelope", to=OTHER["dsseEnvelope"]),
        _changed("signed", "verificationMaterial", "certificate", to=OTHER["verificationMaterial"]["certificate"]),
        _changed("signed", "verificationMaterial", "certificate", "rawBytes", to="bm9uZQ=="),
        _changed("signed", "verificationMaterial", "tlogEntries", to=OTHER["verificationMaterial"]["tlogEntries"]),
        _changed("signed", "verificationMaterial", "tlogEntries", to=[]),
        _changed("signed", "verificationMaterial", "tlogEntries", "0", "inclusionPromise", to=None),
        _changed("signed", "verificationMaterial", "tlogEntries", "0", "inclusionProof", to=None),
        _changed("signed", "verificationMaterial", "tlogEntries", "0", "integratedTime", to="1"),
        _changed("rekor2", "verificationMaterial", "timestampVerificationData", to=None),
        _changed("rekor2", "verificationMaterial", "tlogEntries", to=OTHER["verificationMaterial"]["tlogEntries"]),
        _changed("signed", "mediaType", to="application/vnd.dev.sigstore.bundle.v9+json"),
        _changed("message", "messageSignature", "signature", to="MAYCAQECAQE="),
    ],
)
def test_a_bundle_put_together_from_parts_is_not_valid(payload: str) -> None:
    assert not check("bundle", payload, KEYLESS).valid


def test_neither_kind_of_bundle_passes_for_the_other() -> None:
    assert bundle("signed", KEYLESS, kind="key").seen == "it was made with a key, not with a certificate"
    assert not bundle("signed", BY_KEY).valid
    assert bundle("message", BY_KEY).seen == "it was made with a certificate, not with a key"


@pytest.mark.parametrize("form", ["cosign", "dsse"])
def test_a_keyless_signature_of_older_cosigns_is_not_valid_and_says_why(form: str) -> None:
    assert "sign with cosign 3" in check(form, "{}", KEYLESS, signature="MAYCAQECAQE=").seen


def test_two_materials_are_judged_each_by_itself() -> None:
    good = SignatureMaterial("bundle", json.dumps(SIGSTORE["key"]["signed"]).encode(), origin="a")
    bad = SignatureMaterial("bundle", b"\x00", origin="b\n\x1b[31m")
    found = VERIFIER.verify((bad, good), digest=DIGEST, policy=BY_KEY)
    assert [(one.valid, one.origin) for one in found] == [(False, "b??[31m"), (True, "a")]


def test_many_threads_may_verify_at_once() -> None:
    verifier, wanted = SignatureVerifier(), ["signed", "other_identity", "message", "other_digest"] * 8
    with ThreadPoolExecutor(8) as pool:
        materials = [SignatureMaterial("bundle", json.dumps(SIGSTORE["keyless"][name]).encode()) for name in wanted]
        found = pool.map(lambda one: verifier.verify((one,), digest=DIGEST, policy=KEYLESS)[0].valid, materials)
    assert list(found) == [name in ("signed", "message") for name in wanted]


@pytest.mark.parametrize("pem", ["", "x", "\ud800", *OPENSSL["refused_keys"], json.dumps(SIGSTORE["trusted_root"])])
def test_a_key_that_cannot_be_used_is_the_requests_fault(pem: str) -> None:
    with pytest.raises(RequestError, match=r"public.key|either"):
        VERIFIER.verify((), digest=DIGEST, policy=SignaturePolicy(public_key=pem))


def test_a_private_key_given_by_mistake_is_not_shown() -> None:
    secret = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIP==\n-----END PRIVATE KEY-----"
    with pytest.raises(RequestError) as caught:
        VERIFIER.verify((), digest=DIGEST, policy=SignaturePolicy(public_key=secret))
    assert "MC4C" not in caught.value.message


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
        VERIFIER.verify((), digest=DIGEST, policy=policy)


def test_the_built_in_root_is_used_without_asking_the_network(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setattr("socket.socket.connect", lambda *_arguments: pytest.fail("it asked the network"))
    policy = replace(KEYLESS, trusted_root="")
    material = SignatureMaterial("bundle", json.dumps(SIGSTORE["keyless"]["signed"]).encode())
    (found,) = SignatureVerifier().verify((material,), digest=DIGEST, policy=policy)
    assert not found.valid
    assert "failed to build timestamp certificate chain" in found.seen


def test_a_controller_without_the_library_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sigstore.verify", None)
    with pytest.raises(RequestError, match="pip install sigstore"):
        SignatureVerifier().verify((), digest=DIGEST, policy=KEYLESS)


def test_a_controller_that_knows_no_keys_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        for name in [one for one in sys.modules if one.partition(".")[0] == "cryptography"]:
            patched.setitem(sys.modules, name, None)
        spec = importlib.util.find_spec(PublicKey.__module__)
        assert spec
        assert spec.loader
        without = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(without)
        with pytest.raises(RequestError, match="pip install cryptography"):
            without.PublicKey(BY_KEY.public_key)


def test_a_key_needs_nothing_of_the_keyless_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sigstore.verify", None)
    material = SignatureMaterial("bundle", json.dumps(SIGSTORE["key"]["signed"]).encode())
    assert SignatureVerifier().verify((material,), digest=DIGEST, policy=BY_KEY)[0].valid


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


@settings(deadline=None)
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
