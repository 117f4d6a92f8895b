# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Teams take turns, on a real database: nobody waits for all that another team has sent."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
import sqlalchemy as sa

from fastbreak_service.api.errors import ApiError
from fastbreak_service.api.intake import Intake
from fastbreak_service.identity.caller import ANYBODY
from fastbreak_service.quotas import Quota
from fastbreak_service.settings import database_settings
from fastbreak_service.store import tables
from fastbreak_service.store.engine import make_engine
from fastbreak_service.store.segments import SegmentStore
from fastbreak_service.store.team_analyses import NewAnalysis, TeamAnalyses
from fastbreak_service.store.turns import next_piece
from fastbreak_service.store.usage import TeamUsage
from fastbreak_service.store.work import Work, WorkQueue
from support.cut import parts, taken

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import Connection, Engine

# A game night: a thousand long videos of thirty teams, each in ten segments, and some of those leased.
LEAGUE = (
    (
        "INSERT INTO analyses (id, status, size_bytes, created_at, heartbeat_at, owner, service_version, team)"
        " SELECT gen_random_uuid(), 'running', 1, now(), now(), '', '0', :place || n % 30"
        " FROM generate_series(1, 1000) n"
    ),
    "INSERT INTO work (analysis_id, place, contract) SELECT id, :place, 5 FROM analyses WHERE team LIKE :place || '%'",
    (
        "INSERT INTO segments (analysis_id, number, content, token, lease_until)"
        " SELECT analysis_id, n, '{}', CASE WHEN n = 0 THEN gen_random_uuid() END,"
        " CASE WHEN n = 0 THEN now() + interval '1 hour' END FROM work, generate_series(0, 9) n WHERE place = :place"
    ),
)


def send(owner: Engine, queue: WorkQueue, team: str, count: int = 1) -> list[uuid.UUID]:
    """Accept analyses of a team."""
    new = [NewAnalysis(uuid.uuid4(), None, 1, queue._place, True, "0") for _ in range(count)]
    for analysis in new:
        TeamAnalyses(owner, team).add(analysis)
    return [analysis.id for analysis in new]


def teams_of(owner: Engine, found: list[Work]) -> list[str]:
    """Whose the pieces of work are."""
    statement = sa.select(tables.analyses.c.id, tables.analyses.c.team)
    with owner.connect() as connection:
        whose = {row.id: row.team for row in connection.execute(statement)}
    return [whose[work.analysis] for work in found]


def test_the_only_video_of_a_team_does_not_wait_for_all_segments_of_another(
    owner: Engine, workers: Engine, queue: WorkQueue
) -> None:
    send(owner, queue, "many", 20)
    for planner in [taken(queue) for _ in range(10)]:
        assert SegmentStore(workers).cut(planner, parts(10))
    held = [WorkQueue(workers, queue._place, 30).take(abandoned=False) for _ in range(5)]
    (only,) = send(owner, queue, "one")
    # A process that has just begun knows nothing of earlier turns.
    assert taken(WorkQueue(workers, queue._place, 30)).analysis == only
    assert all(work and work.part for work in held)


def test_a_single_worker_serves_teams_by_turns(owner: Engine, queue: WorkQueue) -> None:
    for team, count in (("a", 4), ("b", 2), ("c", 1)):
        send(owner, queue, team, count)
    found = []
    while (work := queue.take(abandoned=False)) is not None:
        found.append(work)
        assert queue.hand_back(work, 3600)
    assert teams_of(owner, found) == ["a", "b", "c", "a", "b", "a", "a"]


def test_on_a_game_night_each_team_has_as_many_workers_as_the_others(
    owner: Engine, workers: Engine, queue: WorkQueue
) -> None:
    names = [f"team {number}" for number in range(30)]
    for place, name in enumerate(names):
        send(owner, queue, name, 8 if place == 0 else 3)

    def take(_: int) -> Work:
        return taken(WorkQueue(workers, queue._place, 30))

    for round_ in (1, 2):
        found = [take(number) for number in range(30)]
        assert Counter(teams_of(owner, found)) == dict.fromkeys(names, 1), round_


def test_many_who_take_segments_at_once_have_each_another(owner: Engine, workers: Engine, queue: WorkQueue) -> None:
    send(owner, queue, "x")
    assert SegmentStore(workers).cut(taken(queue), parts(20))
    send(owner, queue, "y", 5)
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda _: WorkQueue(workers, queue._place, 30).take(abandoned=True), range(30)))
    pieces = Counter((work.analysis, work.part and work.part.segment.number) for work in found if work)
    assert (len(pieces), set(pieces.values())) == (25, {1})


