# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a registry holds, in memory, and the rules of the OCI distribution specification 1.1 about it."""

import hashlib
import json
import re
import threading
import uuid
from dataclasses import dataclass, field

INDEX_TYPES = {
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
}
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def digest_of(content):
    """The sha256 digest of bytes."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class RefusedError(Exception):
    """A request that the specification lets a registry refuse: the status and the error's code."""

    def __init__(self, status, code, text):
        super().__init__(text)
        self.status, self.code, self.text = status, code, text


@dataclass
class Upload:
    """A blob on its way in."""

    repository: str
    content: bytearray = field(default_factory=bytearray)


@dataclass
class StoredManifest:
    """A manifest's bytes and media type."""

    content: bytes
    media_type: str

    @property
    def document(self):
        return json.loads(self.content)


class Store:
    """Repositories with blobs, uploads, manifests and tags. Safe to use from many threads."""

    def __init__(self):
        self.lock = threading.RLock()
        self.blobs = {}
        self.manifests = {}
        self.tags = {}
        self.uploads = {}
        self.immutable = False

    def holds(self, repository):
        """Whether anything was ever pushed to the repository."""
        return any(key[0] == repository for kind in (self.blobs, self.manifests, self.tags) for key in kind)

    def start(self, repository):
        """The id of a new upload."""
        identifier = str(uuid.uuid4())
        with self.lock:
            self.uploads[identifier] = Upload(repository)
        return identifier

    def finish(self, repository, identifier, digest):
        """Keep the upload as a blob, if its bytes have the digest."""
        with self.lock:
            content = bytes(self.uploads[identifier].content)
            if digest_of(content) != digest:
                raise RefusedError(400, "DIGEST_INVALID", f"the bytes have the digest {digest_of(content)}")
            self.blobs[repository, digest] = content
            del self.uploads[identifier]

    def put_manifest(self, repository, reference, content, media_type):
        """Keep a manifest. What it names must exist. Returns its digest and its subject's, empty without one."""
        digest = digest_of(content)
        if DIGEST.fullmatch(reference) and reference != digest:
            raise RefusedError(400, "DIGEST_INVALID", f"the manifest has the digest {digest}")
        try:
            document = json.loads(content)
        except ValueError as error:
            raise RefusedError(400, "MANIFEST_INVALID", "the manifest is not JSON") from error
        with self.lock:
            self._check_content(repository, document, media_type)
            if not DIGEST.fullmatch(reference):
                if self.immutable and self.tags.get((repository, reference), digest) != digest:
                    raise RefusedError(
                        400,
                        "TAG_INVALID",
                        f"The image tag '{reference}' cannot be overwritten because the repository is immutable.",
                    )
                self.tags[repository, reference] = digest
            self.manifests[repository, digest] = StoredManifest(content, media_type)
        return digest, (document.get("subject") or {}).get("digest", "")

    def _check_content(self, repository, document, media_type):
        if media_type in INDEX_TYPES:
            missing = [
                manifest["digest"]
                for manifest in document["manifests"]
                if (repository, manifest["digest"]) not in self.manifests
            ]
        else:
            parts = [
                item for item in [document.get("config"), *document.get("layers", document.get("blobs", []))] if item
            ]
            missing = [
                part["digest"]
                for part in parts
                if "foreign" not in part["mediaType"]
                and "nondistributable" not in part["mediaType"]
                and (repository, part["digest"]) not in self.blobs
            ]
        if missing:
            raise RefusedError(400, "MANIFEST_BLOB_UNKNOWN", f"unknown to the registry: {', '.join(missing)}")

    def find_manifest(self, repository, reference):
        """Digest and manifest of a tag or digest; None when there is none."""
        with self.lock:
            digest = reference if DIGEST.fullmatch(reference) else self.tags.get((repository, reference))
            found = self.manifests.get((repository, digest))
            return (digest, found) if found else None

    def referrers(self, repository, subject):
        """Descriptors of the manifests whose subject this is."""
        found = []
        with self.lock:
            for (name, digest), manifest in self.manifests.items():
                document = manifest.document
                if name != repository or (document.get("subject") or {}).get("digest") != subject:
                    continue
                kind = document.get("artifactType") or (document.get("config") or {}).get("mediaType", "")
                found.append(
                    {
                        "mediaType": manifest.media_type,
                        "digest": digest,
                        "size": len(manifest.content),
                        "artifactType": kind,
                        "annotations": document.get("annotations") or {},
                    }
                )
        return found

    def incomplete(self):
        """Problems of what is held: a tag, index or image that names what is not there. A sound store has none."""
        problems = []
        with self.lock:
            for (repository, tag), digest in self.tags.items():
                if (repository, digest) not in self.manifests:
                    problems.append(f"{repository}:{tag} names {digest}, which is not there")
            for (repository, digest), manifest in self.manifests.items():
                try:
                    self._check_content(repository, manifest.document, manifest.media_type)
                except RefusedError as error:
                    problems.append(f"{repository}@{digest}: {error.text}")
        return problems
