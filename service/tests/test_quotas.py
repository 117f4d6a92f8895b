# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Quotas of teams: read as they are meant or not at all, and never passed, whoever sends at the same moment."""

from __future__ import annotations

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from fastbreak_service.environment import SettingsError
from fastbreak_service.identity.caller import Caller, Role
from fastbreak_service.quotas import GIB, Quota, read_quotas
from fastbreak_service.store.tables import analyses
from fastbreak_service.store.team_analyses import NewAnalysis, TeamAnalyses
from fastbreak_service.store.team_uploads import NewUpload, TeamUploads
from fastbreak_service.store.usage import QuotaError, TeamUsage, Usage, refuse
from support.service import Service
from support.staff import Staff, code

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Engine

    from support.issuer import Issuer

USUAL = Quota()
SMALL = Quota(waiting=3, day_bytes=100, month_bytes=1000, stored_bytes=1000)


def test_a_team_has_what_is_said_of_it_then_of_each_then_the_usual() -> None:
    quotas = read_quotas('{"each": {"waiting": 5}, "teams": {"hawks": {"gib_per_day": 2}}}', USUAL)
    assert quotas.of("bulls") == replace(USUAL, waiting=5)
    assert quotas.of("hawks") == replace(USUAL, waiting=5, day_bytes=2 * GIB)
    assert read_quotas('{"each": {"gib_stored": 3}}', USUAL).of("hawks").stored_bytes == 3 * GIB
    assert read_quotas("", USUAL).of("hawks") == USUAL


def test_what_a_team_keeps_is_said_apart_as_an_older_release_knows_no_such_name() -> None:
    first = '{"each": {"waiting": 5}, "teams": {"hawks": {"gib_per_day": 2}, "owls": {}}}'
    quotas = read_quotas(first, USUAL, '{"each": {"gib_stored": 3}, "teams": {"owls": {"gib_stored": 4}}}')
    assert quotas.of("bulls") == replace(USUAL, waiting=5, stored_bytes=3 * GIB)
    assert quotas.of("hawks") == replace(USUAL, waiting=5, stored_bytes=3 * GIB, day_bytes=2 * GIB)
    assert quotas.of("owls") == replace(USUAL, waiting=5, stored_bytes=4 * GIB)
    with pytest.raises(SettingsError, match=r"^FASTBREAK_STORED_QUOTAS has each.gib_stored 0, "):
        read_quotas(first, USUAL, '{"each": {"gib_stored": 0}}')


@pytest.mark.parametrize("value", [0, -1, None, "5", "", 1.5, True, [], 1_000_001])
@pytest.mark.parametrize("name", ["waiting", "gib_per_day", "gib_per_month", "gib_stored"])
def test_nothing_stands_for_endless(name: str, value: Any) -> None:
    for where, whole in (("each", {name: value}), ("teams.a", None)):
        text = json.dumps({"each": whole} if whole else {"teams": {"a": {name: value}}})
        with pytest.raises(SettingsError) as caught:
            read_quotas(text, USUAL)
        assert str(caught.value).startswith(f"FASTBREAK_QUOTAS has {where}.{name} ")


@pytest.mark.parametrize("text", ["5", "null", "{", '{"all": {}}', '{"each": {"wait": 1}}', '{"teams": {"a": null}}'])
def test_what_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match=r"^FASTBREAK_QUOTAS "):
        read_quotas(text, USUAL)


@pytest.mark.parametrize(
    ("used", "size", "said"),
    [
        ((0, 0, 0), 100, None),
        ((2, 99, 999), 1, None),
        ((3, 0, 0), 1, ("quota_waiting", 30)),
        ((0, 50, 50), 51, ("quota_used", 3600)),
        ((3, 0, 999), 2, ("quota_used", 90_000)),
        ((3, 100, 1000), 101, ("over_quota", None)),
    ],
)
def test_what_heals_last_is_said(used: tuple[int, int, int], size: int, said: tuple[str, int | None] | None) -> None:
    now = datetime(2026, 1, 30, 23, tzinfo=UTC)
    waiting, day, month = used
    usage = Usage(now, waiting, day, now + timedelta(hours=1), month, now + timedelta(hours=25))
    if said is None:
        refuse(usage, SMALL, size)
        return
    with pytest.raises(QuotaError) as caught:
        refuse(usage, SMALL, size)
    assert (caught.value.code, caught.value.heals_seconds) == said


def new(size: int, key: str | None = None) -> NewAnalysis:
    return NewAnalysis(uuid.uuid4(), "a.mp4", size, "/nowhere", durable=True, service_version="1", idempotency_key=key)


def team() -> str:
    return f"team-{uuid.uuid4().hex[:8]}"


def test_of_many_at_once_no_more_are_accepted_than_may(engine: Engine) -> None:
    name = team()
    mine = TeamAnalyses(engine, name, "ada", SMALL)
    uploads = TeamUploads(engine, Caller(name, frozenset(Role), "ada"), SMALL)
    announced = [new(1) for _ in range(5)]
    for one in announced:
        assert uploads.add(NewUpload(one.id, "a.mp4", 1, 8, "/nowhere", "u"))

    def accepted(send: Any, what: NewAnalysis) -> bool:
        try:
            return send(what) is not None
        except QuotaError:
            return False

    jobs = [(mine.add, new(1)) for _ in range(5)] + [(uploads.accept, one) for one in announced]
    with ThreadPoolExecutor(5) as threads:
        assert sum(threads.map(lambda job: accepted(*job), jobs)) == SMALL.waiting
    assert TeamUsage(engine, name, SMALL).now().waiting == SMALL.waiting
    # Another team has its own, and what was accepted is known however full the quota is.
    TeamAnalyses(engine, team(), "eve", SMALL).add(new(1))


