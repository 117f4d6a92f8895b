# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Media types: their form, and what artifacts are called by theirs."""

from __future__ import annotations

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._oci import media_types
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.media_types import artifact_kind, is_media_type


@pytest.mark.parametrize("text", ["", "a", "a/", "/b", "a/b/c", "a/b; charset=utf-8", "a/b\n", "a/" + "b" * 128])
def test_what_is_no_media_type_is_none(text: str) -> None:
    assert not is_media_type(text)


def test_the_known_types_have_the_form_of_media_types() -> None:
    known = {*media_types.MANIFEST_TYPES, *media_types.SCHEMA1_TYPES, media_types.EMPTY, media_types.IN_TOTO}
    assert all(map(is_media_type, known))
    assert set(media_types.MANIFEST_TYPES) >= media_types.INDEX_TYPES
    assert not media_types.SCHEMA1_TYPES & set(media_types.MANIFEST_TYPES)


@pytest.mark.parametrize(
    ("artifact_type", "kind"),
    [
        ("application/vnd.dev.sigstore.bundle.v0.3+json", "bundle"),
        ("application/vnd.cncf.notary.signature", "signature"),
        ("application/vnd.in-toto+json", "attestation"),
        ("application/spdx+json", "sbom"),
        ("application/vnd.example", "application/vnd.example"),
        ("", ""),
    ],
)
def test_an_artifact_is_called_by_its_type(artifact_type: str, kind: str) -> None:
    assert artifact_kind(artifact_type) == kind
