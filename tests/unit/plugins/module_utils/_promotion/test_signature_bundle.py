# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The signature of an image, as it is written."""

from __future__ import annotations

import base64
import json

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.model import Descriptor
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.referrers import descriptor_of
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.signature_bundle import (
    bytes_to_sign,
    key_bundle,
    may_be_signature,
    signature_artifact,
    signature_statement,
)

from tests.unit.plugins.module_utils._promotion.case import BUNDLE, image_of

COSIGN = "https://sigstore.dev/cosign/sign/v1"


def test_the_statement_names_the_image_and_what_it_is() -> None:
    said = json.loads(signature_statement("sha256:" + "a" * 64, "registry.example/app"))
    assert said == {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "registry.example/app", "digest": {"sha256": "a" * 64}}],
        "predicateType": COSIGN,
        "predicate": {},
    }


def test_a_bundle_of_a_key_holds_the_statement_and_names_the_key() -> None:
    assert bytes_to_sign(b"{}") == b"DSSEv1 28 application/vnd.in-toto+json 2 {}"
    bundle = json.loads(key_bundle(b"{}", b"signature", b"key"))
    assert bundle["mediaType"] == BUNDLE
    assert len(base64.b64decode(bundle["verificationMaterial"]["publicKey"]["hint"])) == 32
    envelope = bundle["dsseEnvelope"]
    assert base64.b64decode(envelope["payload"]) == b"{}"
    assert [base64.b64decode(each["sig"]) for each in envelope["signatures"]] == [b"signature"]


def test_the_artifact_is_laid_out_as_cosign_specifies_and_is_the_same_each_time() -> None:
    root = image_of("a").root
    made = signature_artifact(b"bundle", root)
    assert made == signature_artifact(b"bundle", root)
    document = json.loads(made.manifest.raw.content)
    assert document["artifactType"] == document["layers"][0]["mediaType"] == BUNDLE
    assert document["config"]["mediaType"] == "application/vnd.oci.empty.v1+json"
    assert document["subject"]["digest"] == root.digest
    assert document["annotations"] == {
        "dev.sigstore.bundle.content": "dsse-envelope",
        "dev.sigstore.bundle.predicateType": COSIGN,
    }
    assert [content for _blob, content in made.blobs] == [b"{}", b"bundle"]
    assert may_be_signature(descriptor_of(made.manifest))


@pytest.mark.parametrize(
    ("artifact_type", "predicate", "may_be"),
    [
        ("", "", True),
        (BUNDLE, "", True),
        (BUNDLE, COSIGN, True),
        (BUNDLE, "https://slsa.dev/provenance/v1", False),
        ("application/spdx+json", "", False),
    ],
)
def test_what_may_be_a_signature_is_known_by_its_descriptor(artifact_type: str, predicate: str, may_be: bool) -> None:
    annotations = (("dev.sigstore.bundle.predicateType", predicate),) if predicate else ()
    listed = Descriptor("sha256:x", 1, "y", artifact_type=artifact_type, annotations=annotations)
    assert may_be_signature(listed) is may_be