def test_a_lease_that_has_run_out_takes_no_turn_from_a_team(owner: Engine, workers: Engine, queue: WorkQueue) -> None:
    send(owner, queue, "unlucky", 3)
    lost = [taken(queue), taken(queue)]
    past = sa.update(tables.work).where(tables.work.c.analysis_id.in_([work.analysis for work in lost]))
    with owner.begin() as connection:
        connection.execute(past.values(lease_until=sa.func.now() - sa.text("interval '1 second'")))
    send(owner, queue, "other", 2)
    fresh = [taken(WorkQueue(workers, queue._place, 30)) for _ in range(2)]
    assert sorted(teams_of(owner, fresh)) == ["other", "unlucky"]


def test_places_are_of_analyses_and_not_of_their_segments(owner: Engine, workers: Engine, queue: WorkQueue) -> None:
    send(owner, queue, "x", 3)
    assert SegmentStore(workers).cut(taken(queue), parts(10))
    assert (queue.waiting(), queue.backlog().waiting) == (3, 12)
    held = taken(queue)
    assert (queue.waiting(), queue.backlog().waiting) == (2, 11)
    assert queue.hand_back(held, 3600)
    assert queue.waiting() == 3
    with owner.begin() as connection:
        mine = tables.work.c.place == queue._place
        connection.execute(sa.update(tables.work).where(mine).values(dead_at=sa.func.now()))
    assert queue.waiting() == 0


def test_a_full_queue_has_a_place_for_a_team_of_which_nothing_waits(owner: Engine, queue: WorkQueue) -> None:
    names = {team: f"{team} {uuid.uuid4()}" for team in ("many", "none", "other")}
    quota = Quota(waiting=40)
    parts = SimpleNamespace(
        settings=SimpleNamespace(queue_size=50),
        queue=queue,
        usage=lambda caller: TeamUsage(owner, caller.team, quota),
        **dict.fromkeys(("admission", "analyses", "store", "footage", "loop", "sender")),
    )
    intake = Intake(cast("Any", parts))

    async def accepted(team: str, *, at_once: int = 1) -> list[str]:
        async def one() -> str:
            try:
                async with intake.place(replace(ANYBODY, team=names[team])):
                    await asyncio.sleep(0)
            except ApiError as error:
                return error.code
            return "accepted"

        return sorted(await asyncio.gather(*(one() for _ in range(at_once))))

    send(owner, queue, names["many"], 50)
    assert asyncio.run(accepted("many")) == ["queue_full"]
    assert asyncio.run(accepted("none", at_once=3)) == ["accepted", "queue_full", "queue_full"]
    send(owner, queue, names["none"])
    assert asyncio.run(accepted("none")) == ["queue_full"]
    assert asyncio.run(accepted("other")) == ["accepted"]
    assert not intake._reserved


@pytest.fixture
def league(migrated: dict[str, str]) -> Iterator[tuple[Connection, str]]:
    """A connection that sees a league's work in a place, and nobody else does."""
    place = f"place:{uuid.uuid4()}"
    engine = make_engine(database_settings(migrated))
    with engine.connect() as connection:
        for statement in LEAGUE:
            connection.execute(sa.text(statement), {"place": place})
        yield connection, place
    engine.dispose()


def nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A node of a plan and all below it."""
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


@pytest.mark.parametrize("analyzed", [False, True])
def test_among_ten_thousand_segments_one_is_locked_and_each_is_looked_at_once(
    league: tuple[Connection, str], *, analyzed: bool
) -> None:
    connection, place = league
    if analyzed:
        connection.execute(sa.text("ANALYZE analyses, work, segments"))
    served = [f"{place}{number}" for number in range(29)]
    statement = next_piece(place, served, abandoned=True)
    assert connection.execute(statement).one().team == f"{place}29"
    compiled = statement.compile(connection.engine, compile_kwargs={"render_postcompile": True})
    asked = f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {compiled}"
    (plan,) = connection.exec_driver_sql(asked, compiled.params).scalar_one()
    found = list(nodes(plan["Plan"]))
    locked = [node for node in found if node["Node Type"] == "LockRows" and node["Actual Rows"]]
    assert [(node["Actual Rows"], node["Actual Loops"]) for node in locked] == [(1, 1)]
    scans = [node for node in found if node.get("Relation Name")]
    looked = {node["Relation Name"]: 0 for node in scans}
    for node in scans:
        rows = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
        looked[node["Relation Name"]] += rows * node["Actual Loops"]
    # Once for the leases, and ten more for the piece; other tests leave some, too.
    assert looked["segments"] <= 11_000
    assert max(looked["work"], looked["analyses"]) <= 2_100
