# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The attestation of a promotion, as it is written."""

from __future__ import annotations

import json

from ansible_collections.fastbreak.aws.plugins.module_utils._oci.model import Descriptor
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.referrers import (
    descriptor_of,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.attestation import (
    artifact,
    is_attestation,
    statement,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._release.promotion import (
    PREDICATE_TYPE,
    Promotion,
)

from tests.unit.plugins.module_utils._promotion.case import image_of


def test_the_attestation_is_known_by_its_descriptor_and_says_what_happened() -> None:
    source = image_of("a")
    promotion = Promotion(
        "app", "P#x", "1", source.digest, "c" * 40, "dev", f"prod.example/prod/app:1@{source.digest}", "now", "me"
    )
    made = artifact(statement(source, promotion), source.root, created="2026-01-02T03:04:05.000Z")
    manifest = made.manifest
    assert is_attestation(descriptor_of(manifest))
    assert not is_attestation(Descriptor("sha256:x", 1, "y", "application/vnd.in-toto+json"))
    assert {each.digest for each, _content in made.blobs} == {each.digest for each in manifest.blobs}
    said = json.loads(made.blobs[1][1])
    assert (said["_type"], said["predicateType"]) == ("https://in-toto.io/Statement/v1", PREDICATE_TYPE)
    assert said["subject"][0]["name"] == "prod.example/prod/app:1"
    assert said["predicate"]["commit"] == "c" * 40
