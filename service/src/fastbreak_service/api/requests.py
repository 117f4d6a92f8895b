# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Requests that are well-formed, but are not served as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from fastbreak_service.api.errors import ApiError

if TYPE_CHECKING:
    from starlette.types import Scope

TARGET_BYTES = 8192
HEADER_BYTES = 65_536
_CLOSE = {"connection": "close"}


def in_origin_form(scope: Scope) -> Scope:
    """The request with its path alone, where its target was a whole URL, as to a proxy (RFC 9112, 3.2.2)."""
    target: bytes = scope.get("raw_path") or b""
    if not target.lower().startswith((b"http://", b"https://")):
        return scope
    path = b"/" + target.split(b"/", 3)[3] if target.count(b"/") > 2 else b"/"
    return {**scope, "raw_path": path, "path": unquote(path.decode("ascii"))}


def refusal(scope: Scope) -> ApiError | None:
    """Why a request is not served, whatever it asks for; None when it is."""
    names = {name for name, _ in scope["headers"]}
    target = len(scope.get("raw_path") or b"") + len(scope["query_string"])
    if not scope["http_version"].startswith("1."):
        return ApiError(
            505, "http_version_not_supported", "The service speaks HTTP/1.1 and HTTP/1.0. Send one of them.", _CLOSE
        )
    if {b"content-length", b"transfer-encoding"} <= names:
        # Two parties that read such a request may not agree on where it ends (RFC 9112, 6.1).
        return ApiError(400, "bad_request", "Send either content-length or transfer-encoding, not both.", _CLOSE)
    if target > TARGET_BYTES:
        return ApiError(414, "uri_too_long", f"The address may have at most {TARGET_BYTES} bytes.", _CLOSE)
    if sum(len(name) + len(value) for name, value in scope["headers"]) > HEADER_BYTES:
        return ApiError(431, "headers_too_large", f"Headers may have {HEADER_BYTES} bytes together.", _CLOSE)
    return None
