# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The routes of the OCI distribution specification 1.1, over a `Store`."""

import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.registries.store import RefusedError

_NAME = r"/v2/(?P<name>[a-z0-9]+(?:[._/-]+[a-z0-9]+)*)"
_OCI_INDEX = "application/vnd.oci.image.index.v1+json"
_LIMIT = 4 << 20


@dataclass
class Answer:
    """What is sent back."""

    status: int
    headers: dict = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True)
class _Call:
    registry: Any
    request: Any
    body: bytes
    query: dict
    name: str
    reference: str = ""

    @property
    def store(self):
        return self.registry.store


def answer(registry, request, body):
    """What the registry says to a request."""
    parts = urlsplit(request.path)
    if parts.path in registry.files:
        return _ranged(registry, request, registry.files[parts.path], {})
    if parts.path == "/token":
        return registry.token(request, body)
    if refusal := registry.refusal(request):
        return refusal
    if parts.path in ("/v2/", "/v2"):
        return Answer(200, {"Content-Type": "application/json"}, b"{}")
    query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
    for pattern, methods in _ROUTES:
        if found := re.fullmatch(pattern, parts.path):
            return _carry_out(methods.get(request.method), _Call(registry, request, body, query, **found.groupdict()))
    return _error(404, "NAME_INVALID", f"{parts.path} is no path of a registry")


def _carry_out(handler, call):
    if handler is None:
        return _error(405, "UNSUPPORTED", "not here")
    if call.registry.most_bytes is not None and len(call.body) > call.registry.most_bytes:
        return _error(call.registry.too_many_status, "SIZE_INVALID", "too many bytes at once")
    try:
        return handler(call)
    except RefusedError as error:
        return _error(error.status, error.code, error.text)


def _error(status, code, text):
    body = json.dumps({"errors": [{"code": code, "message": text}]}).encode()
    return Answer(status, {"Content-Type": "application/json"}, body)


def _created(location, digest):
    return Answer(201, {"Location": location, "Docker-Content-Digest": digest})


def _session(status, call, identifier):
    size, minimum = len(call.store.uploads[identifier].content), call.registry.chunk_min_length
    headers = {
        "Location": f"/v2/{call.name}/blobs/uploads/{identifier}?state=a%2Fb",
        "Range": f"0-{max(size - 1, 0)}",
        "Docker-Upload-UUID": identifier,
    }
    return Answer(status, {**headers, **({"OCI-Chunk-Min-Length": str(minimum)} if minimum else {})})


def _start(call):
    store, digest = call.store, call.query.get("mount", "")
    held = store.blobs.get((call.query.get("from", ""), digest))
    if held is not None and call.registry.mounts:
        store.blobs[call.name, digest] = held
        return _created(f"/v2/{call.name}/blobs/{digest}", digest)
    return _session(202, call, store.start(call.name))


def _upload(call):
    upload = call.store.uploads.get(call.reference)
    if upload is None or upload.repository != call.name:
        raise RefusedError(404, "BLOB_UPLOAD_UNKNOWN", "there is no such upload")
    return upload


def _append(call):
    upload = _upload(call)
    start = call.request.headers.get("content-range", "").partition("-")[0]
    if start and int(start) != len(upload.content) and call.registry.checks_ranges:
        return _session(416, call, call.reference)
    upload.content += call.body
    return _session(202, call, call.reference)


def _finish(call):
    _upload(call).content.extend(call.body)
    call.store.finish(call.name, call.reference, call.query.get("digest", ""))
    return _created(f"/v2/{call.name}/blobs/{call.query['digest']}", call.query["digest"])


def _status(call):
    _upload(call)
    return _session(204, call, call.reference)


def _cancel(call):
    _upload(call)
    del call.store.uploads[call.reference]
    return Answer(204)


def _blob(call):
    content = call.store.blobs.get((call.name, call.reference))
    if content is None:
        return _error(404, "BLOB_UNKNOWN", "blob unknown to registry")
    return _ranged(call.registry, call.request, content, {"Docker-Content-Digest": call.reference})


def _ranged(registry, request, content, headers):
    wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("range", ""))
    if not wanted or not registry.ranges:
        return Answer(200, {**headers, "Content-Type": "application/octet-stream"}, content)
    first = int(wanted[1])
    last = min(int(wanted[2] or len(content)), len(content) - 1)
    if first > last:
        return _error(416, "RANGE_INVALID", f"there are {len(content)} bytes")
    headers = {**headers, "Content-Range": f"bytes {first}-{last}/{len(content)}"}
    return Answer(206, headers, content[first : last + 1])


def _put_manifest(call):
    if len(call.body) > _LIMIT:
        raise RefusedError(413, "SIZE_INVALID", "the manifest is too large")
    if call.registry.refuse_subject and b'"subject"' in call.body:
        raise RefusedError(405, "UNSUPPORTED", "manifests with a subject are not supported")
    media_type = call.request.headers.get("content-type", "")
    digest, subject = call.store.put_manifest(call.name, call.reference, call.body, media_type)
    found = _created(f"/v2/{call.name}/manifests/{digest}", digest)
    if subject and call.registry.subject_header:
        found.headers["OCI-Subject"] = subject
    return found


def _manifest(call):
    found = call.store.find_manifest(call.name, call.reference)
    if found is None:
        return _error(404, "MANIFEST_UNKNOWN", "manifest unknown")
    digest, manifest = found
    return Answer(200, {"Content-Type": manifest.media_type, "Docker-Content-Digest": digest}, manifest.content)


def _page(call, items):
    start = int(call.query.get("start", "0"))
    size = min(int(call.query.get("n") or call.registry.page_size), call.registry.page_size)
    path = urlsplit(call.request.path).path
    more = len(items) > start + size
    link = {"Link": f'<{path}?n={size}&start={start + size}>; rel="next"'} if more else {}
    return items[start : start + size], link


def _tags(call):
    if not call.store.holds(call.name):
        return _error(404, "NAME_UNKNOWN", "repository name not known to registry")
    page, link = _page(call, sorted(tag for repository, tag in call.store.tags if repository == call.name))
    body = json.dumps({"name": call.name, "tags": page}).encode()
    return Answer(200, {"Content-Type": "application/json", **link}, body)


def _referrers(call):
    if not call.registry.referrers_api:
        return Answer(404, {"Content-Type": "text/plain"}, b"404 page not found")
    page, link = _page(call, call.store.referrers(call.name, call.reference))
    index = {"schemaVersion": 2, "mediaType": _OCI_INDEX, "manifests": page}
    return Answer(200, {"Content-Type": _OCI_INDEX, **link}, json.dumps(index).encode())


_ROUTES = (
    (_NAME + r"/blobs/uploads/", {"POST": _start}),
    (
        _NAME + r"/blobs/uploads/(?P<reference>[0-9a-f-]{36})",
        {"PATCH": _append, "PUT": _finish, "GET": _status, "DELETE": _cancel},
    ),
    (_NAME + r"/blobs/(?P<reference>sha256:[0-9a-f]{64})", {"GET": _blob, "HEAD": _blob}),
    (_NAME + r"/manifests/(?P<reference>[^/]+)", {"PUT": _put_manifest, "GET": _manifest, "HEAD": _manifest}),
    (_NAME + r"/tags/list", {"GET": _tags}),
    (_NAME + r"/referrers/(?P<reference>sha256:[0-9a-f]{64})", {"GET": _referrers}),
)
