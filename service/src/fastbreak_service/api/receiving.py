# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Parts that arrive at the service itself, where no bucket takes them."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect
from starlette.responses import Response

from fastbreak_service.api import parameters, upload
from fastbreak_service.api.completing import AWAY, ended
from fastbreak_service.api.errors import ApiError
from fastbreak_service.api.storing import ask_storage
from fastbreak_service.footage.ports import FootageMissingError

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request

    from fastbreak_service.api.parts import Parts

_NUMBER, _SIZE = re.compile(r"[1-9][0-9]{0,4}"), re.compile(r"[1-9][0-9]{0,12}")


async def receive_part(parts: Parts, request: Request) -> Response:
    """Keep a part, in the place of what arrived under its number before. Raises ApiError."""
    body = upload.Body(request)
    try:
        target, size = await _wanted(parts, request)
        length = request.headers.get("content-length", str(size))
        if length != str(size):
            raise _another_size(length, size)
        await _save(body, target, size, parts.settings.scratch_bytes)
    except ClientDisconnect:
        return Response(status_code=499)
    except ApiError:
        await body.discard()
        raise
    return Response(status_code=200)


async def _wanted(parts: Parts, request: Request) -> tuple[Path, int]:
    """The file that the part is to be, and its size. Raises ApiError."""
    identity, number = parameters.upload_id(request), request.path_params["number"]
    size, ticket = request.query_params.get("size", ""), request.query_params.get("ticket", "")
    target = None
    if _NUMBER.fullmatch(number) and _SIZE.fullmatch(size):
        try:
            target = await ask_storage(AWAY, parts.footage.part, identity, int(number), int(size), ticket)
        except FootageMissingError as error:
            raise ended() from error
    if target is None:
        again = f"POST /v1/uploads/{identity}/part-links makes others."
        raise ApiError(403, "link_expired", f"The link is not valid, or not any more. {again}")
    return target, int(size)


async def _save(body: upload.Body, target: Path, size: int, room: int) -> None:
    arriving = target.with_name(f"{target.name.partition('.')[0]}.{uuid.uuid4().hex}.part")
    try:
        found = await body.save(arriving, size, room, refuse=_longer)
        if found != size:
            raise _another_size(str(found), size)
        with upload.storing():
            _take(arriving, target)
    finally:
        arriving.unlink(missing_ok=True)


def _take(arriving: Path, target: Path) -> None:
    """Let a part be the one of its number. Raises ApiError, and OSError."""
    try:
        arriving.rename(target)
    except FileNotFoundError as error:
        # Whoever gives an upload up deletes what is on its way as well.
        raise ended() from error


def _longer(size: int) -> ApiError:
    return _another_size("more", size)


def _another_size(found: str, size: int) -> ApiError:
    return ApiError(400, "bad_part", f"The part has {found[:20]} bytes, and the link is for exactly {size}.")