def test_what_was_sent_before_is_known_and_an_upload_waits_for_its_turn(engine: Engine) -> None:
    name = team()
    mine = TeamAnalyses(engine, name, "ada", Quota(waiting=1))
    uploads, late = TeamUploads(engine, Caller(name, frozenset(Role), "ada"), Quota(waiting=1)), new(1)
    assert uploads.add(NewUpload(late.id, "a.mp4", 1, 8, "/nowhere", "u"))
    first = mine.add(new(1, "key"))
    assert mine.add(new(1, "key")).id == first.id
    for refused, what in ((uploads.accept, late), (uploads.expect, late), (mine.expect, new(1, "another"))):
        with pytest.raises(QuotaError):
            refused(what)
    # What was accepted meanwhile, by another replica or under its key, is there already.
    mine.expect(new(1, "key"))
    uploads.expect(new(1, "key"))
    uploads.expect(replace(late, id=first.id))
    with engine.begin() as connection:
        connection.execute(sa.update(analyses).where(analyses.c.id == first.id).values(finished_at=sa.func.now()))
    assert uploads.accept(late) is not None


def test_days_and_months_are_counted_apart(engine: Engine) -> None:
    name = team()
    sent = TeamAnalyses(engine, name, "ada").add(new(60))
    usage = TeamUsage(engine, name, SMALL)
    assert (usage.now().day_bytes, usage.now().month_bytes) == (60, 60)
    with pytest.raises(QuotaError):
        usage.expect(41)
    with engine.begin() as connection:
        month = sa.func.date_trunc("month", sa.func.now(), "UTC") - sa.text("interval '1 second'")
        connection.execute(sa.update(analyses).where(analyses.c.id == sent.id).values(created_at=month))
    found = usage.now()
    assert (found.day_bytes, found.month_bytes, found.waiting) == (0, 0, 1)
    assert found.now < found.day_ends <= found.month_ends
    assert (found.month_ends.astimezone(UTC).day, found.day_ends.astimezone(UTC).hour) == (1, 0)


@pytest.fixture(scope="module")
def bounded(
    apart: dict[str, dict[str, str]], issuer: Issuer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """A replica whose teams have small quotas, with the rights of the API alone."""
    folder = tmp_path_factory.mktemp("bounded")
    quotas = {"each": {"waiting": 1}, "teams": {"bulls": {"waiting": 2}}}
    settings = {
        "FASTBREAK_WORKER": "apart",
        "FASTBREAK_FOOTAGE": str(folder / "footage"),
        "FASTBREAK_QUOTAS": json.dumps(quotas),
    }
    replica = Service({**apart["serve"], **issuer.settings, **settings}, folder / "log.jsonl")
    try:
        yield replica.start()
    finally:
        replica.end()


def test_both_ways_in_are_held_to_it_and_the_team_sees_it(bounded: Service, issuer: Issuer, plain_clip: Path) -> None:
    video = plain_clip.read_bytes()
    bob, eve = (Staff(bounded, issuer, "bob", name, "uploader") for name in ("hawks", "bulls"))
    early = bob.ask("POST", "/v1/uploads", json={"size_bytes": len(video)}).json()["id"]
    assert bob.send(video).status_code == 202
    refused = bob.send(video)
    assert (code(refused), refused.headers["retry-after"]) == ((429, "quota_waiting"), "30")
    assert refused.headers["content-type"] == "application/problem+json"
    assert code(bob.ask("POST", "/v1/uploads", json={"size_bytes": 9})) == (429, "quota_waiting")
    # What was begun before may arrive, and is not accepted before there is a place.
    for link in bob.ask("POST", f"/v1/uploads/{early}/part-links").json()["parts"]:
        assert bounded.http.put(link["url"], content=video).status_code == 200
    assert code(bob.ask("POST", f"/v1/uploads/{early}/completion")) == (429, "quota_waiting")
    assert bob.get(f"/v1/uploads/{early}").json()["status"] == "open"
    assert [eve.send(video).status_code for _ in range(3)] == [202, 202, 429]
    used = bob.get("/v1/usage").json()
    assert used["waiting"] == {"used": 1, "quota": 1}
    assert (used["day_bytes"]["used"], used["month_bytes"]["used"]) == (len(video), len(video))
    assert Staff(bounded, issuer, "ada", "bulls").get("/v1/usage").json()["waiting"] == {"used": 2, "quota": 2}
    assert bounded.http.get("/v1/usage").status_code == 401


def test_who_repeats_what_took_the_last_place_gets_it(bounded: Service, issuer: Issuer, plain_clip: Path) -> None:
    video = plain_clip.read_bytes()
    bob = Staff(bounded, issuer, "bob", f"team-{uuid.uuid4().hex[:8]}", "uploader")
    headers = {"content-type": "video/mp4", "idempotency-key": "k"}

    def send(_: int) -> tuple[int, str]:
        answer = bob.ask("POST", "/v1/analyses", content=video, headers=headers)
        return answer.status_code, answer.json().get("id")

    with ThreadPoolExecutor(4) as threads:
        ((status, identity),) = set(threads.map(send, range(4)))
    assert (status, identity is not None) == (202, True)
