# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A database that falls silent in the middle of a transaction: who reads hears so in time, and writes have theirs."""

from __future__ import annotations

import ast
import time
import uuid
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy import exc

from fastbreak_service.identity.caller import DEFAULT_TEAM, Caller, Role
from fastbreak_service.quotas import Quota
from fastbreak_service.settings import database_settings
from fastbreak_service.store import callers, repeating
from fastbreak_service.store.audit import Action, Trail
from fastbreak_service.store.callers import of_team, read_by_team
from fastbreak_service.store.engine import PatientConnection, asking, be_patient, make_engine
from fastbreak_service.store.erasures import Erasures
from fastbreak_service.store.failures import is_away
from fastbreak_service.store.person_erasures import PersonErasures
from fastbreak_service.store.team_analyses import MeasureQuery, SaidQuery, TeamAnalyses
from fastbreak_service.store.team_corrections import TeamCorrections
from fastbreak_service.store.team_reviews import TeamReviews
from fastbreak_service.store.team_uploads import TeamUploads
from fastbreak_service.store.usage import TeamUsage
from support.service import Service
from support.silence import Way, way_to
from support.staff import code

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Engine

TEAM, ID = DEFAULT_TEAM, uuid.UUID(int=7)
ADA = Caller(TEAM, frozenset(Role), "ada")
READS: dict[str, Callable[[Engine], object]] = {
    "newest": lambda engine: TeamAnalyses(engine, TEAM).newest(1),
    "state": lambda engine: TeamAnalyses(engine, TEAM).state(ID),
    "one": lambda engine: TeamAnalyses(engine, TEAM).one(ID),
    "measures": lambda engine: TeamAnalyses(engine, TEAM).measures(ID, MeasureQuery(1)),
    "events": lambda engine: TeamAnalyses(engine, TEAM).events(ID, SaidQuery(1)),
    "sent under": lambda engine: TeamAnalyses(engine, TEAM).sent_under("k"),
    "open uploads": lambda engine: TeamUploads(engine, ADA).open("p"),
    "uploads": lambda engine: TeamUploads(engine, ADA).newest(1, None),
    "upload": lambda engine: TeamUploads(engine, ADA).one(ID),
    "accepted": lambda engine: TeamUploads(engine, ADA).accepted(ID),
    "under": lambda engine: TeamUploads(engine, ADA).under("k"),
    "usage": lambda engine: TeamUsage(engine, TEAM, Quota()).now(),
    "reviews": lambda engine: TeamReviews(engine, TEAM, "ada").of(ID, 1, 1, None),
    "corrections": lambda engine: TeamCorrections(engine, TEAM, "ada").of(ID, 1, None),
    "audit": lambda engine: Trail(engine).of(TEAM, 1, None, None),
    "erasures": lambda engine: Erasures(engine, "p", None).of(TEAM, 1, None),
    "noted": lambda engine: Trail(engine).saw(ADA, Action.LISTED),
}

# What a method calls that changes something.
WRITES = {"insert", "update", "delete", "done", "record", "hold_persons", "erase_analysis", "erase_person"}


def transactions(opened: str) -> Iterator[tuple[str, set[str]]]:
    """Each method of the store that has such a transaction: its name, and what is called in it."""
    for file in Path(callers.__file__).parent.glob("*.py"):
        for kind in (node for node in ast.parse(file.read_text()).body if isinstance(node, ast.ClassDef)):
            for method in (node for node in kind.body if isinstance(node, ast.FunctionDef)):
                called = {name_of(node.func) for node in ast.walk(method) if isinstance(node, ast.Call)}
                if opened in called:
                    yield f"{kind.name}.{method.name}", called


def name_of(called: ast.expr) -> str:
    return called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")


def test_whoever_only_reads_does_so_in_a_transaction_that_ends_soon() -> None:
    found = dict(transactions("of_team"))
    assert found
    assert [name for name, called in found.items() if called.isdisjoint(WRITES)] == []


@pytest.fixture
def way(migrated: dict[str, str]) -> Iterator[Way]:
    """The way to the database that falls silent after a caller's first statement."""
    with way_to(int(migrated["FASTBREAK_DATABASE_PORT"]), callers.SETTING.encode()) as made:
        yield made


def by(way: Way, migrated: dict[str, str]) -> dict[str, str]:
    """The settings of who goes that way."""
    return migrated | {"FASTBREAK_DATABASE_PORT": str(way.port), "FASTBREAK_DATABASE_SSLMODE": "disable"}


