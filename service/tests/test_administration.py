# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The application's user on a real PostgreSQL, whose owner is no superuser, as on RDS."""

from __future__ import annotations

import secrets
import threading
import time
import uuid
from dataclasses import asdict
from typing import TYPE_CHECKING, Self

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import errors, sql

from fastbreak_service.settings import AdministrationSettings, DatabaseSettings
from fastbreak_service.store import schema
from fastbreak_service.store.administration import Administration, User
from fastbreak_service.store.analyses import AnalysisStore
from fastbreak_service.store.callers import of_team
from fastbreak_service.store.credentials import Credentials, SecretSource
from fastbreak_service.store.engine import make_engine
from fastbreak_service.store.roles import AdministrationError
from fastbreak_service.store.team_analyses import MeasureQuery, NewAnalysis, SaidQuery, TeamAnalyses
from fastbreak_service.store.work import WorkQueue
from support.owned import Held, Place
from support.reports import trails

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support.postgres import Postgres


@pytest.fixture(scope="module")
def settled(postgres: Postgres) -> Place:
    """A place where the application may work; nobody changes its roles."""
    found = Place(postgres)
    administration = found.administration()
    administration.migrate()
    administration.close()
    return found


@pytest.fixture
def place(postgres: Postgres) -> Place:
    return Place(postgres)


@pytest.fixture
def owner(place: Place) -> Iterator[Administration]:
    made = place.administration()
    yield made
    made.close()


@pytest.fixture
def migrated(owner: Administration, place: Place) -> Place:
    result = owner.migrate()
    assert (result.before, result.users) == (None, (User(f"{place.tag}_a", made=True, password_set=True),))
    return place


def test_the_application_writes_and_reads_a_whole_analysis(settled: Place, tmp_path: Path) -> None:
    engine = make_engine(settled.settings, SecretSource(settled.secret.credentials))
    mine, others, store = TeamAnalyses(engine, "hawks"), TeamAnalyses(engine, "bulls"), AnalysisStore(engine)
    new = NewAnalysis(uuid.uuid4(), "run.mp4", 1, "s3://b", durable=True, service_version="1")
    rows = tmp_path / "rows.csv"
    rows.write_text(f"{new.id},1,0,0.0,trunk_lean,1.5,0.9\n", encoding="utf-8")
    person = {"id": 1, "frames": 1, "first_frame": 0, "last_frame": 0, "angles": {}}
    movement = asdict(trails().reviewed(30))
    result = {"video": {}, "model": {"name": "m", "sha256": "s"}, "persons": [person], "movement": movement}
    assert mine.add(new).id == new.id
    taken = WorkQueue(engine, new.place, 30).take(abandoned=False)
    assert taken is not None
    assert store.start(new.id, taken.owner, taken.attempt)
    assert store.finish(new.id, taken.owner, result, rows)
    found = mine.one(new.id)
    assert found is not None
    assert [row["person"] for row in found[1]] == [1]
    seen = mine.measures(new.id, MeasureQuery(10, person=1, angle="trunk_lean", after=(0, 0, "a")))
    assert [row["value_degrees"] for row in seen or ()] == [1.5]
    assert (others.one(new.id), others.measures(new.id, MeasureQuery(10)), others.newest(10)) == (None, None, [])
    said = movement["persons"][0]
    counts = {"events": len(said["events"]), "findings": len(said["findings"]), "left_out": 0}
    assert found[0]["movement"] == {**counts, "looked_seconds": movement["looked_seconds"]}
    for kind, read, theirs in (
        ("events", mine.events, others.events),
        ("findings", mine.findings, others.findings),
    ):
        assert [row["content"] for row in read(new.id, SaidQuery(10)) or ()] == said[kind]
        assert [row["number"] for row in read(new.id, SaidQuery(1, person=1, after=1)) or ()] == [2, 3][
            : len(said[kind]) - 1
        ]
        assert read(new.id, SaidQuery(10, person=2)) == []
        assert theirs(new.id, SaidQuery(10)) is None
        for team, shown in (("hawks", len(said[kind])), ("bulls", 0)):
            with of_team(engine, team) as connection:
                counted = sa.select(sa.func.count()).select_from(sa.table(kind))
                assert connection.execute(counted).scalar_one() == shown
    engine.dispose()


def test_a_second_migration_has_nothing_to_do(migrated: Place, owner: Administration) -> None:
    result = owner.migrate()
    user = User(f"{migrated.tag}_a", made=False, password_set=False)
    assert (result.before, result.users) == (schema.newest(), (user,))
    migrated.log_in().close()


