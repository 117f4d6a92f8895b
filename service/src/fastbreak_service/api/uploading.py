# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Videos that are sent to the storage itself, in parts: begun here, and accepted here once they are whole."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING, Any

import structlog
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fastbreak_service.api import parameters, views
from fastbreak_service.api.asking import CALLER_SECONDS, ask, note
from fastbreak_service.api.bodies import bad_body, json_object
from fastbreak_service.api.completing import AWAY, Completion, ended, open_upload
from fastbreak_service.api.cutting import MOST_NAME, MOST_OPEN, MOST_PARTS, fingerprint, part_bytes, part_sizes
from fastbreak_service.api.errors import ApiError
from fastbreak_service.api.receiving import receive_part
from fastbreak_service.api.storing import ask_storage, move
from fastbreak_service.api.upload import too_large
from fastbreak_service.api.using import within_quota
from fastbreak_service.footage.ports import FootageError, FootageMissingError
from fastbreak_service.identity.caller import Role
from fastbreak_service.store.audit import Action
from fastbreak_service.store.failures import DATABASE_ERRORS, reason
from fastbreak_service.store.team_uploads import NewUpload
from fastbreak_service.store.usage import QuotaError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sqlalchemy import RowMapping
    from starlette.requests import Request

    from fastbreak_service.api.intake import Intake
    from fastbreak_service.api.parts import Parts
    from fastbreak_service.footage.ports import Footage
    from fastbreak_service.identity.caller import Caller
    from fastbreak_service.store.team_uploads import LeftUploads, TeamUploads

LINK_SECONDS = 600
"""As of links to videos: a link must not outlive the credentials that signed it."""
_MOST_LINKS = 100
_BETWEEN_SECONDS = 600.0
_STILL_THERE = (
    "The upload is given up, but the storage does not erase what arrived of it at the moment. The service tries again "
    "by itself; send this again to know."
)
log = structlog.get_logger()


_ONE = "/v1/uploads/{id}"


def upload_routes(parts: Parts, intake: Intake) -> list[Route]:
    """The routes."""
    completion = Completion(parts, intake)

    async def complete_upload(request: Request) -> Response:
        caller = await parts.admission.admit(request, Role.UPLOADER)
        return await completion.complete(caller, parameters.upload_id(request))

    async def put_part(request: Request) -> Response:
        return await receive_part(parts, request)

    return [
        *_beginning_and_end(parts),
        _links_route(parts),
        Route(f"{_ONE}/parts/{{number}}", put_part, methods=["PUT"]),
        Route(f"{_ONE}/completion", complete_upload, methods=["POST"]),
    ]


def _beginning_and_end(parts: Parts) -> list[Route]:
    async def begin_upload(request: Request) -> Response:
        caller = await parts.admission.admit(request, Role.UPLOADER)
        key = parameters.idempotency_key(request)
        try:
            filename, size = read_new(await json_object(request), parts.settings.max_upload_bytes)
        except ClientDisconnect:
            return Response(status_code=499)
        shown = await _begin(parts, caller, filename, size, key)
        headers = {"location": f"/v1/uploads/{shown['id']}"}
        return JSONResponse(shown, status_code=201, headers=headers)

    async def list_uploads(request: Request) -> Response:
        caller = await parts.admission.admit(request, Role.UPLOADER)
        limit, after = parameters.integer(request, "limit", 50, 100), parameters.list_cursor(request)
        rows = await ask(CALLER_SECONDS, parts.uploads(caller).newest, limit + 1, after)
        await note(parts.trail, caller, Action.UPLOADS_LISTED)
        following = views.list_cursor(rows[limit - 1]) if len(rows) > limit else None
        return JSONResponse({"uploads": [views.listed_upload(row) for row in rows[:limit]], "next": following})

    async def get_upload(request: Request) -> Response:
        caller = await parts.admission.admit(request, Role.UPLOADER)
        upload = parameters.upload_id(request)
        shown = await _shown(parts, parts.uploads(caller), upload)
        await note(parts.trail, caller, Action.UPLOAD_READ, upload)
        return JSONResponse(shown)

    async def give_up_upload(request: Request) -> Response:
        caller = await parts.admission.admit(request, Role.UPLOADER)
        await _give_up(parts, parts.uploads(caller), parameters.upload_id(request))
        return Response(status_code=204)

    return [
        Route("/v1/uploads", list_uploads, methods=["GET"]),
        Route("/v1/uploads", begin_upload, methods=["POST"]),
        Route(_ONE, get_upload, methods=["GET"]),
        Route(_ONE, give_up_upload, methods=["DELETE"]),
    ]


