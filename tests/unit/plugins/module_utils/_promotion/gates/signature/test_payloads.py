# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What signatures are made of, read from bytes that anybody may have written."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.signature.payloads import (
    NotProofError,
    check_simple_signing,
    check_statement,
    read_bundle,
)
from hypothesis import given
from hypothesis import strategies as st

DIGEST = "sha256:" + "a" * 64
IN_TOTO = "application/vnd.in-toto+json"
STATEMENT: dict[str, Any] = {
    "_type": "https://in-toto.io/Statement/v1",
    "subject": [{"digest": {"sha256": "b" * 64}}, {"digest": {"sha256": "a" * 64}}],
    "predicateType": "https://slsa.dev/provenance/v1",
}
SIMPLE = {"type": "cosign container image signature", "image": {"docker-manifest-digest": DIGEST}}


def state(**changes: Any) -> bytes:
    return json.dumps(STATEMENT | changes).encode()


def test_a_statement_names_the_image_among_its_subjects() -> None:
    check_statement(IN_TOTO, state(), DIGEST, STATEMENT["predicateType"])
    check_statement(IN_TOTO, state(predicateType="https://sigstore.dev/cosign/sign/v1"), DIGEST, "")
    check_statement(IN_TOTO, state(_type="https://in-toto.io/Statement/v0.1"), DIGEST, STATEMENT["predicateType"])


@pytest.mark.parametrize(
    ("kind", "payload", "reason"),
    [
        ("text/plain", state(), "not an in-toto statement"),
        (IN_TOTO, state(_type="https://in-toto.io/Link/v1"), "not an in-toto statement"),
        (IN_TOTO, state(subject=STATEMENT["subject"][:1]), "something else than this image"),
        (IN_TOTO, state(subject=[{"digest": {"sha512": "a" * 64}}]), "something else than this image"),
        (IN_TOTO, state(subject=[{"name": DIGEST}]), "something else than this image"),
        (IN_TOTO, state(subject={}), "something else than this image"),
        (IN_TOTO, state(predicateType="https://slsa.dev/provenance/v0.2"), "its predicate is"),
    ],
)
def test_a_statement_of_another_kind_proves_nothing(kind: str, payload: bytes, reason: str) -> None:
    with pytest.raises(NotProofError, match=reason):
        check_statement(kind, payload, DIGEST, STATEMENT["predicateType"])


def test_a_simple_signing_document_is_an_image_signature() -> None:
    check_simple_signing(json.dumps({"critical": SIMPLE}).encode(), DIGEST)
    for kind in ("atomic container signature", None, 5):
        with pytest.raises(NotProofError, match="no image signature"):
            check_simple_signing(json.dumps({"critical": SIMPLE | {"type": kind}}).encode(), DIGEST)


@given(
    payload=st.binary(max_size=60)
    | st.recursive(
        st.none() | st.integers() | st.text(max_size=4),
        lambda inner: (
            st.lists(inner, max_size=2)
            | st.dictionaries(
                st.sampled_from(["critical", "image", "subject", "digest", "mediaType"]), inner, max_size=3
            )
        ),
    ).map(lambda document: json.dumps(document).encode())
)
def test_a_document_that_does_not_name_the_image_proves_nothing(payload: bytes) -> None:
    with pytest.raises(NotProofError):
        check_simple_signing(payload, DIGEST)
    with pytest.raises(NotProofError):
        check_statement("application/vnd.in-toto+json", payload, DIGEST, "")
    with pytest.raises(NotProofError):
        read_bundle(payload)
