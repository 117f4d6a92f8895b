# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Media and artifact types of what a registry holds, each written down once."""

from __future__ import annotations

import re

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_ARTIFACT = "application/vnd.oci.artifact.manifest.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
#: What is asked for, the best first. Schema 1 is not among them, and refused when a registry sends it all the same.
MANIFEST_TYPES = (OCI_INDEX, DOCKER_LIST, OCI_MANIFEST, DOCKER_MANIFEST, OCI_ARTIFACT)
INDEX_TYPES = frozenset({OCI_INDEX, DOCKER_LIST})
SCHEMA1_TYPES = frozenset(
    {
        "application/vnd.docker.distribution.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v1+prettyjws",
    }
)
OCTETS = "application/octet-stream"
#: What servers send that do not know better: it says nothing about the content.
VAGUE_TYPES = frozenset({"", "application/json", OCTETS, "text/plain", "binary/octet-stream"})

#: How the types of non-distributable layers start: those of Docker and of OCI.
FOREIGN_LAYERS = (
    "application/vnd.docker.image.rootfs.foreign.diff.tar",
    "application/vnd.oci.image.layer.nondistributable.v1.tar",
)
#: The configuration of an artifact that has none.
EMPTY = "application/vnd.oci.empty.v1+json"

IN_TOTO = "application/vnd.in-toto+json"
DSSE = "application/vnd.dsse.envelope.v1+json"
SIMPLE_SIGNING = "application/vnd.dev.cosign.simplesigning.v1+json"
#: How the types of sigstore's bundles start, whatever their version.
SIGSTORE_BUNDLES = "application/vnd.dev.sigstore.bundle"
#: The version that is written.
SIGSTORE_BUNDLE = f"{SIGSTORE_BUNDLES}.v0.3+json"
SIGSTORE_TRUST_CONFIG = "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json"

#: How well-known types of artifacts start, and what such an artifact is called.
_ARTIFACT_KINDS = (
    (SIGSTORE_BUNDLES, "bundle"),
    ("application/vnd.cncf.notary.signature", "signature"),
    ("application/vnd.dev.cosign.artifact.sig", "signature"),
    ("application/vnd.dev.cosign.artifact.sbom", "sbom"),
    ("application/vnd.in-toto", "attestation"),
    ("application/vnd.dsse", "attestation"),
    ("application/spdx", "sbom"),
    ("text/spdx", "sbom"),
    ("application/vnd.cyclonedx", "sbom"),
)

_RESTRICTED = r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}"
_MEDIA_TYPE = re.compile(rf"{_RESTRICTED}/{_RESTRICTED}")


def is_media_type(text: str) -> bool:
    """Whether *text* has the form of a media type (RFC 6838), without parameters."""
    return _MEDIA_TYPE.fullmatch(text) is not None


def artifact_kind(artifact_type: str) -> str:
    """What an artifact of this type is called: a word for what is well known, otherwise the type itself."""
    return next((kind for start, kind in _ARTIFACT_KINDS if artifact_type.startswith(start)), artifact_type)
