# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The registry of one account: the OCI distribution specification 1.1, with ECR's refusals.

AWS: ECR User Guide, "Pushing a Docker image", "Private registry authentication", "Image tag mutability".
"""

import asyncio
import json
import logging
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

from sandbox.ministack import ecr, responses
from sandbox.services.ecr.model import images, settings, state
from sandbox.services.ecr.model.access import denial, identity_denial
from sandbox.services.ecr.model.blobs import DIGEST, Blobs, Owner, Upload
from sandbox.services.ecr.model.manifests import MANIFEST_LIMIT_BYTES
from sandbox.services.ecr.model.policies import Caller
from sandbox.services.ecr.model.tokens import Tokens
from sandbox.services.ecr.runtime import notices, referrers
from sandbox.services.ecr.runtime.http import Request, Response, answer, error, range_of, request_of

logger = logging.getLogger("sandbox.ecr")
_NAME = r"(?P<name>[a-z0-9]+(?:[._/-][a-z0-9]+)*)"
_WRITE_BYTES = 1 << 20
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,299}")

Handler = Callable[["Registry", Request, str, str], Awaitable[Response]]
Route = tuple[re.Pattern[str], dict[str, tuple[Handler, tuple[str, ...]]]]


class Registry:
    """An ASGI application."""

    def __init__(self, account: str, region: str, blobs: Blobs, tokens: Tokens) -> None:
        self._account, self._region = account, region
        self._blobs, self._tokens = blobs, tokens

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        request = request_of(scope, receive)
        try:
            with responses.request_scope(self._account, self._region):
                response = await self._respond(request)
        except ConnectionError as gone:
            logger.info("%s %s: %s", request.method, request.path, gone)
            return
        except Exception:
            logger.exception("%s %s", request.method, request.path)
            response = error(500, "UNKNOWN", "the sandbox's registry failed; see `python -m sandbox logs`")
        await answer(response, send, head=request.method == "HEAD")

    async def _respond(self, request: Request) -> Response:
        caller = self._caller(request)
        if caller is None:
            challenge = {"WWW-Authenticate": f'Basic realm="http://{request.headers.get("host", "")}/",service="ecr"'}
            return error(401, "UNAUTHORIZED", "Not Authorized: ask GetAuthorizationToken for a password", **challenge)
        if request.path in {"/v2", "/v2/"}:
            return Response(status=200, headers={"Content-Type": "application/json"}, body=b"{}")
        for pattern, methods in _ROUTES:
            if found := pattern.fullmatch(request.path):
                if request.method not in methods:
                    return error(405, "UNSUPPORTED", f"{request.method} is not supported here")
                handler, actions = methods[request.method]
                if refusal := self._refusal(caller, found["name"], actions):
                    return refusal
                return await handler(self, request, found["name"], (found.groupdict().get("reference") or ""))
        return error(404, "UNSUPPORTED", f"{request.path} is no path of a registry")

    def _refusal(self, caller: Caller, name: str, actions: tuple[str, ...]) -> Response | None:
        """403 when the caller may do none of `actions`, 404 when there is no such repository."""
        if denied := denial(caller, name, *actions) or identity_denial(caller, name, *actions):
            return error(403, "DENIED", denied)
        if name not in ecr._repositories:
            return error(
                404,
                "NAME_UNKNOWN",
                f"The repository with name '{name}' does not exist in the registry with id '{self._account}'",
            )
        return None

    def _caller(self, request: Request) -> Caller | None:
        """Whose password the request carries."""
        return self._tokens.caller_of(request.query.get("token", "")) or self._tokens.caller_of_header(
            request.headers.get("authorization", "")
        )

    def _owner(self, name: str) -> Owner:
        return self._account, name

    async def start_upload(self, request: Request, name: str, _reference: str) -> Response:
        """POST blobs/uploads/: mount, take a whole blob, or open a session."""
        digest, source = request.query.get("mount", ""), request.query.get("from", "")
        if (
            digest
            and self._may_mount(request, name, source)
            and self._blobs.mount(self._owner(name), self._owner(source), digest)
        ):
            return _created(f"/v2/{name}/blobs/{digest}", digest)
        identifier = self._blobs.start(self._owner(name))
        if "digest" in request.query:
            return await self.finish_upload(request, name, identifier)
        return _session(202, name, identifier, 0)

    def _may_mount(self, request: Request, name: str, source: str) -> bool:
        caller = self._caller(request)
        action = "ecr:GetDownloadUrlForLayer"
        readable = (
            caller is not None and (denial(caller, source, action) or identity_denial(caller, source, action)) is None
        )
        return readable and settings.mounts(name, source)

    async def append(self, request: Request, name: str, reference: str) -> Response:
        """PATCH a session: the bytes go to the end, wherever a broken connection left that."""
        upload = self._blobs.upload(self._owner(name), reference)
        if upload is None:
            return _no_upload()
        if (start := request.headers.get("content-range", "").partition("-")[0]) and int(start) != upload.size:
            return _session(416, name, reference, upload.size)
        await _receive(request, upload)
        return _session(202, name, reference, upload.size)

    async def finish_upload(self, request: Request, name: str, reference: str) -> Response:
        """PUT a session: it becomes a blob when its bytes have the digest."""
        upload, digest = self._blobs.upload(self._owner(name), reference), request.query.get("digest", "")
        if upload is None:
            return _no_upload()
        if not DIGEST.fullmatch(digest):
            return error(400, "DIGEST_INVALID", f"{digest!r} is no sha256 digest")
        await _receive(request, upload)
        if actual := self._blobs.finish(self._owner(name), reference, digest):
            return error(400, "DIGEST_INVALID", f"the bytes have the digest {actual}, not {digest}")
        return _created(f"/v2/{name}/blobs/{digest}", digest)

    async def upload_status(self, _request: Request, name: str, reference: str) -> Response:
        """GET a session: how far it has come."""
        upload = self._blobs.upload(self._owner(name), reference)
        return _session(204, name, reference, upload.size) if upload else _no_upload()

    async def cancel_upload(self, _request: Request, name: str, reference: str) -> Response:
        """DELETE a session."""
        if self._blobs.upload(self._owner(name), reference) is None:
            return _no_upload()
        self._blobs.cancel(reference)
        return Response(status=204)

    async def blob(self, request: Request, name: str, reference: str) -> Response:
        """GET or HEAD a blob, whole or a range of it."""
        size = self._blobs.size(self._owner(name), reference)
        if size is None:
            return error(404, "BLOB_UNKNOWN", f"blob {reference} unknown to repository {name}")
        headers = {
            "Docker-Content-Digest": reference,
            "Content-Type": "application/octet-stream",
            "Accept-Ranges": "bytes",
        }
        part = range_of(request.headers.get("range", ""), size)
        if part is None:
            return error(416, "RANGE_INVALID", f"the blob has {size} bytes", **{"Content-Range": f"bytes */{size}"})
        if len(part) < size:
            headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{size}"
        headers["Content-Length"] = str(len(part))
        stream = self._blobs.read(self._owner(name), reference, part.start, part.stop - 1)
        return Response(status=206 if len(part) < size else 200, headers=headers, stream=stream)

    async def put_manifest(self, request: Request, name: str, reference: str) -> Response:
        """PUT a manifest by tag or digest."""
        body = await request.body(limit=MANIFEST_LIMIT_BYTES)
        if body is None:
            return error(413, "SIZE_INVALID", f"a manifest may have {MANIFEST_LIMIT_BYTES} bytes")
        tag = None if DIGEST.fullmatch(reference) else reference
        if tag and not _TAG.fullmatch(tag):
            return error(400, "TAG_INVALID", f"{tag!r} is no tag")
        before = images.digest_of(name, tag)
        try:
            record = images.put(self._blobs, name, body, tag=tag, content_type=request.headers.get("content-type", ""))
        except images.Refusal as refusal:
            return error(400, refusal.code, refusal.text)
        digest = record["imageDigest"]
        if not tag and digest != reference:
            return error(400, "DIGEST_INVALID", f"the manifest has the digest {digest}, not {reference}")
        if digest != before:
            notices.pushed(name, record, tag)
        response = _created(f"/v2/{name}/manifests/{digest}", digest)
        if subject := state.of_image(record).subject:
            response.headers["OCI-Subject"] = subject
        return response

    async def manifest(self, request: Request, name: str, reference: str) -> Response:
        """GET or HEAD a manifest by tag or digest."""
        by = {"digest": reference} if DIGEST.fullmatch(reference) else {"tag": reference}
        record = images.find(name, **by)
        if record is None:
            return error(404, "MANIFEST_UNKNOWN", "Requested image not found")
        if request.method == "GET":
            state.of_image(record).pulled_at = int(time.time())
        headers = {"Docker-Content-Digest": record["imageDigest"], "Content-Type": record["imageManifestMediaType"]}
        body = images.raw(name, record)
        return Response(status=200, headers={**headers, "Content-Length": str(len(body))}, body=body)

    async def delete_manifest(self, _request: Request, name: str, reference: str) -> Response:
        """DELETE a manifest by digest, or a tag."""
        is_digest = DIGEST.fullmatch(reference)
        record = images.find(name, **({"digest": reference} if is_digest else {"tag": reference}))
        if record is None:
            return error(404, "MANIFEST_UNKNOWN", "Requested image not found")
        try:
            if is_digest:
                images.remove(name, record)
            else:
                images.untag(name, record, reference)
        except images.Refusal as refusal:
            return error(400, refusal.code, refusal.text)
        return Response(status=202)

    async def tags(self, request: Request, name: str, _reference: str) -> Response:
        """GET the tags, in pages of `n` after `last`."""
        tags = sorted({tag for record in images.records(name) for tag in record["imageTags"]})
        tags = [tag for tag in tags if tag > request.query.get("last", "")]
        headers, count = {"Content-Type": "application/json"}, request.query.get("n", "")
        if count.isdigit() and len(tags) > int(count) > 0:
            tags = tags[: int(count)]
            headers["Link"] = f'</v2/{name}/tags/list?n={count}&last={tags[-1]}>; rel="next"'
        return Response(status=200, headers=headers, body=json.dumps({"name": name, "tags": tags}).encode())

    async def referrers(self, request: Request, name: str, reference: str) -> Response:
        """GET an index of what names `reference` as its subject."""
        return referrers.page(name, reference, request.query)


async def _receive(request: Request, upload: Upload) -> None:
    """Append the body. Files and digests are a thread's work: the loop reads on meanwhile, for others too."""
    gathered = bytearray()
    try:
        async for piece in request.pieces():
            gathered += piece
            if len(gathered) >= _WRITE_BYTES:
                full, gathered = gathered, bytearray()
                await asyncio.to_thread(upload.append, full)
    finally:
        upload.append(gathered)


