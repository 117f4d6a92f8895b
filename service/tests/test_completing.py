# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What is announced of an upload, how it is cut, and what becomes of one that is not accepted in the end."""

from __future__ import annotations

import asyncio
import uuid
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from fastbreak_service.api.completing import Completion
from fastbreak_service.api.cutting import MOST_PARTS, part_bytes, part_sizes
from fastbreak_service.api.errors import ApiError
from fastbreak_service.api.sharing import Line
from fastbreak_service.api.uploading import read_new
from fastbreak_service.footage.ports import FootageMissingError
from fastbreak_service.identity.caller import ANYBODY
from fastbreak_service.store.team_analyses import NewAnalysis, Sent
from fastbreak_service.store.usage import QuotaError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

MIB = 1 << 20
PART = 8 * MIB


class Stored:
    """A storage in which a video is whole already."""

    place = "here"
    durable = True

    def __init__(self, directory: Path, size: int | None) -> None:
        self.arrivals = self
        self.directory = directory
        self.whole = size
        self.joined = 0
        self.erased: list[uuid.UUID] = []

    def join(self, *_: object) -> None:
        self.joined += 1
        raise FootageMissingError("it has ended")

    def size(self, _: uuid.UUID) -> int | None:
        return None if self.erased else self.whole

    def erase(self, upload: uuid.UUID) -> int:
        self.erased.append(upload)
        return 1


class Rows:
    """One upload of a team, as `accept` finds it in the end."""

    def __init__(self, sent: Sent | None) -> None:
        self.row: dict[str, Any] = dict.fromkeys(("error_code", "error_message", "idempotency_key", "filename"))
        self.row |= {"id": uuid.uuid4(), "size_bytes": 20, "part_bytes": 8, "place": "here", "storage_upload": "u"}
        self.row["created_at"] = datetime.now(UTC)
        self.sent = sent
        self.refused: list[str] = []
        self.over = False

    def accepted(self, _: uuid.UUID) -> None:
        return None

    def one(self, _: uuid.UUID) -> dict[str, Any]:
        return self.row

    def expect(self, _: NewAnalysis) -> None:
        if self.over:
            raise QuotaError("quota_used", "why", 60)

    def accept(self, _: NewAnalysis) -> Sent | None:
        return self.sent

    def refuse(self, _: uuid.UUID, code: str, __: str) -> bool:
        self.refused.append(code)
        return True


async def looked_at(_: uuid.UUID) -> None:
    """It is a good video."""


@pytest.fixture
def completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[tuple[int, str], Stored]]:
    """What the completion of an upload is refused for, and the storage then."""

    def complete(
        rows: Rows, size: int | None, place: Any = lambda _: AsyncExitStack()
    ) -> tuple[tuple[int, str], Stored]:
        stored = Stored(tmp_path, size)
        settings = SimpleNamespace(work=SimpleNamespace(version="1"), scratch_bytes=100)
        intake: Any = SimpleNamespace(place=place, gate=Line(2, 20, "videos to be checked"))
        parts = SimpleNamespace(footage=stored, settings=settings, uploads=lambda _: rows)
        completion = Completion(cast("Any", parts), intake)
        monkeypatch.setattr(completion, "_check", looked_at)
        with pytest.raises(ApiError) as caught:
            asyncio.run(completion.complete(ANYBODY, rows.row["id"]))
        return (caught.value.status, caught.value.code), stored

    return complete


@pytest.mark.parametrize(
    ("size", "sent", "refused", "noted"),
    [
        # Given up while it was looked at: what was put together since is erased.
        (20, None, (410, "upload_ended"), []),
        # Another video of the team has its key.
        (20, Sent(uuid.uuid4(), "x"), (422, "idempotency_key_reused"), ["idempotency_key_reused"]),
        # However a storage came to hold another size than was announced, and held to the limit.
        (21, None, (422, "truncated"), ["truncated"]),
    ],
)
def test_what_is_not_accepted_in_the_end_is_erased(
    size: int, sent: Sent | None, refused: tuple[int, str], noted: list[str], completed: Any
) -> None:
    rows = Rows(sent)
    told, stored = completed(rows, size)
    assert (told, rows.refused, stored.erased) == (refused, noted, [rows.row["id"]])


