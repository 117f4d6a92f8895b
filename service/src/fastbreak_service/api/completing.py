# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Accepting a video that arrived in parts: put together, measured, checked and recorded, however often that is asked.

Each step can be repeated: whoever is killed in the middle leaves what the next one goes on with. The record comes last.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

import structlog
from starlette.responses import JSONResponse, Response

from fastbreak_service import metrics
from fastbreak_service.api import parameters, upload, views
from fastbreak_service.api.asking import CALLER_SECONDS, ask
from fastbreak_service.api.cutting import fingerprint, part_sizes
from fastbreak_service.api.errors import ApiError, not_checked, rejected
from fastbreak_service.api.storing import ask_storage, move
from fastbreak_service.api.using import within_quota
from fastbreak_service.errors import NotCheckedError, RejectedVideoError, Rejection
from fastbreak_service.footage.ports import FootageError, FootageMissingError, PartsMissingError
from fastbreak_service.store.team_analyses import NewAnalysis
from fastbreak_service.store.team_uploads import GIVEN_UP

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

    from sqlalchemy import RowMapping

    from fastbreak_service.api.intake import Intake
    from fastbreak_service.api.parts import Parts
    from fastbreak_service.identity.caller import Caller
    from fastbreak_service.store.team_uploads import TeamUploads

AWAY = "The service cannot reach the storage of videos at the moment. Try again in a minute; what arrived stays."
_KEY_REUSED = "idempotency_key_reused"
_MOST_NAMED = 10
log = structlog.get_logger()


