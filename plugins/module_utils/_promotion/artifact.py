# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small artifacts that are made here and refer to an image: attestations and signatures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .._oci.json_manifest import raw_json
from .._oci.media_types import EMPTY, OCI_MANIFEST
from .._oci.model import Descriptor
from .._oci.names import digest_of
from .._oci.parse import parse_manifest
from .._oci.referrers import as_object

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._oci.model import Manifest

#: The content of an artifact that has no configuration, as the OCI specification has it.
EMPTY_CONFIG = b"{}"


@dataclass(frozen=True, slots=True)
class Artifact:
    """An artifact ready to be written: its blobs with their content, and its manifest."""

    blobs: tuple[tuple[Descriptor, bytes], ...]
    manifest: Manifest


def make_artifact(
    content: bytes,
    media_type: str,
    subject: Manifest,
    *,
    annotations: Mapping[str, str],
    layer_annotations: tuple[tuple[str, str], ...] = (),
) -> Artifact:
    """The artifact that carries *content* and refers to *subject*; the same arguments give the same bytes."""
    config = Descriptor(digest_of(EMPTY_CONFIG), len(EMPTY_CONFIG), EMPTY)
    layer = Descriptor(digest_of(content), len(content), media_type, annotations=layer_annotations)
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": media_type,
        "config": as_object(config),
        "layers": [as_object(layer)],
        "subject": as_object(Descriptor(subject.digest, len(subject.raw.content), subject.raw.media_type)),
        "annotations": dict(annotations),
    }
    blobs = ((config, EMPTY_CONFIG), (layer, content))
    return Artifact(blobs, parse_manifest(raw_json(document, OCI_MANIFEST)))