def _links_route(parts: Parts) -> Route:
    async def create_part_links(request: Request) -> Response:
        caller = await parts.admission.admit(request, Role.UPLOADER)
        after = parameters.integer(request, "after", 0, MOST_PARTS)
        last = after + parameters.integer(request, "limit", _MOST_LINKS, _MOST_LINKS)
        row = await open_upload(parts, parts.uploads(caller), parameters.upload_id(request))
        sizes = part_sizes(row["size_bytes"], row["part_bytes"])
        page = {number: sizes[number] for number in range(after + 1, min(last, len(sizes)) + 1)}
        expires, links = views.moment_in(LINK_SECONDS), parts.footage.arrivals.links
        urls = await ask_storage(AWAY, links, row["id"], row["storage_upload"], page, LINK_SECONDS)
        told = zip(page.items(), urls, strict=True)
        shown = [{"number": number, "size_bytes": size, "url": url} for (number, size), url in told]
        following = last if last < len(sizes) else None
        return JSONResponse({"parts": shown, "next": following, "expires_at": expires}, status_code=201)

    return Route(f"{_ONE}/part-links", create_part_links, methods=["POST"])


def read_new(body: dict[str, Any], limit: int) -> tuple[str | None, int]:
    """Name and size of the video that a body announces. Raises ApiError."""
    if unknown := body.keys() - {"filename", "size_bytes"}:
        raise bad_body(f"there is no {min(unknown)[:40]!r} in it")
    name, size = body.get("filename"), body.get("size_bytes")
    if not (name is None or (isinstance(name, str) and len(name) <= MOST_NAME)):
        raise bad_body(f"filename must be a text of at most {MOST_NAME} characters")
    # JSON knows no whole numbers: 5.0 is one.
    if isinstance(size, bool) or not isinstance(size, int | float) or size < 1 or size % 1:
        raise bad_body("size_bytes must be a whole number above 0")
    if size > limit:
        raise too_large(limit)
    return parameters.plain_name(name or ""), int(size)


async def _begin(parts: Parts, caller: Caller, filename: str | None, size: int, key: str | None) -> dict[str, Any]:
    """What an upload looks like that begins, or that was begun under its key before. Raises ApiError."""
    uploads, announced = parts.uploads(caller), fingerprint(filename, size)
    if key is not None and (known := await _under(parts, uploads, key, announced)):
        return known
    try:
        return await _began(parts, caller, filename, size, key)
    except ApiError as error:
        # The first try may have begun it since, and have taken the last room with it.
        if error.status == 429 and key is not None and (known := await _under(parts, uploads, key, announced)):
            return known
        raise


async def _began(parts: Parts, caller: Caller, filename: str | None, size: int, key: str | None) -> dict[str, Any]:
    """What an upload looks like that begins. Raises ApiError."""
    uploads = parts.uploads(caller)
    # Nobody sends in vain what would not be accepted now. It has its room then, and once complete is held to the rest
    # of the quota of that time.
    with within_quota():
        await ask(CALLER_SECONDS, parts.usage(caller).expect, size)
    if await ask(CALLER_SECONDS, uploads.open, parts.footage.place) >= MOST_OPEN:
        raise ApiError(
            429,
            "uploads_full",
            f"The team has {MOST_OPEN} uploads under way. Complete some, or give them up (GET /v1/uploads "
            "lists yours, and administrators all of them; DELETE /v1/uploads/{id}).",
            {"retry-after": "60"},
        )
    identity, arrivals = uuid.uuid4(), parts.footage.arrivals
    began = await ask_storage(AWAY, arrivals.begin, identity)
    new = NewUpload(identity, filename, size, part_bytes(size), parts.footage.place, began, key)
    with within_quota():
        row = await _recorded(parts, uploads, new)
    if row is None or row["id"] != identity:
        # The same was begun at the same moment, and came first.
        await ask_storage(AWAY, arrivals.abort, identity, began)
        if row is None or fingerprint(row["filename"], row["size_bytes"]) != fingerprint(filename, size):
            raise parameters.key_reused()
    else:
        log.info("upload begun", upload_id=str(identity), bytes=size)
    return views.upload(row, {})


