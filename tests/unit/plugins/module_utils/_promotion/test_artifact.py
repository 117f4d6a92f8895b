# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Artifacts that are made here."""

from __future__ import annotations

import json

from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.artifact import make_artifact

from tests.unit.plugins.module_utils._promotion.case import image_of


def test_an_artifact_carries_its_content_and_refers_to_its_subject() -> None:
    root = image_of("a").root
    made = make_artifact(b"content", "application/x", root, annotations={"a": "b"}, layer_annotations=(("c", "d"),))
    assert {blob.digest for blob, _content in made.blobs} == {blob.digest for blob in made.manifest.blobs}
    assert all(len(content) == blob.size for blob, content in made.blobs)
    assert made.manifest.subject
    assert made.manifest.subject.digest == root.digest
    document = json.loads(made.manifest.raw.content)
    assert (document["artifactType"], document["annotations"]) == ("application/x", {"a": "b"})
    assert document["layers"][0]["annotations"] == {"c": "d"}
