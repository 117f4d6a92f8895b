# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which media type a file is served as, by the end of its name. A kept table: the machine's own differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_TEXT = "; charset=utf-8"

MEDIA_TYPES: Mapping[str, str] = {
    "avif": "image/avif",
    "css": f"text/css{_TEXT}",
    "csv": f"text/csv{_TEXT}",
    "gif": "image/gif",
    "htm": f"text/html{_TEXT}",
    "html": f"text/html{_TEXT}",
    "ico": "image/x-icon",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "js": f"text/javascript{_TEXT}",
    "json": "application/json",
    "map": "application/json",
    "md": f"text/markdown{_TEXT}",
    "mjs": f"text/javascript{_TEXT}",
    "mp3": "audio/mpeg",
    "mp4": "video/mp4",
    "ogg": "audio/ogg",
    "onnx": "application/octet-stream",
    "otf": "font/otf",
    "pdf": "application/pdf",
    "png": "image/png",
    "svg": "image/svg+xml",
    "ttf": "font/ttf",
    "txt": f"text/plain{_TEXT}",
    "wasm": "application/wasm",
    "wav": "audio/wav",
    "webm": "video/webm",
    "webmanifest": "application/manifest+json",
    "webp": "image/webp",
    "woff": "font/woff",
    "woff2": "font/woff2",
    "xml": "application/xml",
    "zip": "application/zip",
}


def media_type(path: str, own: Mapping[str, str]) -> str:
    """The type of the file at *path*, first by the caller's *own* endings; empty when neither table knows it."""
    _name, dot, ending = path.rpartition("/")[2].rpartition(".")
    return own.get(ending.lower()) or MEDIA_TYPES.get(ending.lower(), "") if dot else ""
