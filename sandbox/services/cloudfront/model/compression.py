# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""When an answer is compressed, and how.

CloudFront developer guide, "Serve compressed files". Brotli is not here: a browser that takes both gets gzip.
"""

import gzip

from sandbox.services.cloudfront.model.cache import Answer

_LEAST_BYTES, _MOST_BYTES = 1_000, 10_000_000
_STATUSES = {200, 403, 404}
_TYPES = {
    "application/javascript",
    "application/json",
    "application/manifest+json",
    "application/wasm",
    "application/xml",
    "image/svg+xml",
    "text/css",
    "text/html",
    "text/javascript",
    "text/plain",
    "text/xml",
}


def encoding_wanted(accept_encoding: str, *, compresses: bool) -> str:
    """The encoding in which a viewer gets what can be compressed; it is a part of the cache's key."""
    accepted = {part.partition(";")[0].strip().lower() for part in accept_encoding.split(",")}
    return "gzip" if compresses and "gzip" in accepted else ""


def compressed(answer: Answer, encoding: str) -> Answer:
    """The answer in `encoding` if CloudFront would compress it; a strong ETag becomes a weak one."""
    kind = answer.header("content-type").partition(";")[0].strip().lower()
    if (
        encoding != "gzip"
        or answer.status not in _STATUSES
        or kind not in _TYPES
        or answer.header("content-encoding")
        or "no-transform" in answer.header("cache-control")
        or not _LEAST_BYTES <= len(answer.body) <= _MOST_BYTES
    ):
        return answer
    body = gzip.compress(answer.body, mtime=0)
    headers = {**answer.headers, "content-encoding": "gzip", "content-length": str(len(body))}
    headers["vary"] = "Accept-Encoding"
    if (tag := answer.header("etag")) and not tag.startswith("W/"):
        headers["etag"] = f"W/{tag}"
    return Answer(answer.status, answer.reason, headers, body)
