# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The schema's migrations on a real database."""

from __future__ import annotations

import os
import subprocess
import uuid
from typing import TYPE_CHECKING, cast

import pytest
import sqlalchemy as sa
from alembic import command

from fastbreak_service.identity.caller import ANYBODY, DEFAULT_TEAM
from fastbreak_service.people.corrections import Merge
from fastbreak_service.settings import database_settings
from fastbreak_service.store import schema
from fastbreak_service.store.analyses import AnalysisStore
from fastbreak_service.store.engine import make_engine
from fastbreak_service.store.person_erasures import PersonErasures, Refusal, Remains
from fastbreak_service.store.tables import metadata
from fastbreak_service.store.team_analyses import NewAnalysis, TeamAnalyses
from fastbreak_service.store.team_corrections import TeamCorrections, UncorrectableError
from fastbreak_service.store.team_uploads import NewUpload, TeamUploads
from fastbreak_service.store.work import WorkQueue
from support.seeds import landings, put_persons
from support.service import Service
from support.service import command as service_command

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import psycopg
    from alembic.config import Config
    from sqlalchemy import Engine

    from support.postgres import Postgres

pytestmark = pytest.mark.usefixtures("models_directory")


@pytest.fixture
def empty(postgres: Postgres) -> dict[str, str]:
    """The settings of an empty database."""
    return postgres.environment(postgres.database())


@pytest.fixture
def engine(empty: dict[str, str]) -> Iterator[Engine]:
    """A pool on the empty database."""
    made = make_engine(database_settings(empty))
    yield made
    made.dispose()


