# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The schema's migrations on a real database."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from alembic import command

from fastbreak_service.settings import database_settings
from fastbreak_service.store import schema
from fastbreak_service.store.engine import make_engine
from fastbreak_service.store.tables import metadata
from support.service import Service
from support.service import command as service_command

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

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
    for said in ("migrated from nothing to 0001", "already at revision 0001"):
        with migrate(empty) as run:
            output, errors = run.communicate(timeout=60)
        assert (run.returncode, errors) == (0, "")
        assert said in output


def test_runs_at_the_same_time_take_turns(empty: dict[str, str]) -> None:
    runs = [migrate(empty) for _ in range(3)]
    outputs = [run.communicate(timeout=60) for run in runs]
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


def test_a_database_that_is_away_is_named(empty: dict[str, str]) -> None:
    with migrate(empty | {"FASTBREAK_DATABASE_PORT": "1"}) as run:
        _, errors = run.communicate(timeout=60)
    assert run.returncode == 1
    assert "on 127.0.0.1:1 could not be migrated" in errors
    assert "Traceback" not in errors
    assert len(errors.splitlines()) == 1


def test_a_wrong_password_is_said_without_it(empty: dict[str, str]) -> None:
    with migrate(empty | {"FASTBREAK_DATABASE_PASSWORD": "not-the-one"}) as run:
        _, errors = run.communicate(timeout=60)
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
            run.communicate(timeout=60)
        replica.wait_ready()
    finally:
        replica.end()
