# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Images to promote. Layers hold incompressible bytes, as tar archives in gzip's stored form, so that docker reads
them too. They are pushed piece by piece, never held whole."""

import hashlib
import http.client
import json
import os
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
_EMPTY = "application/vnd.oci.empty.v1+json"
_SIGNATURE = "application/vnd.dev.cosign.simplesigning.v1+json"
_PIECE = 1 << 20

type Document = dict[str, object]


@dataclass(frozen=True)
class Layer:
    """A pushed layer: its descriptor, and the digest of the archive inside."""

    descriptor: Document
    diff_id: str


@dataclass
class Pusher:
    """Pushes to one repository of a registry over plain HTTP."""

    host: str
    repository: str
    _connection: http.client.HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        self._connection = http.client.HTTPConnection(self.host, timeout=600)

    def close(self) -> None:
        """Close its connection."""
        self._connection.close()

    def layer(self, size: int) -> Layer:
        """A layer that holds one file of so many random bytes."""
        archive, packed, length = hashlib.sha256(), hashlib.sha256(), 0

        def pieces() -> Iterator[bytes]:
            nonlocal length
            for piece in _packed(size, archive):
                packed.update(piece)
                length += len(piece)
                yield piece

        location = self._ask("POST", f"/v2/{self.repository}/blobs/uploads/")
        location = self._ask("PATCH", location, pieces(), {"Transfer-Encoding": "chunked"})
        digest = f"sha256:{packed.hexdigest()}"
        self._ask("PUT", f"{location}{'&' if '?' in location else '?'}digest={digest}")
        return Layer({"mediaType": _LAYER, "size": length, "digest": digest}, f"sha256:{archive.hexdigest()}")

    def blob(self, content: bytes, media_type: str) -> Document:
        """A blob of these bytes."""
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        location = self._ask("POST", f"/v2/{self.repository}/blobs/uploads/")
        self._ask("PUT", f"{location}{'&' if '?' in location else '?'}digest={digest}", content)
        return {"mediaType": media_type, "size": len(content), "digest": digest}

    def manifest(self, document: Document, tag: str = "") -> Document:
        """A manifest, under a tag or its digest."""
        content = json.dumps(document).encode()
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        media_type = str(document["mediaType"])
        headers = {"Content-Type": media_type}
        self._ask("PUT", f"/v2/{self.repository}/manifests/{tag or digest}", content, headers)
        return {"mediaType": media_type, "size": len(content), "digest": digest}

    def image(self, layers: list[Layer], tag: str = "", architecture: str = "amd64") -> Document:
        """An image of these layers."""
        config = {
            "architecture": architecture,
            "os": "linux",
            "created": "2026-01-01T00:00:00Z",
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]},
        }
        return self.manifest(
            {
                "schemaVersion": 2,
                "mediaType": OCI_MANIFEST,
                "config": self.blob(json.dumps(config).encode(), _CONFIG),
                "layers": [layer.descriptor for layer in layers],
            },
            tag,
        )

    def _ask(
        self, method: str, path: str, body: bytes | Iterator[bytes] | None = None, headers: dict[str, str] | None = None
    ) -> str:
        path = path.removeprefix(f"http://{self.host}")
        chunked = bool(headers and "Transfer-Encoding" in headers)
        self._connection.request(method, path, body, headers or {}, encode_chunked=chunked)
        response = self._connection.getresponse()
        text = response.read()
        if response.status >= 300:
            raise RuntimeError(f"{method} {path}: {response.status} {text[:300]!r}")
        return response.headers.get("Location", "")


def _packed(size: int, archive: "hashlib._Hash") -> Iterator[bytes]:
    """A gzip stream of a tar archive with one file of random bytes; *archive* hashes the archive."""
    deflate = zlib.compressobj(0, wbits=31)
    entry = tarfile.TarInfo("data")
    entry.size = size
    head = entry.tobuf(tarfile.USTAR_FORMAT)
    tail = bytes(-size % 512 + 1024)
    for content in chain((head,), _random(size), (tail,)):
        archive.update(content)
        if packed := deflate.compress(content):
            yield packed
    yield deflate.flush()


def _random(size: int) -> Iterator[bytes]:
    for done in range(0, size, _PIECE):
        yield os.urandom(min(_PIECE, size - done))


def push_image(host: str, repository: str, sizes: list[int], *, second: bool = False) -> None:
    """An image with layers of these sizes under tag `1`; under tag `2`, if wanted, it with its last layer replaced."""
    with closing(Pusher(host, repository)) as pusher:
        layers = [pusher.layer(size) for size in sizes]
        pusher.image(layers, "1")
        if second:
            pusher.image([*layers[:-1], pusher.layer(sizes[-1])], "2")


def push_index(host: str, repository: str, layer_bytes: int) -> None:
    """An index of three platforms under tag `1`, each with two layers, an SBOM as its referrer and a signature.

    docker-registry 2.8 has no referrers API: referrers are listed in an index under a tag made of the digest, as the
    specification has it for such registries; signatures lie under cosign's tags.
    """
    with closing(Pusher(host, repository)) as pusher:
        children = []
        for architecture in ("amd64", "arm64", "s390x"):
            layers = [pusher.layer(layer_bytes), pusher.layer(layer_bytes)]
            image = pusher.image(layers, architecture=architecture)
            children.append({**image, "platform": {"os": "linux", "architecture": architecture}})
        root = pusher.manifest({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": children}, "1")
        for subject in (root, *children):
            _attach(pusher, subject)


def _attach(pusher: Pusher, subject: Document) -> None:
    """An SBOM and a signature to *subject*."""
    named = {key: subject[key] for key in ("mediaType", "size", "digest")}
    sbom_type = "application/spdx+json"
    sbom = pusher.manifest(
        {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "artifactType": sbom_type,
            "config": pusher.blob(b"{}", _EMPTY),
            "layers": [pusher.blob(json.dumps({"about": subject["digest"]}).encode(), sbom_type)],
            "subject": named,
        }
    )
    tag = str(subject["digest"]).replace(":", "-")
    listed = [{**sbom, "artifactType": sbom_type}]
    pusher.manifest({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": listed}, tag)
    payload = json.dumps({"critical": {"image": {"docker-manifest-digest": subject["digest"]}}}).encode()
    layer = {**pusher.blob(payload, _SIGNATURE), "annotations": {"dev.cosignproject.cosign/signature": "bm90aGluZw=="}}
    config = pusher.blob(b'{"rootfs":{"type":"layers","diff_ids":[]}}', _CONFIG)
    signature: Document = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": [layer]}
    pusher.manifest(signature, f"{tag}.sig")


def manifest_bytes(host: str, repository: str, tag: str) -> int:
    """What the blobs of an image hold together."""
    connection = http.client.HTTPConnection(host, timeout=30)
    connection.request("GET", f"/v2/{repository}/manifests/{tag}", headers={"Accept": OCI_MANIFEST})
    manifest = json.loads(connection.getresponse().read())
    connection.close()
    return sum(blob["size"] for blob in (manifest["config"], *manifest["layers"]))
