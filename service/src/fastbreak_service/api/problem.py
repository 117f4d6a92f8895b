# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""An error in words: a problem details object (RFC 9457), with `error` beside it for callers of earlier releases."""

from __future__ import annotations

from typing import Any

MEDIA_TYPE = "application/problem+json"
TYPE = "urn:fastbreak:problem:"


def problem(status: int, code: str, message: str) -> dict[str, Any]:
    """The object. `error` comes last."""
    return {
        "type": TYPE + code,
        "title": code.replace("_", " ").capitalize(),
        "status": status,
        "detail": message,
        "error": {"code": code, "message": message},
    }