class Completion:
    """Completes uploads, each by one request at a time in this process. Lives on one event loop."""

    def __init__(self, parts: Parts, intake: Intake) -> None:
        self._parts = parts
        self._intake = intake
        self._busy: WeakValueDictionary[uuid.UUID, asyncio.Lock] = WeakValueDictionary()

    async def complete(self, caller: Caller, identity: uuid.UUID) -> Response:
        """The answer, that of a video sent at once. Raises ApiError and DATABASE_ERRORS."""
        uploads = self._parts.uploads(caller)
        lock = self._busy.setdefault(identity, asyncio.Lock())
        try:
            async with lock:
                if await ask(CALLER_SECONDS, uploads.accepted, identity) is None:
                    await self._accept(caller, uploads, await open_upload(self._parts, uploads, identity))
        except ApiError as error:
            metrics.REJECTIONS.labels(code=error.code).inc()
            raise
        location = f"/v1/analyses/{identity}"
        return JSONResponse({"id": str(identity), "status": "queued"}, status_code=202, headers={"location": location})

    async def _accept(self, caller: Caller, uploads: TeamUploads, row: RowMapping) -> None:
        identity, new = row["id"], self._new(row)
        try:
            with within_quota():
                await ask(CALLER_SECONDS, uploads.expect, new)
            # What is put together takes room until it is accepted or refused: so it has a place before that.
            async with AsyncExitStack() as held:
                async with self._intake.gate.turn(caller.team):
                    await held.enter_async_context(self._intake.place(caller))
                    await self._look_at(row)
                with within_quota():
                    sent = await ask(CALLER_SECONDS, uploads.accept, new)
        except RejectedVideoError as error:
            raise await self._refuse(uploads, row, rejected(error)) from error
        except NotCheckedError as error:
            raise not_checked(error) from error
        if sent is None:
            # Given up meanwhile: whoever did that clears what was there then, and this what came after.
            await self._erase(identity)
            raise ended()
        if sent.id != identity:
            raise await self._refuse(uploads, row, parameters.key_reused())
        self._intake.announce(new)

    def _new(self, row: RowMapping) -> NewAnalysis:
        footage, (name, size) = self._parts.footage, (row["filename"], row["size_bytes"])
        version, key = self._parts.settings.work.version, row["idempotency_key"]
        return NewAnalysis(row["id"], name, size, footage.place, footage.durable, version, key, fingerprint(name, size))

    async def _look_at(self, row: RowMapping) -> None:
        """Put it together, measure and check it. Raises RejectedVideoError, NotCheckedError and ApiError."""
        with upload.storing():
            room, size = self._parts.settings.scratch_bytes, row["size_bytes"]
            upload.check_room(self._parts.footage.directory, room, size, str(row["id"]))
        await self._join(row)
        await self._measure(row)
        await self._check(row["id"])

    async def _join(self, row: RowMapping) -> None:
        """Have the storage put the video together, unless it did before. Raises ApiError."""
        sizes = part_sizes(row["size_bytes"], row["part_bytes"])
        try:
            await move(self._parts.footage.arrivals.join, row["id"], row["storage_upload"], sizes)
        except PartsMissingError as error:
            raise _incomplete(error.numbers) from error
        except FootageMissingError as error:
            if await ask_storage(AWAY, self._parts.footage.arrivals.size, row["id"]) is None:
                raise ended() from error
        except FootageError as error:
            log.error("upload not put together", reason=str(error))  # noqa: TRY400 - the reason says it all
            raise upload.not_stored("cannot put the video together") from error

    async def _measure(self, row: RowMapping) -> None:
        """Raise RejectedVideoError when the video has not the size that was announced, which was held to the limit."""
        size = await ask_storage(AWAY, self._parts.footage.arrivals.size, row["id"])
        if size is None:
            raise ended()
        if size != row["size_bytes"]:
            raise RejectedVideoError(
                Rejection.TRUNCATED, f"The video has {size} bytes, and {row['size_bytes']} were announced."
            )

    async def _check(self, identity: uuid.UUID) -> None:
        """Look at it as at one that was sent at once. Raises RejectedVideoError, NotCheckedError and ApiError."""
        footage = self._parts.footage
        try:
            fetched = await move(footage.fetch, identity)
        except FootageMissingError as error:
            raise ended() from error
        except FootageError as error:
            log.error("upload not read", reason=str(error))  # noqa: TRY400 - the reason says it all
            raise upload.not_stored("cannot read the video") from error
        try:
            await self._intake.check(fetched)
        finally:
            await move(footage.put_away, fetched)

    async def _refuse(self, uploads: TeamUploads, row: RowMapping, error: ApiError) -> ApiError:
        """Note why a video is refused, and delete it; the error. What somebody else accepted stays."""
        if await ask(CALLER_SECONDS, uploads.refuse, row["id"], error.code, error.message):
            await self._erase(row["id"])
        return error

    async def _erase(self, identity: uuid.UUID) -> None:
        try:
            await move(self._parts.footage.erase, identity)
        except FootageError as error:
            # The sweep of uploads erases it later.
            log.warning("upload not cleared", upload_id=str(identity), reason=str(error))


async def open_upload(parts: Parts, uploads: TeamUploads, identity: uuid.UUID) -> RowMapping:
    """An upload that may go on. Raises ApiError: 404, what it was refused for, or 410 when its time is over."""
    row = await ask(CALLER_SECONDS, uploads.one, identity)
    if row is None:
        raise parameters.no_such_upload()
    if row["error_code"] not in {None, GIVEN_UP}:
        raise _refused(row["error_code"], row["error_message"])
    late = views.upload_ends(row) <= datetime.now(UTC)
    if row["error_code"] == GIVEN_UP or late or row["place"] != parts.footage.place:
        raise ended()
    return row


def ended() -> ApiError:
    """The answer for an upload that was given up, was not whole in time, or of which the storage has nothing."""
    return ApiError(410, "upload_ended", "The upload has ended, and nothing of it is kept. Begin another one.")


def _refused(code: str, message: str) -> ApiError:
    if code == _KEY_REUSED:
        return parameters.key_reused()
    return rejected(RejectedVideoError(Rejection(code), message))


def _incomplete(missing: Sequence[int]) -> ApiError:
    named = ", ".join(map(str, missing[:_MOST_NAMED])) + (", ..." if len(missing) > _MOST_NAMED else "")
    return ApiError(
        409, "upload_incomplete", f"{len(missing)} parts have not arrived whole: {named}. Send them, and complete then."
    )