@pytest.fixture
def far(way: Way, migrated: dict[str, str]) -> Iterator[Engine]:
    """Connections that go that way, and would wait for a minute for each answer."""
    made = make_engine(database_settings(by(way, migrated)), answer_seconds=60)
    yield made
    made.dispose()


@pytest.mark.parametrize("read", READS)
def test_no_read_outlasts_its_time(far: Engine, way: Way, monkeypatch: pytest.MonkeyPatch, read: str) -> None:
    READS[read](far)
    monkeypatch.setattr(callers, "READ_SECONDS", 1.2)
    # What took its whole time is not repeated.
    monkeypatch.setattr(repeating, "_SOON_SECONDS", 0)
    way.armed.set()
    with pytest.raises(exc.OperationalError, match=r"did not answer within (1\.\d*|0\.\d*) seconds") as caught:
        READS[read](far)
    assert is_away(caught.value)
    assert way.silenced == 1
    # The next one has a connection that answers.
    way.armed.clear()
    READS[read](far)


def look(persons: PersonErasures) -> None:
    with suppress(exc.NoResultFound):
        persons.of(ID, 1)


@pytest.mark.parametrize("read", [lambda persons: persons.covering(ID), look])
def test_no_read_of_the_service_itself_outlasts_a_callers_time(
    migrated: dict[str, str], monkeypatch: pytest.MonkeyPatch, read: Callable[[PersonErasures], object]
) -> None:
    """Its transactions have no first statement of a team: the way falls silent once one has begun."""
    with way_to(int(migrated["FASTBREAK_DATABASE_PORT"]), b"BEGIN") as way:
        engine = make_engine(database_settings(by(way, migrated)), answer_seconds=60)
        persons = PersonErasures(engine, "p", None)
        read(persons)
        monkeypatch.setattr(callers, "READ_SECONDS", 1.2)
        monkeypatch.setattr(repeating, "_SOON_SECONDS", 0)
        way.armed.set()
        with pytest.raises(exc.OperationalError, match=r"did not answer within (1\.\d*|0\.\d*) seconds"):
            read(persons)
        assert way.silenced == 1
        way.armed.clear()
        read(persons)
        engine.dispose()


def test_what_a_caller_writes_and_what_takes_long_have_their_own_time(far: Engine) -> None:
    with read_by_team(far, TEAM) as connection:
        shown = connection.execute(sa.text("SHOW statement_timeout")).scalar_one()
        assert shown == "9s"
        assert patience(connection) <= callers.READ_SECONDS
    with of_team(far, TEAM) as connection:
        assert connection.execute(sa.text("SHOW statement_timeout")).scalar_one() == "15s"
        assert patience(connection) == 60
        be_patient(connection, 300)
        assert connection.execute(sa.text("SHOW statement_timeout")).scalar_one() == "5min"
        assert patience(connection) == 305
    with far.connect() as connection:
        assert patience(connection) == 60


def patience(connection: sa.Connection) -> float:
    """How long the next answer may take."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, PatientConnection)
    left = driver._patience(time.monotonic())
    assert left is not None
    return left


def test_all_answers_together_have_one_time(far: Engine) -> None:
    with pytest.raises(exc.OperationalError, match=r"did not answer within 0\.001 s"), asking(far, 0) as connection:
        connection.execute(sa.text("SELECT pg_sleep(1)"))


def test_a_request_ends_within_its_time_with_a_problem(way: Way, migrated: dict[str, str], tmp_path: Path) -> None:
    replica = Service(
        by(way, migrated) | {"FASTBREAK_WORKER": "apart", "FASTBREAK_FOOTAGE": str(tmp_path / "footage")},
        tmp_path / "log.jsonl",
    )
    # A statement's own time is longer than this.
    replica.http = httpx.Client(base_url=str(replica.http.base_url), timeout=callers.READ_SECONDS + 5)
    try:
        replica.start()
        assert replica.http.get("/v1/usage").status_code == 200
        way.armed.set()
        answer = replica.http.get("/v1/usage")
        assert code(answer) == (503, "database_unavailable")
        assert answer.headers["content-type"] == "application/problem+json"
        assert way.silenced
        way.armed.clear()
        assert replica.http.get("/v1/usage").status_code == 200
    finally:
        replica.end()