ALLOWED = [
    "SELECT count(*) FROM analyses",
    "SELECT version_num FROM alembic_version",
    "UPDATE analyses SET filename = 'x'",
    "DELETE FROM analyses",
    "COPY persons TO STDOUT",
    "SELECT count(*) FROM audit",
    "SELECT forget_old_audit()",
    "SHOW transaction_read_only",
]
OF_ANALYSES = ("persons", "measures", "poses", "events", "findings")
REFUSED = [
    "CREATE TABLE mine (x int)",
    "CREATE TEMPORARY TABLE mine (x int)",
    "CREATE SCHEMA mine",
    "CREATE ROLE mine",
    "ALTER TABLE analyses ADD COLUMN x int",
    "DROP TABLE measures",
    "TRUNCATE measures",
    "UPDATE audit SET subject = 'x'",
    "DELETE FROM audit",
    "UPDATE reviews SET note = 'x'",
    "DELETE FROM reviews",
    *(f"DELETE FROM {table}" for table in (*OF_ANALYSES, "erasures")),  # noqa: S608
    *(f"UPDATE {table} SET person = 2" for table in OF_ANALYSES),  # noqa: S608
    "UPDATE alembic_version SET version_num = 'x'",
    "DELETE FROM alembic_version",
    "ALTER TABLE analyses OWNER TO current_user",
    "SELECT * FROM pg_authid",
    "COPY analyses TO PROGRAM 'cat'",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE EXTENSION pgcrypto",
]


@pytest.mark.parametrize("statement", ALLOWED)
def test_the_application_may(settled: Place, statement: str) -> None:
    with settled.log_in() as connection, connection.cursor() as cursor:
        if statement.startswith("COPY"):
            with cursor.copy(statement.encode()) as copied:
                assert list(copied) == []
        else:
            cursor.execute(statement.encode())


@pytest.mark.parametrize("statement", REFUSED)
def test_the_application_may_not(settled: Place, statement: str) -> None:
    with settled.log_in() as connection, pytest.raises(errors.InsufficientPrivilege):
        connection.execute(statement.encode())


def test_it_owns_nothing_and_has_limits(settled: Place) -> None:
    with settled.log_in() as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole OR pg_has_role(relowner, 'MEMBER')"
        ).fetchone()
        assert row == (0,)
        limits = connection.execute(
            "SELECT rolconnlimit, current_setting('max_connections')::int, rolconfig FROM pg_roles "
            "WHERE rolname = current_user"
        ).fetchone()
    assert limits is not None
    assert limits[0] == limits[1] - 15
    assert limits[2] == ["statement_timeout=300s", "idle_in_transaction_session_timeout=60s"]


def test_what_a_later_migration_makes_may_be_used_at_once(settled: Place) -> None:
    with psycopg.connect(
        host="127.0.0.1",
        port=settled.settings.port,
        dbname=settled.tag,
        user=settled.owner.username,
        password=settled.owner.password,
    ) as connection:
        connection.execute("CREATE TABLE later (id bigserial PRIMARY KEY, what text)")
    with settled.log_in() as connection:
        connection.execute("INSERT INTO later (what) VALUES ('x')")


def test_an_older_release_goes_on_as_owner(settled: Place) -> None:
    """Before there was an application's user, releases ran as the master."""
    engine = make_engine(settled.settings)
    with engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM measures"))
        assert schema.serves(schema.current(connection))
    engine.dispose()


def test_others_are_kept_out_of_the_database(settled: Place, postgres: Postgres) -> None:
    stranger = Credentials(f"{settled.tag}_stranger", secrets.token_hex(8))
    with postgres.connect("postgres") as superuser:
        superuser.execute(
            sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(
                sql.Identifier(stranger.username), sql.Literal(stranger.password)
            )
        )
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        settled.log_in(stranger)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("ALTER ROLE {name}_b SUPERUSER", "_b may do more than log in"),
        ("ALTER ROLE {name}_a CREATEROLE", "_a may do more than log in"),
        ("ALTER ROLE {name} BYPASSRLS", "may do more than log in"),
        ("GRANT pg_read_all_data TO {name}_a", "_a is a member of pg_read_all_data"),
        ("GRANT pg_write_all_data TO {name}", "is a member of pg_write_all_data"),
    ],
)
def test_a_user_that_was_given_more_is_refused(
    migrated: Place, owner: Administration, statement: str, said: str
) -> None:
    with migrated.superuser() as superuser:
        superuser.execute(statement.format(name=migrated.tag).encode())
    with pytest.raises(AdministrationError, match=said):
        owner.migrate()
    with pytest.raises(AdministrationError, match=said):
        owner.rotate()


