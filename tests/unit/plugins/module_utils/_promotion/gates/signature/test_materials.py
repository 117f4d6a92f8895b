# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is attached to an image and may prove where it comes from: real signatures, found and read within bounds."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.model import ConfiguredGate
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.signature.gate import Signature
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.signature.materials import (
    MATERIALS,
    PAYLOAD_LIMIT_BYTES,
    SignaturePolicy,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._release.promotion import GateMode

from tests.unit.plugins.module_utils._promotion.gates.case import KEY, OPENSSL, SIGNED, SIGSTORE, Gates, configured

BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
ENVELOPE = "application/vnd.dsse.envelope.v1+json"


@pytest.mark.parametrize(
    ("form", "content", "policy"),
    [
        (ENVELOPE, KEY["dsse"]["payload"], replace(SIGNED, predicate_type=OPENSSL["predicate_type"])),
        (
            "application/vnd.in-toto+json",
            KEY["dsse"]["payload"],
            replace(SIGNED, predicate_type=OPENSSL["predicate_type"]),
        ),
        (BUNDLE, json.dumps(SIGSTORE["key"]["signed"]), replace(SIGNED, public_key=SIGSTORE["public_key"])),
        (
            BUNDLE,
            json.dumps(SIGSTORE["keyless"]["signed"]),
            SignaturePolicy(
                identity=SIGSTORE["identity"],
                issuer=SIGSTORE["issuer"],
                trusted_root=json.dumps(SIGSTORE["trusted_root"]),
            ),
        ),
    ],
)
def test_every_form_of_signature_is_found(form: str, content: str, policy: SignaturePolicy) -> None:
    gates = Gates()
    gates.attach(gates.source.add(content.encode(), form))
    result = gates.judge(ConfiguredGate(Signature(), GateMode.REQUIRED, policy))["signature"]
    assert result.verdict is Verdict.HEALTHY
    assert result.seen.startswith("referrer sha256:")


def test_two_signatures_over_the_same_document_are_two() -> None:
    gates = Gates()
    gates.attach(gates.sign(signature=OPENSSL["keys"][1]["cosign"]["signature"]), gates.sign())
    assert gates.judge(configured("signature"))["signature"].verdict is Verdict.HEALTHY


def test_what_belongs_to_another_image_is_not_looked_at() -> None:
    gates = Gates()
    gates.attach(gates.sign(), subject=gates.platforms[0].digest)
    result = gates.judge(configured("signature"))["signature"]
    assert result.verdict is Verdict.UNHEALTHY
    assert result.seen.startswith("nothing that could prove it is attached")


def test_a_signature_of_another_image_under_the_tag_of_this_image_does_not_pass() -> None:
    gates = Gates()
    gates.attach(gates.sign("cosign_other_digest"))
    result = gates.judge(configured("signature"))["signature"]
    assert result.verdict is Verdict.UNHEALTHY
    assert "it signs another image" in result.seen


def test_a_subset_of_platforms_is_not_covered_by_the_signature_of_all() -> None:
    gates = Gates()
    whole = "sha256:" + "e" * 64
    gates.attach(gates.sign(), subject=whole)
    found = gates.judge(configured("signature"), image=replace(gates.image(), rewritten_from=whole))
    result = found["signature"]
    assert result.verdict is Verdict.UNHEALTHY
    assert result.seen.endswith(f"an image of its own, which signatures of {whole} do not cover")


def test_reading_ends_at_the_first_valid_signature_the_smallest_first() -> None:
    gates = Gates()
    sbom = gates.source.add(b"x" * 100_000, ENVELOPE)
    gates.attach(sbom)
    gates.attach(gates.sign())
    assert gates.judge(configured("signature"))["signature"].verdict is Verdict.HEALTHY
    assert sbom.digest not in gates.source.read


def test_what_is_too_large_is_not_read() -> None:
    gates = Gates()
    huge = replace(gates.source.add(b"{}", ENVELOPE), size=PAYLOAD_LIMIT_BYTES["dsse"] + 1)
    gates.attach(huge)
    result = gates.judge(configured("signature"))["signature"]
    assert "more than the 16777216 that are read" in result.seen
    assert gates.source.read == []


def test_a_heap_of_signatures_is_not_read_without_end() -> None:
    gates = Gates()
    for number in range(MATERIALS + 5):
        gates.attach(gates.source.add(b'{"n": %d}' % number, ENVELOPE))
    result = gates.judge(configured("signature"))["signature"]
    assert result.verdict is Verdict.UNHEALTHY
    assert len(gates.source.read) == MATERIALS
