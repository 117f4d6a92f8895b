# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""As what a browser is told to play a video: by its name's ending, never by what its sender says."""

from __future__ import annotations

OTHER = "application/octet-stream"
# QuickTime's files are those of MP4 under another name, which browsers refuse under their own.
_KINDS = {
    **dict.fromkeys(("mp4", "m4v", "mov"), "video/mp4"),
    "webm": "video/webm",
    "mkv": "video/x-matroska",
    **dict.fromkeys(("ogv", "ogg"), "video/ogg"),
}


COVERED_KIND = "video/mp4"
"""Of a video in which somebody was covered, whatever it was before."""


KINDS = tuple(sorted({*_KINDS.values(), OTHER}))
"""All that a video may be shown as."""


def kind_of(filename: str | None) -> str:
    """The media type; a browser looks for itself at what has none."""
    return _KINDS.get((filename or "").rpartition(".")[2].lower(), OTHER)