def test_a_video_that_the_storage_lost_since_has_ended(completed: Any) -> None:
    rows = Rows(None)
    told, stored = completed(rows, None)
    assert (told, rows.refused, stored.erased) == ((410, "upload_ended"), [], [])


def test_nothing_is_put_together_without_a_place_room_and_quota(tmp_path: Path, completed: Any) -> None:
    """Its parts stay. A video that was put together before takes its room already."""

    @asynccontextmanager
    async def full(_: object) -> AsyncIterator[None]:
        raise ApiError(429, "queue_full", "why")
        yield

    rows, others = Rows(None), tmp_path / "others.video"
    told, stored = completed(rows, 20, full)
    assert (told, stored.joined) == ((429, "queue_full"), 0)
    others.write_bytes(b"x" * 81)
    told, stored = completed(rows, 20)
    assert (told, stored.joined) == ((429, "uploads_full"), 0)
    rows.over = True
    told, stored = completed(rows, 20)
    assert (told, stored.joined, stored.erased) == ((429, "quota_used"), 0, [])
    rows.over = False
    others.write_bytes(b"x" * 80)
    (tmp_path / f"{rows.row['id']}.video").write_bytes(b"x" * 20)
    told, stored = completed(rows, 20)
    assert (told, stored.joined) == ((410, "upload_ended"), 1)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"error_code": "given_up", "error_message": "of a refusal before"}, (410, "upload_ended")),
        ({"error_code": "truncated", "error_message": "why"}, (422, "truncated")),
        ({"place": "elsewhere"}, (410, "upload_ended")),
    ],
)
def test_what_has_ended_is_not_completed(row: dict[str, str], told: tuple[int, str], completed: Any) -> None:
    rows = Rows(None)
    rows.row |= row
    assert completed(rows, 20)[0] == told


BROKEN: list[tuple[Any, tuple[int, str]]] = [
    ({}, (400, "bad_body")),
    ({"size_bytes": 0}, (400, "bad_body")),
    ({"size_bytes": -1}, (400, "bad_body")),
    ({"size_bytes": 1.5}, (400, "bad_body")),
    ({"size_bytes": True}, (400, "bad_body")),
    ({"size_bytes": "5"}, (400, "bad_body")),
    ({"size_bytes": 10**400}, (413, "too_large")),
    ({"size_bytes": float("inf")}, (400, "bad_body")),
    ({"size_bytes": float("nan")}, (400, "bad_body")),
    ({"size_bytes": 101}, (413, "too_large")),
    ({"size_bytes": 5, "filename": "x" * 1001}, (400, "bad_body")),
    ({"size_bytes": 5, "filename": 7}, (400, "bad_body")),
    ({"size_bytes": 5, "key": "another/key"}, (400, "bad_body")),
]


@pytest.mark.parametrize(("body", "refused"), BROKEN)
def test_what_is_announced_has_a_form(body: dict[str, Any], refused: tuple[int, str]) -> None:
    with pytest.raises(ApiError) as caught:
        read_new(body, 100)
    assert (caught.value.status, caught.value.code) == refused


def test_a_name_is_its_last_part() -> None:
    assert read_new({"size_bytes": 5.0, "filename": "../a\\b\u0000.mp4"}, 100) == ("b.mp4", 5)
    assert read_new({"size_bytes": 100, "filename": None}, 100) == (None, 100)


@pytest.mark.parametrize("size", [1, PART, PART + 1, MOST_PARTS * PART, MOST_PARTS * PART + 1, 1 << 40])
def test_parts_make_up_the_whole_and_are_not_too_many(size: int) -> None:
    each = part_bytes(size)
    sizes = part_sizes(size, each)
    assert sum(sizes.values()) == size
    assert (len(sizes) <= MOST_PARTS, each % MIB, list(sizes)) == (True, 0, list(range(1, len(sizes) + 1)))
    assert {each} >= {part for number, part in sizes.items() if number < len(sizes)}