def test_the_owner_is_not_the_application(place: Place) -> None:
    place.secret = Held(Credentials(f"{place.tag}_a", "x"))
    with place.superuser() as superuser:
        superuser.execute(f"ALTER ROLE {place.owner.username} RENAME TO {place.tag}_a".encode())
        superuser.execute(f"ALTER ROLE {place.tag}_a PASSWORD '{place.owner.password}'".encode())
    settings = DatabaseSettings(
        "127.0.0.1", place.settings.port, place.tag, "prefer", "", f"{place.tag}_a", place.owner.password
    )
    owner = Administration(AdministrationSettings(settings, place.secret.arn), place.secret)
    with pytest.raises(AdministrationError, match="both the owner of the schema and the application's"):
        owner.migrate()
    owner.close()


def test_a_user_may_be_called_by_a_word_that_sql_keeps_for_itself(place: Place) -> None:
    place.secret = Held(Credentials("user_a", "x"))
    owner = place.administration()
    for _ in range(2):
        assert [user.name for user in owner.migrate().users] == ["user_a"]
    assert owner.rotate().after == "user_b"
    owner.close()


def test_a_password_that_the_database_lost_is_set_again(migrated: Place, owner: Administration) -> None:
    """As after a restore of an older snapshot."""
    with migrated.superuser() as superuser:
        superuser.execute(f"ALTER ROLE {migrated.tag}_a PASSWORD 'of-last-year'".encode())
    assert [user.password_set for user in owner.migrate().users] == [True]
    migrated.log_in().close()


def test_the_server_never_sees_a_password(migrated: Place, owner: Administration) -> None:
    with migrated.superuser() as superuser:
        superuser.execute("ALTER SYSTEM SET log_statement = 'all'")
        superuser.execute("SELECT pg_reload_conf()")
    try:
        owner.rotate()
        with migrated.superuser() as superuser:
            row = superuser.execute("SELECT rolpassword FROM pg_authid WHERE rolname = %s", [f"{migrated.tag}_b"])
            stored = row.fetchone()
    finally:
        with migrated.superuser() as superuser:
            superuser.execute("ALTER SYSTEM RESET log_statement")
            superuser.execute("SELECT pg_reload_conf()")
    assert stored is not None
    assert stored[0].startswith("SCRAM-SHA-256$")
    logged = migrated.logs()
    assert "ALTER ROLE" in logged, "statements are logged"
    assert migrated.secret.credentials().password not in logged


def eventually(condition: Callable[[], bool]) -> None:
    """Wait for it, for five minutes at most."""
    deadline = time.monotonic() + 300
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


class Users:
    """Threads that use a pool of the service until the `with` block ends."""

    def __init__(self, place: Place) -> None:
        self.answers = [0] * 6
        self.failures: list[str] = []
        self._engine = make_engine(place.settings, SecretSource(place.secret.credentials))
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=[number]) for number in range(6)]

    def _run(self, number: int) -> None:
        while not self._ended.wait(0.002):
            try:
                with self._engine.connect() as connection:
                    connection.execute(sa.text("SELECT count(*) FROM analyses"))
                    self.answers[number] += 1
                    # The next one has to log in.
                    connection.invalidate()
            except sa.exc.SQLAlchemyError as error:
                self.failures.append(str(error))

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()
        self._engine.dispose()


def test_rotations_under_load_lose_no_request(place: Place) -> None:
    owner = place.administration()
    owner.migrate()
    with Users(place) as users:
        for _ in range(6):
            answered = list(users.answers)
            owner.rotate()
            # Each has logged in since: a password lasts until the next rotation, and nobody is left two of them behind.
            eventually(lambda: all(now >= then + 3 for now, then in zip(users.answers, answered, strict=True)))  # noqa: B023 - asked at once
    owner.close()
    assert users.failures == []


@pytest.mark.parametrize("verb", ["rotate", "migrate"])
def test_whoever_waited_in_vain_says_for_what(migrated: Place, verb: str) -> None:
    settings = AdministrationSettings(migrated.settings, migrated.secret.arn)
    holder, waiter = (Administration(settings, migrated.secret, wait_seconds=1) for _ in range(2))
    with (
        holder.alone(),
        pytest.raises(AdministrationError, match="another migration or rotation has been at work for 1 s"),
    ):
        getattr(waiter, verb)()
    holder.close()
    waiter.close()


def test_rotations_and_migrations_at_once_take_turns(migrated: Place) -> None:
    results: list[object] = []

    def work(verb: str) -> None:
        administration = migrated.administration()
        try:
            results.append(getattr(administration, verb)())
        finally:
            administration.close()

    threads = [threading.Thread(target=work, args=[verb]) for verb in ("rotate", "migrate", "rotate", "migrate")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4, "none of them failed"
    migrated.log_in().close()