def _created(location: str, digest: str) -> Response:
    return Response(status=201, headers={"Location": location, "Docker-Content-Digest": digest})


def _session(status: int, name: str, identifier: str, size: int) -> Response:
    headers = {
        "Location": f"/v2/{name}/blobs/uploads/{identifier}",
        "Range": f"0-{max(size - 1, 0)}",
        "Docker-Upload-UUID": identifier,
    }
    return Response(status=status, headers=headers)


def _no_upload() -> Response:
    return error(404, "BLOB_UPLOAD_UNKNOWN", "no such upload: it never began, or it is finished")


def _route(tail: str, **methods: tuple[Handler, tuple[str, ...]]) -> Route:
    return re.compile(f"/v2/{_NAME}/{tail}"), methods


_BLOB = r"blobs/(?P<reference>sha256:[0-9a-f]{64})"
_SESSION = r"blobs/uploads/(?P<reference>[0-9a-f-]{36})"
_PULL = ("ecr:BatchGetImage",)
_UPLOAD = ("ecr:UploadLayerPart",)
# Each method with the permissions of which it needs one: ECR User Guide, "Private repository policy examples" and
# "Required IAM permissions for pushing an image". Which of them a HEAD of a blob needs is not documented.
_ROUTES = (
    _route("blobs/uploads/?", POST=(Registry.start_upload, ("ecr:InitiateLayerUpload",))),
    _route(
        _SESSION,
        PATCH=(Registry.append, _UPLOAD),
        PUT=(Registry.finish_upload, ("ecr:CompleteLayerUpload",)),
        GET=(Registry.upload_status, _UPLOAD),
        DELETE=(Registry.cancel_upload, _UPLOAD),
    ),
    _route(
        _BLOB,
        GET=(Registry.blob, ("ecr:GetDownloadUrlForLayer",)),
        HEAD=(Registry.blob, ("ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer")),
    ),
    _route(
        r"manifests/(?P<reference>[^/]+)",
        PUT=(Registry.put_manifest, ("ecr:PutImage",)),
        GET=(Registry.manifest, _PULL),
        HEAD=(Registry.manifest, _PULL),
        DELETE=(Registry.delete_manifest, ("ecr:BatchDeleteImage",)),
    ),
    _route("tags/list", GET=(Registry.tags, ("ecr:ListImages",))),
    _route(r"referrers/(?P<reference>sha256:[0-9a-f]{64})", GET=(Registry.referrers, _PULL)),
)