async def _recorded(parts: Parts, uploads: TeamUploads, new: NewUpload) -> RowMapping | None:
    """What is on record in the end. Raises QuotaError, when somebody else has taken the room since it was asked for."""
    try:
        return await ask(CALLER_SECONDS, uploads.add, new)
    except QuotaError:
        try:
            await move(parts.footage.arrivals.abort, new.id, new.storage_upload)
        except FootageError as error:
            # The storage's own sweep forgets it in a day or two.
            log.warning("upload not cleared", upload_id=str(new.id), reason=str(error))
        raise


async def _give_up(parts: Parts, uploads: TeamUploads, upload: uuid.UUID) -> None:
    """Give an upload up, and erase what there is of it. Raises ApiError."""
    row = await ask(CALLER_SECONDS, uploads.give_up, upload)
    if row is None:
        raise parameters.no_such_upload()
    if row["place"] != parts.footage.place:
        raise _elsewhere()
    await ask_storage(_STILL_THERE, clear, parts.footage, upload, row["storage_upload"])
    await ask(CALLER_SECONDS, uploads.cleared, upload)
    log.info("upload given up", upload_id=str(upload))


def _elsewhere() -> ApiError:
    return ApiError(
        503,
        "storage_unavailable",
        "The upload is given up. What arrived of it is in a storage that this service does not use "
        "(FASTBREAK_FOOTAGE): a service that does erases it there by itself.",
        {"retry-after": "600"},
    )


async def _under(parts: Parts, uploads: TeamUploads, key: str, announced: str) -> dict[str, Any] | None:
    """What was begun under a key, if anything was. Raises ApiError where that was something else."""
    row = await ask(CALLER_SECONDS, uploads.under, key)
    if row is not None:
        if fingerprint(row["filename"], row["size_bytes"]) != announced:
            raise parameters.key_reused()
        return await _shown(parts, uploads, row["id"])
    sent = await ask(CALLER_SECONDS, uploads.sent_under, key)
    if sent is None:
        return None
    if sent.fingerprint != announced:
        raise parameters.key_reused()
    return await _shown(parts, uploads, sent.id)


async def _shown(parts: Parts, uploads: TeamUploads, upload: uuid.UUID) -> dict[str, Any]:
    """An upload as it is now. Raises ApiError."""
    row = await ask(CALLER_SECONDS, uploads.one, upload)
    if row is None:
        analysis = await ask(CALLER_SECONDS, uploads.accepted, upload)
        if analysis is None:
            raise parameters.no_such_upload()
        return views.accepted_upload(analysis, part_bytes(analysis["size_bytes"]))
    if row["error_code"] is not None:
        return views.upload(row, {})
    row = await open_upload(parts, uploads, upload)
    try:
        found = await ask_storage(AWAY, parts.footage.arrivals.arrived, upload, row["storage_upload"])
    except FootageMissingError as error:
        # It is put together already, and was not accepted yet.
        if await ask_storage(AWAY, parts.footage.arrivals.size, upload) is None:
            raise ended() from error
        found = part_sizes(row["size_bytes"], row["part_bytes"])
    return views.upload(row, found)


def clear(footage: Footage, upload: uuid.UUID, storage_upload: str) -> None:
    """Have the storage forget parts and video of an upload that is not accepted any more. Raises FootageError."""
    footage.arrivals.abort(upload, storage_upload)
    footage.erase(upload)


async def finish_uploads(
    left: LeftUploads, footage: Footage, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> None:
    """Clear until this is cancelled, now and then, what was given up or did not become whole in time."""
    while True:
        await sleep(_BETWEEN_SECONDS)
        try:
            for upload, storage_upload in await ask(CALLER_SECONDS, left.left):
                if await move(_cleared, footage, upload, storage_upload):
                    await ask(CALLER_SECONDS, left.cleared, upload)
        except (*DATABASE_ERRORS, ApiError) as error:
            log.warning("uploads not cleared", reason=reason(error))


def _cleared(footage: Footage, upload: uuid.UUID, storage_upload: str) -> bool:
    try:
        clear(footage, upload, storage_upload)
    except FootageError as error:
        log.warning("upload not cleared", upload_id=str(upload), reason=str(error))
        return False
    except Exception:
        # It keeps nothing else from being cleared.
        log.exception("upload not cleared", upload_id=str(upload))
        return False
    return True
