# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Looking at a video that is kept: links, and the video itself out of a folder."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from starlette.applications import Starlette

from fastbreak_service.api.errors import ApiError, on_api_error
from fastbreak_service.api.playing import LINK_SECONDS, is_one_range, playing_routes
from fastbreak_service.footage.folder import Folder
from fastbreak_service.footage.ports import FootageError
from fastbreak_service.identity.caller import ANYBODY
from fastbreak_service.store.retention import Retention

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from fastbreak_service.identity.caller import Caller

VIDEO = bytes(range(200))


@dataclass
class World:
    """A team's analyses by their id, and the folder of their videos."""

    folder: Folder
    rows: dict[uuid.UUID, dict[str, Any]] = field(default_factory=dict)
    lost: list[uuid.UUID] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    async def admit(self, _request: object, needed: str) -> Caller:
        self.asked.append(needed)
        return ANYBODY

    def one(self, analysis: uuid.UUID) -> tuple[dict[str, Any], list[Any]] | None:
        return (self.rows[analysis], []) if analysis in self.rows else None

    def lose(self, analysis: uuid.UUID) -> None:
        self.lost.append(analysis)

    def kept(self, *, days: float = 0, name: str = "run.mp4") -> uuid.UUID:
        """A video that is kept since some days; the analysis's id."""
        analysis = uuid.uuid4()
        arrived = self.folder.directory / "arrived.part"
        arrived.write_bytes(VIDEO)
        self.folder.keep(analysis, arrived)
        self.folder.retire(analysis)
        since = datetime.now(UTC) - timedelta(days=days)
        self.rows[analysis] = {"footage_place": self.folder.place, "created_at": since, "filename": name}
        return analysis

    def ask(self, method: str, path: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
        parts: Any = SimpleNamespace(
            admission=self,
            analyses=lambda _team: self,
            store=self,
            footage=self.folder,
            retention=Retention(self.folder.place, 7),
            trail=SimpleNamespace(has=lambda *_: True),
            person_erasures=SimpleNamespace(covering=lambda _: None),
        )
        app = Starlette(routes=playing_routes(parts), exception_handlers={ApiError: on_api_error})

        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
                return await client.request(method, path, headers=headers)

        return asyncio.run(ask())

    def link(self, analysis: uuid.UUID) -> httpx.Response:
        return self.ask("POST", f"/v1/analyses/{analysis}/footage-links")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(Folder.lasting(tmp_path / "footage"))


def test_a_link_gives_the_video_to_whoever_has_it_for_some_minutes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = world.link(world.kept())
    assert (made.status_code, world.asked) == (201, ["reviewer"])
    assert datetime.fromisoformat(made.json()["expires_at"]) > datetime.now(UTC)
    url = made.json()["url"]
    for method, body in (("GET", VIDEO), ("HEAD", b"")):
        answer = world.ask(method, url)
        assert (answer.status_code, answer.content) == (200, body)
        told = {name: answer.headers[name] for name in ("content-type", "content-disposition", "accept-ranges")}
        assert told == {"content-type": "video/mp4", "content-disposition": "inline", "accept-ranges": "bytes"}
    assert world.asked == ["reviewer"]
    now = datetime.now(UTC).timestamp()
    monkeypatch.setattr("fastbreak_service.footage.folder.time.time", lambda: now + LINK_SECONDS + 2)
    answer = world.ask("GET", url)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "link_expired")


def test_a_link_is_for_one_video_as_one_kind(world: World) -> None:
    first, second = world.kept(name="a.mkv"), world.kept(name="page.html")
    url = world.link(first).json()["url"]
    assert world.ask("GET", url).headers["content-type"] == "video/x-matroska"
    # Whatever its name says, no video is a page.
    other = world.link(second).json()["url"]
    assert world.ask("GET", other).headers["content-type"] == "application/octet-stream"
    for forged in (
        url.replace(str(first), str(second)),
        url.replace("x-matroska", "mp4"),
        f"/v1/analyses/{first}/footage",
        url.replace("ticket=", "ticket=9"),
        f"{url}0",
        f"{url.partition('ticket=')[0]}ticket=9999999999.{'0' * 64}",
    ):
        assert world.ask("GET", forged).status_code == 403


def test_what_is_not_kept_any_more_is_gone(world: World) -> None:
    old, lost, elsewhere = world.kept(days=7.1), world.kept(), world.kept()
    url = world.link(lost).json()["url"]
    world.folder.discard(lost)
    world.rows[elsewhere]["footage_place"] = "another folder"
    for analysis in (old, lost, elsewhere):
        answer = world.link(analysis)
        assert (answer.status_code, answer.json()["error"]["code"]) == (410, "footage_gone")
    assert world.ask("GET", url).status_code == 410
    # Its row said otherwise, and says so no more.
    assert world.lost == [lost]
    unknown = world.link(uuid.uuid4())
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "not_found")


def test_a_storage_that_is_away_is_no_reason_to_call_a_video_gone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> str:
        raise FootageError("no connection")

    analysis = world.kept()
    monkeypatch.setattr(Folder, "link", away)
    answer = world.link(analysis)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "storage_unavailable")
    assert world.lost == []


@pytest.mark.parametrize(
    ("asked", "status", "body", "told"),
    [
        ("bytes=0-9", 206, VIDEO[:10], "bytes 0-9/200"),
        ("bytes=190-", 206, VIDEO[190:], "bytes 190-199/200"),
        ("bytes=190-999", 206, VIDEO[190:], "bytes 190-199/200"),
        ("bytes=-5", 206, VIDEO[-5:], "bytes 195-199/200"),
        # What is none, or more than one, may be left aside.
        ("bytes=9-0", 200, VIDEO, None),
        ("bytes=0-1,5-6", 200, VIDEO, None),
        ("frames=1-2", 200, VIDEO, None),
        ("bytes=x", 200, VIDEO, None),
        ("bytes=200-", 416, None, "bytes */200"),
        ("bytes=-0", 416, None, "bytes */200"),
    ],
)
def test_a_range_is_sent_alone(world: World, asked: str, status: int, body: bytes | None, told: str | None) -> None:
    url = world.link(world.kept()).json()["url"]
    answer = world.ask("GET", url, {"range": asked})
    assert (answer.status_code, answer.headers.get("content-range")) == (status, told)
    if body is None:
        assert answer.json()["error"]["code"] == "range_not_satisfiable"
    else:
        assert answer.content == body


def test_nothing_lies_within_an_empty_video() -> None:
    with pytest.raises(ApiError):
        is_one_range("bytes=0-", 0)
