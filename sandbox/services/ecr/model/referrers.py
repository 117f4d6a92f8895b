# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What names an image as its subject."""

import json
from typing import Any

from sandbox.services.ecr.model import images, state

PAGE = 50
"""The most that a page has."""


def descriptors(repository: str, subject: str, kinds: set[str]) -> list[dict[str, Any]]:
    """The referrers of `kinds`, or of any kind, by digest, so that a page can begin where another ended."""
    referring = [record for record in images.records(repository) if state.of_image(record).subject == subject]
    found = [_descriptor(repository, record) for record in referring]
    return sorted(
        (referrer for referrer in found if not kinds or referrer["artifactType"] in kinds),
        key=lambda referrer: referrer["digest"],
    )


def _descriptor(repository: str, record: images.Record) -> dict[str, Any]:
    body = images.raw(repository, record)
    annotations = json.loads(body).get("annotations")
    return {
        "mediaType": record["imageManifestMediaType"],
        "digest": record["imageDigest"],
        "size": len(body),
        "artifactType": state.of_image(record).artifact_type,
        **({"annotations": annotations} if annotations else {}),
    }