def migrate(environment: dict[str, str]) -> subprocess.Popen[str]:
    """Start `migrate`."""
    return subprocess.Popen(
        service_command("migrate"),
        env={**os.environ, **environment},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_the_second_run_has_nothing_to_do(empty: dict[str, str]) -> None:
    for said in (f"migrated from nothing to {schema.newest()}", f"already at revision {schema.newest()}"):
        with migrate(empty) as run:
            output, errors = run.communicate(timeout=240)
        assert (run.returncode, errors) == (0, "")
        assert said in output


def test_runs_at_the_same_time_take_turns(empty: dict[str, str]) -> None:
    runs = [migrate(empty) for _ in range(3)]
    outputs = [run.communicate(timeout=240) for run in runs]
    assert [run.returncode for run in runs] == [0, 0, 0], outputs
    assert sorted("already" in output for output, _ in outputs) == [False, True, True]


def test_a_migration_that_breaks_off_leaves_nothing(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    upgrade = command.upgrade

    def upgrade_then_break_off(config: Config, revision: str) -> None:
        upgrade(config, revision)
        raise RuntimeError("the plug was pulled")

    monkeypatch.setattr(command, "upgrade", upgrade_then_break_off)
    with pytest.raises(RuntimeError, match="plug"):
        schema.migrate(engine)
    assert sa.inspect(engine).get_table_names() == []


def test_the_migrations_make_the_tables_that_the_code_uses(engine: Engine) -> None:
    schema.migrate(engine)
    found = sa.inspect(engine)
    for table in metadata.sorted_tables:
        columns = {column["name"]: column for column in found.get_columns(table.name)}
        assert set(columns) == {column.name for column in table.columns}
        for column in table.columns:
            assert columns[column.name]["nullable"] == column.nullable, f"{table.name}.{column.name}"
            there, here = (kind.compile(dialect=engine.dialect) for kind in (columns[column.name]["type"], column.type))
            assert there == here, f"{table.name}.{column.name}"


def test_what_goes_with_a_row_is_found_by_an_index(engine: Engine) -> None:
    """Else all of a table, or of an analysis, is looked through for each row that goes."""
    schema.migrate(engine)
    found = sa.inspect(engine)
    for table in metadata.sorted_tables:
        keys: list[list[str | None]] = [[*found.get_pk_constraint(table.name)["constrained_columns"]]]
        keys += [index["column_names"] for index in found.get_indexes(table.name)]
        for referring in found.get_foreign_keys(table.name):
            columns = referring["constrained_columns"]
            assert any(key[: len(columns)] == columns for key in keys), f"{table.name} {columns}"


def test_the_queue_comes_and_goes_with_rows_in_the_tables(engine: Engine, tmp_path: Path) -> None:
    """What the older release finds after a downgrade it fails as interrupted; what had ended stays as it was."""
    rows = tmp_path / "rows.csv"
    rows.write_text("")
    with engine.begin() as connection:
        command.upgrade(schema._config(connection), "0001")
        connection.execute(
            sa.text(
                "INSERT INTO analyses (id, status, size_bytes, owner, service_version, heartbeat_at) "
                "VALUES (gen_random_uuid(), 'running', 1, 'an older release', '0', now() - interval '31 seconds')"
            )
        )
    schema.migrate(engine)
    store, place = AnalysisStore(engine), f"place:{uuid.uuid4()}"
    assert len(store.fail_abandoned()) == 1
    done, queued = (NewAnalysis(uuid.uuid4(), None, 1, place, True, "0") for _ in range(2))
    TeamAnalyses(engine, DEFAULT_TEAM).add(done)
    taken = WorkQueue(engine, place, 30).take(abandoned=False)
    assert taken is not None
    assert store.start(done.id, taken.owner, taken.attempt)
    assert store.finish(done.id, taken.owner, {"video": {}, "model": {"name": "m", "sha256": "s"}, "persons": []}, rows)
    TeamAnalyses(engine, DEFAULT_TEAM).add(queued)
    upload = NewUpload(uuid.uuid4(), "run.mp4", 5, 8, place, "u")
    assert TeamUploads(engine, ANYBODY).add(upload) is not None
    with engine.begin() as connection:
        command.downgrade(schema._config(connection), "0001")
        rows_after = connection.execute(sa.text("SELECT status, heartbeat_at <= now() AS is_past FROM analyses"))
        found = {row.status: row.is_past for row in rows_after}
    assert found["queued"] is True
    assert sorted(found) == ["failed", "queued", "succeeded"]
    schema.migrate(engine)
    assert WorkQueue(engine, place, 30).left() == 0
    assert len(TeamAnalyses(engine, DEFAULT_TEAM).newest(10)) == 3
    assert TeamUploads(engine, ANYBODY).one(upload.id) is None


def test_erasures_of_persons_come_and_go_with_rows_in_the_tables(engine: Engine) -> None:
    """What waits to be blurred is shown and kept by nobody after a downgrade; what was summed over all is forgotten."""
    analysis = uuid.uuid4()
    rows = (
        "INSERT INTO analyses (id, status, size_bytes, owner, service_version) VALUES (:id, 'succeeded', 1, 'x', '0')",
        "UPDATE analyses SET footage_place = 'p', movement = CAST(:movement AS jsonb) WHERE id = :id",
        "INSERT INTO persons VALUES (:id, 1, 9, 0, 9, '{}'), (:id, 2, 9, 0, 9, '{}')",
        "INSERT INTO poses SELECT :id, n, n, 0, 0, array_fill(1, ARRAY[34]) FROM generate_series(1, 2) n",
    )
    with engine.begin() as connection:
        command.upgrade(schema._config(connection), "0011")
        for statement in rows:
            connection.execute(sa.text(statement), {"id": analysis, "movement": '{"left_out": 2, "cut": {"a": 1}}'})
        command.upgrade(schema._config(connection), "0015")
    assert not isinstance(PersonErasures(engine, "p", None).erase(ANYBODY, analysis, 1, Remains.BLUR), Refusal)
    schema.migrate(engine)
    assert WorkQueue(engine, "p", 30).left() == 1
    with engine.begin() as connection:
        command.downgrade(schema._config(connection), "0011")
    assert WorkQueue(engine, "p", 30).unneeded([analysis]) == [analysis]
    schema.migrate(engine)
    row, persons = TeamAnalyses(engine, DEFAULT_TEAM).one(analysis) or (None, ())
    assert row is not None
    assert (row["footage_place"], [person["person"] for person in persons]) == (None, [2])
    assert row["movement"] == {"events": 0, "findings": 0, "left_out": None, "cut": None}


def test_players_come_and_go_with_rows_in_the_tables(engine: Engine) -> None:
    """What a downgrade forgets is forgotten; persons are corrected and erased before and after it."""
    analysis = uuid.uuid4()
    rows = (
        "INSERT INTO analyses (id, status, size_bytes, owner, service_version) VALUES (:id, 'succeeded', 1, 'x', '0')",
        "INSERT INTO persons VALUES (:id, 1, 9, 0, 9, '{}'), (:id, 2, 9, 0, 9, '{}')",
    )
    named = sa.text("INSERT INTO players (analysis_id, person, player, named_by) VALUES (:id, :person, '7', 'x')")
    with engine.begin() as connection:
        command.upgrade(schema._config(connection), "0017")
        for statement in rows:
            connection.execute(sa.text(statement), {"id": analysis})
        command.upgrade(schema._config(connection), "0018")
        connection.execute(named, [{"id": analysis, "person": person} for person in (1, 2)])
        command.downgrade(schema._config(connection), "0017")
    schema.migrate(engine)
    players = sa.text("SELECT person FROM players")
    with engine.begin() as connection:
        assert connection.execute(players).all() == []
        connection.execute(named, [{"id": analysis, "person": person} for person in (1, 2)])
    erased = PersonErasures(engine, "p", None).erase(ANYBODY, analysis, 1, Remains.DELETE)
    assert not isinstance(erased, Refusal)
    assert erased["erased"]["players"] == 1
    with engine.begin() as connection:
        assert connection.execute(players).scalars().all() == [2]


def test_a_database_that_is_away_is_named(empty: dict[str, str]) -> None:
    with migrate(empty | {"FASTBREAK_DATABASE_PORT": "1"}) as run:
        _, errors = run.communicate(timeout=240)
    assert run.returncode == 1
    assert "on 127.0.0.1:1 could not be migrated" in errors
    assert "Traceback" not in errors
    assert len(errors.splitlines()) == 1


def test_a_wrong_password_is_said_without_it(empty: dict[str, str]) -> None:
    with migrate(empty | {"FASTBREAK_DATABASE_PASSWORD": "not-the-one"}) as run:
        _, errors = run.communicate(timeout=240)
    assert run.returncode == 1
    assert "password authentication failed" in errors
    assert "not-the-one" not in errors


def test_a_newer_releases_schema_is_served_and_an_empty_one_is_not() -> None:
    assert schema.serves(schema.newest())
    assert schema.serves("9999")
    assert not schema.serves(None)


def test_a_service_waits_for_its_schema(empty: dict[str, str], tmp_path: Path) -> None:
    replica = Service(empty, tmp_path / "log.jsonl")
    try:
        replica.launch()
        replica.wait_alive()
        replica.wait_for_reason("schema_outdated")
        with migrate(empty) as run:
            run.communicate(timeout=240)
        replica.wait_ready()
    finally:
        replica.end()


def test_corrections_come_and_go_with_rows_in_the_tables(engine: Engine) -> None:
    """After a downgrade everybody stays who they are, and is erased as before."""
    schema.migrate(engine)
    with engine.begin() as connection:
        driver = cast("psycopg.Connection", connection.connection.driver_connection)
        analysis = uuid.UUID(put_persons(driver, landings(), "hawks"))
    corrections = TeamCorrections(engine, "hawks", "ada")
    assert corrections.add(analysis, Merge((1, 2)), 0) is not None
    with engine.begin() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM findings WHERE withdrawn")).scalar_one() > 0
        command.downgrade(schema._config(connection), "0014")
        left = connection.execute(sa.text("SELECT person, count(*) FROM measures GROUP BY person")).all()
        assert left == [(1, sum(len(piece.rows) for piece in landings()))]
        counted = "SELECT (movement->>'findings')::int, (SELECT count(*) FROM findings) FROM analyses"
        told, found = connection.execute(sa.text(counted)).one()
        assert told == found
    with engine.begin() as connection:
        connection.execute(sa.text("SELECT set_config('fastbreak.team', 'hawks', true)"))
        erased = "SELECT erase_person(:analysis, 1, 'delete', 'p', 7)"
        assert connection.execute(sa.text(erased), {"analysis": analysis}).scalar_one() == "erased"
    schema.migrate(engine)
    with pytest.raises(UncorrectableError):
        corrections.add(analysis, Merge((1, 2)), 0)
