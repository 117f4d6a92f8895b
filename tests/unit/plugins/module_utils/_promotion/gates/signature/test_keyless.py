# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signatures by an identity: the right ones and the wrong ones."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.signature.gate import Signature
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.signature.materials import (
    SignatureCheck,
    SignatureMaterial,
)

from tests.unit.plugins.module_utils._promotion.gates.signature.case import (
    DIGEST,
    KEYLESS,
    SIGSTORE,
    SLSA,
    bundle,
    check,
)


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


@pytest.mark.parametrize("form", ["cosign", "dsse"])
def test_a_keyless_signature_of_older_cosigns_is_not_valid_and_says_why(form: str) -> None:
    assert "sign with cosign 3" in check(form, "{}", KEYLESS, signature="MAYCAQECAQE=").seen


def test_the_built_in_root_is_used_without_asking_the_network(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setattr("socket.socket.connect", lambda *_arguments: pytest.fail("it asked the network"))
    policy = replace(KEYLESS, trusted_root="")
    material = SignatureMaterial("bundle", json.dumps(SIGSTORE["keyless"]["signed"]).encode())
    found = Signature().checker(policy, DIGEST)(material)
    assert not found.valid
    assert "failed to build timestamp certificate chain" in found.seen


def test_a_controller_without_the_library_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sigstore.verify", None)
    with pytest.raises(RequestError, match="pip install sigstore"):
        Signature().checker(KEYLESS, DIGEST)
