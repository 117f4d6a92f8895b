# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A registry that speaks the OCI distribution API: manifests, tags, referrers, and what blobs there are."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from ..._common.addresses import is_this_machine
from ..._errors import CredentialsError, FastbreakError, OperationError, UnavailableError
from ..media_types import MANIFEST_TYPES
from ..model import MANIFEST_LIMIT_BYTES, Descriptor, RawManifest
from ..names import Address, check_address, check_digest, check_repository, digest_of, hash_for, is_digest
from .answers import Refusal, read_refusal, refused, unavailable
from .listing import list_referrers, list_tags
from .uploads import Uploads
from .wire import STRETCH_BYTES, BrokenConnectionError, Request, Response, TooLongError

if TYPE_CHECKING:
    from ..._common.time_span import TimeSpan
    from .http import RegistryHttp

_ACCEPT = {"Accept": ", ".join(MANIFEST_TYPES)}
_MISSING = frozenset({"MANIFEST_BLOB_UNKNOWN", "BLOB_UNKNOWN", "MANIFEST_UNKNOWN"})
_TYPE_LIMIT = 255
#: How often an answer that breaks off is asked for again.
_READS = 3


class OciRegistry:
    """The content of a registry: manifests, tags, referrers and blobs."""

    def __init__(self, http: RegistryHttp) -> None:
        self.http = http
        self.host = http.host

    @property
    def is_local(self) -> bool:
        """Whether it is reached on this machine, whatever its name."""
        return is_this_machine(self.http.origin.host)

    def hang_up(self) -> None:
        """End at once what is asked now; what is asked later fails."""
        self.http.connections.cut()

    def now(self) -> TimeSpan | None:
        """The times of day that the registry told with its answers; None when it told none."""
        return self.http.told_time.now()

    def read_manifest(self, address: Address) -> RawManifest | None:
        """The manifest of a tag or digest; None when there is none."""
        attempted = f"read the manifest {self._name(address)}"
        found = self._read(attempted, address.repository, _manifest_path(address), MANIFEST_LIMIT_BYTES, _ACCEPT)
        if found is None:
            return None
        response, content = found
        reference = address.reference
        digest = digest_of(content, reference) if is_digest(reference) else digest_of(content)
        if is_digest(reference) and digest != reference:
            raise _lie(attempted, self.host, f"its bytes have the digest {digest}")
        claimed = response.header("Docker-Content-Digest")
        if is_digest(claimed) and digest_of(content, claimed) != claimed:
            raise _lie(attempted, self.host, f"it says the digest is {claimed}, but the bytes have {digest}")
        return RawManifest(content, digest, _media_type(response))

    def find_manifest(self, address: Address) -> str | None:
        """The digest that a tag or digest names, without reading the manifest; None when there is none."""
        attempted = f"look for the manifest {self._name(address)}"
        request = Request("HEAD", self.http.url(_manifest_path(address)), _ACCEPT)
        # Who may not ask in this way may read it all the same, and is told why not where that is refused too.
        response = self.http.answer(attempted, request, address.repository)
        response.finish()
        if response.status == 404:
            return None
        digest = response.header("Docker-Content-Digest")
        if response.status != 200 or not is_digest(digest) or not _comparable(digest, address.reference):
            # Some registries do not answer HEAD, or not with a digest, or with one of another kind.
            found = self.read_manifest(address)
            return found.digest if found else None
        if is_digest(address.reference) and digest != address.reference:
            raise _lie(attempted, self.host, f"it says the digest is {digest}")
        return digest

    def has_blob(self, blob: Address, *, size: int) -> bool:
        """Whether the repository holds the blob, with as many bytes."""
        attempted = f"look for the blob {self._blob_name(blob)}"
        response = self.http.answer(attempted, Request("HEAD", self.http.url(_blob_path(blob))), blob.repository)
        response.finish()
        if response.status == 404:
            return False
        if response.status == 200 and response.header("Content-Length") == str(size):
            return True
        # Some registries do not answer HEAD, or not with the size, and a proxy between may change what they say.
        return self._has_bytes(attempted, blob, size)

    def _has_bytes(self, attempted: str, blob: Address, size: int) -> bool:
        """What GET announces; where it announces nothing, the bytes themselves."""
        response = self._ask(attempted, "GET", blob.repository, _blob_path(blob))
        if response.status not in {200, 404}:
            raise refused(attempted, self.host, read_refusal(response))
        if response.status == 404:
            response.finish()
            return False
        if response.length is not None:
            response.abandon()
            return response.length == size
        hashed, left, piece = hash_for(blob.reference), size + 1, memoryview(bytearray(STRETCH_BYTES))
        try:
            while left > 0 and (count := response.readinto(piece[:left])):
                hashed.update(piece[:count])
                left -= count
        except BrokenConnectionError as error:
            raise unavailable(attempted, self.host, str(error)) from error
        response.abandon()
        return left == 1 and hashed.hexdigest() == blob.reference.partition(":")[2]

    def read_blob(self, blob: Address, *, limit_bytes: int) -> bytes | None:
        """A small blob, its digest checked; None when there is none."""
        attempted = f"read the blob {self._blob_name(blob)}"
        found = self._read(attempted, blob.repository, _blob_path(blob), limit_bytes, {})
        if found is None:
            return None
        if (actual := digest_of(found[1], blob.reference)) != blob.reference:
            raise _lie(attempted, self.host, f"its bytes have the digest {actual}")
        return found[1]

    def list_tags(self, repository: str) -> tuple[str, ...] | None:
        """All tags of a repository; None when there is no such repository."""
        return list_tags(self.http, check_repository(repository))

    def list_referrers(self, subject: Address) -> tuple[Descriptor, ...] | None:
        """The referrers of a manifest, all pages; None when the registry has no referrers API."""
        check_digest(subject.reference)
        return list_referrers(self.http, check_address(subject))

    def mount_blob(self, blob: Address, *, from_repository: str) -> bool:
        """Mount a blob of another repository of this registry. False when it must be uploaded instead."""
        query = urlencode({"mount": check_digest(blob.reference), "from": check_repository(from_repository)})
        repository = check_repository(blob.repository)
        attempted = f"mount the blob {blob.reference} of {from_repository} in {self.host}/{repository}"
        url = self.http.url(f"/v2/{repository}/blobs/uploads/?{query}")
        try:
            response = self.http.answer(attempted, Request("POST", url), repository)
        except CredentialsError:
            raise
        except UnavailableError:
            return False
        if response.status == 202:
            self._cancel(attempted, repository, response)
        elif response.status != 201:
            # A registry that does not mount need not say so politely: the upload will tell.
            read_refusal(response)
        response.finish()
        return response.status == 201

    def write_blob(self, blob: Address, content: bytes) -> None:
        """Upload a small blob that was made here."""
        attempted = f"write the blob {self._blob_name(blob)}"
        uploads = Uploads(self.http, blob.repository)
        response = self._ask(attempted, "POST", blob.repository, f"/v2/{blob.repository}/blobs/uploads/")
        if response.status != 202:
            raise refused(attempted, self.host, read_refusal(response))
        response = uploads.commit(attempted, uploads.begun(response), blob.reference, content)
        if response.status in {200, 201, 202}:
            response.finish()
            return
        refusal = read_refusal(response)
        # An attempt whose answer was lost may have written it.
        if not self.has_blob(blob, size=len(content)):
            raise refused(attempted, self.host, refusal)

    def write_manifest(self, address: Address, manifest: RawManifest) -> str:
        """Put the manifest's bytes under a tag or digest. Returns the ``OCI-Subject`` header."""
        attempted = f"write the manifest {self._name(address)}"
        url = self.http.url(_manifest_path(address))
        request = Request("PUT", url, {"Content-Type": manifest.media_type}, manifest.content)
        response = self.http.ask(attempted, request, address.repository)
        if response.status not in {200, 201, 202}:
            return self._not_written(attempted, address, manifest, read_refusal(response))
        response.finish()
        claimed = response.header("Docker-Content-Digest")
        if is_digest(claimed) and digest_of(manifest.content, claimed) != claimed:
            raise _lie(attempted, self.host, f"it says the digest is {claimed}, but {manifest.digest} was sent")
        return response.header("OCI-Subject")

    def _not_written(self, attempted: str, address: Address, manifest: RawManifest, refusal: Refusal) -> str:
        kind = _kind(refusal)
        # An attempt whose answer was lost may have written the tag, which then needs not move.
        if kind == "immutable" and self.find_manifest(address) == manifest.digest:
            return ""
        raise refused(attempted, self.host, refusal, refusal=kind)

    def _cancel(self, attempted: str, repository: str, response: Response) -> None:
        location = self.http.resolve(response.header("Location"), response.url)
        if location and self.http.owns(location):
            # That it fails is no news: the registry ends what nobody goes on with.
            with suppress(FastbreakError):
                self.http.answer(attempted, Request("DELETE", location), repository).finish()

    def _name(self, address: Address) -> str:
        return f"{self.host}/{check_address(address)}"

    def _blob_name(self, blob: Address) -> str:
        check_digest(blob.reference)
        return self._name(blob)

    def _ask(
        self, attempted: str, method: str, repository: str, path: str, headers: dict[str, str] | None = None
    ) -> Response:
        return self.http.ask(attempted, Request(method, self.http.url(path), headers or {}), repository)

    def _read(
        self, attempted: str, repository: str, path: str, limit_bytes: int, headers: dict[str, str]
    ) -> tuple[Response, bytes] | None:
        for attempt in range(1, _READS + 1):
            response = self._ask(attempted, "GET", repository, path, headers)
            if response.status == 404:
                response.finish()
                return None
            if response.status != 200:
                raise refused(attempted, self.host, read_refusal(response))
            try:
                return response, response.read(limit_bytes)
            except TooLongError as error:
                raise _too_long(attempted, self.host, limit_bytes, error) from error
            except BrokenConnectionError as error:
                seen = str(error)
            if attempt < _READS:
                self.http.retrier.wait(attempt)
        raise unavailable(attempted, self.host, f"{seen}, {_READS} times")


