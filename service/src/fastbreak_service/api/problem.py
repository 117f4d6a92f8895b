# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""An error in words: a problem details object (RFC 9457), with `error` beside it for callers of earlier releases."""

from __future__ import annotations

from typing import Any

MEDIA_TYPE = "application/problem+json"
TYPE = "urn:fastbreak:problem:"
TOLD = {
    400: "A parameter or the request itself is wrong; `detail` names it.",
    401: "No token was sent, or none that is accepted.",
    403: "The token does not give the role that this needs, the link is not valid any more, or the quota is too small.",
    404: "There is no such analysis, no such person or finding of it, or no such upload.",
    405: "The path does not take this method; `Allow` lists those that it takes.",
    408: "The body arrived too slowly.",
    409: "There is no room for more, parts have not arrived, or something has to end before.",
    410: "The video is not kept any more, or the upload has ended.",
    412: "It is not any more what the caller saw; `If-Match` names something else.",
    413: "The body is over the limit.",
    414: "The address is too long.",
    415: "The body is not of a kind that this takes, or not sent as one.",
    416: "The range lies outside of the video.",
    422: "The video cannot be analysed, or something else was sent under its key.",
    428: "The header `If-Match` is missing.",
    429: "The queue is full, the team's quota is used, or too much is asked, arrives or is on its way at once.",
    431: "The headers are too large.",
    500: "The service failed on this request.",
    503: "The service cannot do it at the moment.",
}
"""What a status says, as the interface is described."""


def problem(status: int, code: str, message: str) -> dict[str, Any]:
    """The object. `error` comes last."""
    return {
        "type": TYPE + code,
        "title": code.replace("_", " ").capitalize(),
        "status": status,
        "detail": message,
        "error": {"code": code, "message": message},
    }
