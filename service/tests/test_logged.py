# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What the database's log and the service's own keep of statements: no name, note or subject that is in them."""

from __future__ import annotations

import io
import json
import logging
import re
import subprocess
import uuid
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
import sqlalchemy as sa
import structlog
from sqlalchemy import exc

from fastbreak_service import logs
from fastbreak_service.settings import database_settings
from fastbreak_service.store.engine import make_engine
from fastbreak_service.store.tables import analyses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine

    from support.postgres import Postgres

ROLES = Path(__file__).resolve().parents[2] / "roles"
NAME = "Jordan Miller left ACL.mp4"
COPY = "COPY persons (analysis_id, person, frames, first_frame, last_frame, angles) FROM STDIN"


def parameters(role: str) -> dict[str, str]:
    """The parameters that the role's template gives its database."""
    template = (ROLES / role / "files" / "stack.yaml").read_text()
    group = re.search(r"Family: postgres17\n +Parameters:\n((?: {8}.*\n)+)", template)
    assert group is not None
    return dict(re.findall(r'^ {8}([a-z_.]+): "?([^"\n]+)"?$', group[1], re.MULTILINE))


@pytest.fixture
def logging_engine(postgres: Postgres, migrated: dict[str, str]) -> Iterator[Engine]:
    """Connections to that database with the template's parameters, but to which everything is slow."""
    name = migrated["FASTBREAK_DATABASE_NAME"]
    told = {
        key: value for key, value in parameters("rds").items() if key.startswith("log_") and "connections" not in key
    }
    assert told.pop("log_min_duration_statement") == "1000"
    with postgres.connect(name) as connection:
        for key, value in {**told, "log_min_duration_statement": "0"}.items():
            connection.execute(f"ALTER DATABASE {name} SET {key} = '{value}'".encode())
    engine = make_engine(database_settings(migrated))
    with closing(engine.raw_connection()):
        yield engine
    engine.dispose()
    with postgres.connect(name) as connection:
        connection.execute(f"ALTER DATABASE {name} RESET ALL".encode())


def said(postgres: Postgres) -> str:
    """The server's log."""
    return subprocess.run(["docker", "logs", postgres.name], capture_output=True, text=True, check=True).stderr


def add(connection: Connection, identity: uuid.UUID, status: str = "queued") -> None:
    now = sa.func.now()
    values = {"owner": "o", "service_version": "1", "created_at": now, "heartbeat_at": now, "size_bytes": 1}
    row = sa.insert(analyses).values(id=identity, team="hawks", filename=NAME, status=status, **values)
    connection.execute(row)


@contextmanager
def configured() -> Iterator[None]:
    """The service's logging, as long as the context."""
    before, root = structlog.get_config(), logging.getLogger()
    handlers, level = root.handlers, root.level
    logs.configure("INFO", "1")
    try:
        yield
    finally:
        structlog.configure(**before)
        root.handlers, root.level = handlers, level


def fail_each_way(engine: Engine) -> Iterator[Exception]:
    """Errors whose DETAIL or CONTEXT has what was written."""
    identity = uuid.uuid4()
    with engine.begin() as connection:
        add(connection, identity)
    for again, status in ((identity, "queued"), (uuid.uuid4(), "strange")):
        with pytest.raises(exc.IntegrityError) as failed, engine.begin() as connection:
            add(connection, again, status)
        yield failed.value
    with engine.connect() as connection:
        driver = connection.connection.cursor()
        with pytest.raises(psycopg.Error) as refused, driver.copy(COPY) as rows:
            rows.write(f"{identity}\t1\t1\t1\t1\t{NAME}\n")
        yield refused.value


def test_no_log_of_the_database_has_what_people_wrote(postgres: Postgres, logging_engine: Engine) -> None:
    assert len(list(fail_each_way(logging_engine))) == 3
    text = said(postgres)
    assert "INSERT INTO analyses" in text
    assert 'duplicate key value violates unique constraint "analyses_pkey"' in text
    assert NAME not in text


def test_a_restored_database_logs_no_more_than_the_first() -> None:
    assert parameters("restore") == parameters("rds")


def test_the_services_own_log_has_the_databases_sentence_alone(
    logging_engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    with configured():
        for error in fail_each_way(logging_engine):
            broken = RuntimeError("request broke off")
            broken.__cause__ = error
            structlog.get_logger().error("request broke off", exc_info=broken)
    lines = [json.loads(line)["exception"] for line in io.StringIO(capsys.readouterr().out)]
    assert len(lines) == 3
    assert "duplicate key value violates unique constraint" in lines[0]
    assert "violates check constraint" in lines[1]
    assert "invalid input syntax for type json" in lines[2]
    assert not [line for line in lines if NAME in line or "DETAIL" in line or "CONTEXT" in line]
