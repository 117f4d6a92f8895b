# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Synthetic images: made with layers of given sizes, and pushed by plain HTTP.

image = make_image([1000, 50 << 20])
index = make_index({"linux/amd64": image, "linux/arm64/v8": make_image([10], seed=1)})
sbom = make_referrer(index, "application/spdx+json", b"{}")
push(host, "team/app", index, tag="1.0")
push(host, "team/app", sbom)
"""

import hashlib
import http.client
import json
import random
import ssl
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
EMPTY = b"{}"
EMPTY_TYPE = "application/vnd.oci.empty.v1+json"
_PIECE = 1 << 20


@dataclass(frozen=True)
class Blob:
    """Bytes that ``seed`` and ``size`` decide, recreated piece by piece; or ``content`` itself."""

    size: int
    seed: int = 0
    content: bytes | None = None
    digest: str = ""

    def pieces(self):
        """The bytes, in pieces of 1 MiB."""
        if self.content is not None:
            yield self.content
            return
        source, left = random.Random(self.seed), self.size  # noqa: S311
        block = source.randbytes(min(_PIECE, left))
        for number in range(-(-self.size // _PIECE)):
            length = min(_PIECE, left)
            left -= length
            # Each piece differs by its number, so that a piece lost or repeated changes the digest.
            yield (number.to_bytes(8, "big") + block[8:])[:length]


@dataclass(frozen=True)
class Made:
    """A manifest with all it names: ``blobs`` and, of an index, ``children``."""

    content: bytes
    media_type: str
    blobs: tuple = ()
    children: tuple = ()
    artifact_type: str = field(default="")

    @property
    def digest(self):
        """The manifest's digest."""
        return f"sha256:{hashlib.sha256(self.content).hexdigest()}"

    def descriptor(self, **more):
        """It as a descriptor."""
        return {"mediaType": self.media_type, "digest": self.digest, "size": len(self.content), **more}


def make_blob(size, seed=0):
    """A blob of so many bytes; the same seed gives the same bytes."""
    hashed = hashlib.sha256()
    for piece in Blob(size, seed).pieces():
        hashed.update(piece)
    return Blob(size, seed, None, f"sha256:{hashed.hexdigest()}")


def blob_of(content):
    """A blob of these bytes."""
    return Blob(len(content), 0, content, f"sha256:{hashlib.sha256(content).hexdigest()}")


def _descriptor(blob, media_type):
    return {"mediaType": media_type, "digest": blob.digest, "size": blob.size}


def make_image(layer_sizes, *, seed=0, docker=False, platform="linux/amd64", config=None, **more):
    """An image with layers of these sizes. ``config`` are members of its config, ``more`` of its manifest."""
    layers = [make_blob(size, seed * 1000 + number) for number, size in enumerate(layer_sizes)]
    system, _slash, architecture = platform.partition("/")
    described = {
        "os": system,
        "architecture": architecture.partition("/")[0],
        "created": "2026-01-01T00:00:00Z",
        "rootfs": {"type": "layers", "diff_ids": [layer.digest for layer in layers]},
        **(config or {}),
    }
    settings = blob_of(json.dumps(described).encode())
    kinds = (DOCKER_MANIFEST, DOCKER_CONFIG, DOCKER_LAYER) if docker else (OCI_MANIFEST, OCI_CONFIG, OCI_LAYER)
    document = {
        "schemaVersion": 2,
        "mediaType": kinds[0],
        "config": _descriptor(settings, kinds[1]),
        "layers": [_descriptor(layer, kinds[2]) for layer in layers],
        **more,
    }
    return Made(json.dumps(document, indent=1).encode(), kinds[0], (settings, *layers))


def make_index(images, *, docker=False, **more):
    """An index of images (or indexes) by platform, such as ``linux/arm64/v8``; an empty platform is left out."""
    media_type = DOCKER_LIST if docker else OCI_INDEX
    entries = []
    for platform, image in images.items():
        system, architecture, variant = (*platform.split("/"), "", "")[:3]
        described = {"os": system, "architecture": architecture, **({"variant": variant} if variant else {})}
        entries.append(image.descriptor(**({"platform": described} if platform else {})))
    document = {"schemaVersion": 2, "mediaType": media_type, "manifests": entries, **more}
    return Made(json.dumps(document, indent=1).encode(), media_type, (), tuple(images.values()))


def make_referrer(subject, artifact_type, content, *, annotations=None):
    """An artifact with one layer that has *subject* (a `Made`) as its subject."""
    empty, layer = blob_of(EMPTY), blob_of(content)
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": artifact_type,
        "config": _descriptor(empty, EMPTY_TYPE),
        "layers": [_descriptor(layer, artifact_type)],
        "subject": subject.descriptor(),
        "annotations": annotations or {},
    }
    return Made(json.dumps(document).encode(), OCI_MANIFEST, (empty, layer), (), artifact_type)


def push(host, repository, made, *, tag="", **access):
    """Push a manifest with all it names, under its digest and, when given, a tag.

    ``authorization`` is sent as the header; with ``ca``, a file, TLS is spoken.
    """
    client = _Client(host, **access)
    try:
        _push(client, repository, made)
        if tag:
            client.put_manifest(repository, tag, made)
    finally:
        client.close()


def _push(client, repository, made):
    for blob in made.blobs:
        client.put_blob(repository, blob)
    for child in made.children:
        _push(client, repository, child)
    client.put_manifest(repository, made.digest, made)


class _Client:
    def __init__(self, host, authorization="", ca=None):
        if ca:
            context = ssl.create_default_context(cafile=str(ca))
            self._connection = http.client.HTTPSConnection(host, timeout=60, context=context)
        else:
            self._connection = http.client.HTTPConnection(host, timeout=60)
        self._headers = {"Authorization": authorization} if authorization else {}

    def close(self):
        self._connection.close()

    def _ask(self, method, path, body=None, **headers):
        self._connection.request(method, path, body, {**self._headers, **headers})
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status >= 400 and not (method == "HEAD" and answer.status == 404):
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:500]!r}")
        return answer

    def put_blob(self, repository, blob):
        if self._ask("HEAD", f"/v2/{repository}/blobs/{blob.digest}").status == 200:
            return
        location = self._ask("POST", f"/v2/{repository}/blobs/uploads/").headers["Location"]
        parts = urlsplit(location)
        query = "&".join(part for part in (parts.query, urlencode({"digest": blob.digest})) if part)
        self._ask("PUT", f"{parts.path}?{query}", blob.pieces(), **{"Content-Length": str(blob.size)})

    def put_manifest(self, repository, reference, made):
        headers = {"Content-Type": made.media_type}
        self._ask("PUT", f"/v2/{repository}/manifests/{reference}", made.content, **headers)