def _comparable(digest: str, reference: str) -> bool:
    """Whether *digest* is of the kind that a manifest read by *reference* is known by: its own, for a tag sha256."""
    wanted = reference if is_digest(reference) else "sha256:"
    return digest.partition(":")[0] == wanted.partition(":")[0]


def _manifest_path(address: Address) -> str:
    checked = check_address(address)
    return f"/v2/{checked.repository}/manifests/{checked.reference}"


def _blob_path(blob: Address) -> str:
    return f"/v2/{check_repository(blob.repository)}/blobs/{check_digest(blob.reference)}"


def _media_type(response: Response) -> str:
    return response.header("Content-Type").partition(";")[0].strip()[:_TYPE_LIMIT]


def _kind(refusal: Refusal) -> str:
    """What a refused manifest was refused for, as `details["refusal"]` tells it; empty for anything else."""
    if "immutable" in refusal.text.lower():
        return "immutable"
    if refusal.status in {405, 415} or refusal.code == "UNSUPPORTED":
        return "unsupported"
    # Debian's docker-registry puts a DIGEST_INVALID before the error that matters.
    return "missing" if refusal.codes & _MISSING else ""


def _lie(attempted: str, host: str, seen: str) -> OperationError:
    return OperationError(
        f"Tried to {attempted}, but {host} is not to be trusted with it: {seen}. Nothing was taken over. Check the "
        "registry, and what stands between it and here."
    )


def _too_long(attempted: str, host: str, limit_bytes: int, error: TooLongError) -> FastbreakError:
    return OperationError(
        f"Tried to {attempted}, but {host} sends {error}, and at most {limit_bytes} are taken. Check what is there."
    )
