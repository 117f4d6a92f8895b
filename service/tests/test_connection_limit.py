# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""How many connections each of the service's users may have, and what is said where they are all in use."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import sql

from fastbreak_service.settings import database_settings
from fastbreak_service.store.administration import Administration, Migrated
from fastbreak_service.store.credentials import CURRENT, Credentials
from fastbreak_service.store.engine import open_connection
from fastbreak_service.store.failures import is_away, is_full, reason
from fastbreak_service.store.limits import has_room
from fastbreak_service.store.roles import AdministrationError
from support.owned import Place
from support.service import Service
from support.staff import code

if TYPE_CHECKING:
    from pathlib import Path

    from support.postgres import Postgres


@pytest.fixture(scope="module")
def place(postgres: Postgres) -> Place:
    return Place(postgres)


def migrate(place: Place, api: int, worker: int) -> Migrated:
    settings = place.with_workers_apart()._settings
    settings = replace(settings, connections=api, worker_connections=worker)
    with closing(Administration(settings, place.secret, worker_secret=place.worker_secret)) as administration:
        return administration.migrate()


def limits(place: Place) -> dict[str, int]:
    """Of each of the users, without what the database's name has in common."""
    asked = "SELECT rolname, rolconnlimit FROM pg_roles WHERE rolname LIKE %s AND rolcanlogin AND rolname NOT LIKE %s"
    with place.superuser() as connection:
        found = connection.execute(asked, [f"{place.tag}%", "%owner"]).fetchall()
    return {name.removeprefix(place.tag): limit for name, limit in found}


def test_more_than_the_database_has_is_refused_and_nothing_is_changed(place: Place) -> None:
    with pytest.raises(AdministrationError) as caught:
        migrate(place, 50, 36)
    assert str(caught.value).startswith(
        "ecs_rollout_database_connections gives api 50 and worker 36 connections, and the database has 85 for them: "
        "max_connections, less 15 for its owner. Nothing was changed."
    )
    assert limits(place) == {}


def test_each_user_has_its_own_limit_which_a_later_migration_changes(place: Place) -> None:
    migrate(place, 50, 35)
    assert limits(place) == {"_a": 50, "_b": 50, "w_a": 35, "w_b": 35}
    migrate(place, 4, 0)
    assert limits(place) == {"_a": 4, "_b": 4, "w_a": 85, "w_b": 85}


def test_a_limit_is_not_lowered_onto_tasks_that_run(place: Place) -> None:
    migrate(place, 50, 35)
    settings = place.with_workers_apart()._settings.owner
    credentials = Credentials.parse(place.secret.version(CURRENT).document, place.secret.arn)
    with open_connection(settings, credentials):
        # The task of this connection may have four more, and the one of the release to come five.
        kept = [user.kept_limit for user in migrate(place, 9, 20).users]
        assert (limits(place), kept) == ({"_a": 50, "_b": 50, "w_a": 20, "w_b": 20}, [50, 0])
        assert [user.kept_limit for user in migrate(place, 60, 20).users] == [0, 0]
        assert [user.kept_limit for user in migrate(place, 10, 20).users] == [0, 0]
    migrate(place, 9, 20)
    assert limits(place) == {"_a": 9, "_b": 9, "w_a": 20, "w_b": 20}


@pytest.mark.parametrize(
    ("limit", "connections", "tasks", "room"),
    [
        (1, 0, 0, True),
        (40, 3, 4, True),
        # Ten that do little have few connections, and may have fifty.
        (40, 10, 10, False),
        # Four workers of before have five connections each, beside four of three.
        (24, 20, 4, False),
        (40, 21, 1, False),
    ],
)
def test_half_of_a_limit_is_for_what_comes(limit: int, connections: int, tasks: int, *, room: bool) -> None:
    assert has_room(limit, connections, tasks) is room


@pytest.mark.parametrize(
    ("said", "full"),
    [
        ('connection failed: FATAL:  too many connections for role "app_a"', True),
        ('connection failed: FATAL:  too many connections for database "app"', True),
        ("FATAL:  sorry, too many clients already", True),
        ("FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute", True),
        ("connection failed: Connection refused", False),
        ("FATAL:  the database system is starting up", False),
    ],
)
def test_a_full_database_is_told_from_one_that_is_away(said: str, full: bool) -> None:
    error = psycopg.OperationalError(said)
    assert is_full(error) is full
    assert is_away(error)
    assert ("ecs_rollout_database_connections" in reason(error)) is ("connections for role" in said)


def test_a_service_that_meets_its_limit_says_so_until_there_is_room(
    apart: dict[str, dict[str, str]], postgres: Postgres, tmp_path: Path
) -> None:
    environment = apart["serve"] | {"FASTBREAK_WORKER": "apart", "FASTBREAK_FOOTAGE": str(tmp_path / "footage")}
    settings = database_settings(environment)
    user = Credentials(settings.user, settings.password)
    replica = Service(environment, tmp_path / "log.jsonl").start()
    try:
        with postgres.connect(settings.name) as superuser:
            superuser.autocommit = True
            superuser.execute(sql.SQL("ALTER ROLE {} CONNECTION LIMIT 1").format(sql.Identifier(user.username)))
            superuser.execute(
                "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE usename = %s", [user.username]
            )
        with open_connection(settings, user):
            for path in ("/readyz", "/v1/analyses"):
                answer = replica.http.get(path)
                assert code(answer) == (503, "database_full")
                assert answer.headers["content-type"] == "application/problem+json"
                assert answer.headers["retry-after"] == "5"
                assert (
                    "All connections that this service may have to the database are in use" in answer.json()["detail"]
                )
        assert replica.http.get("/healthz").status_code == 200
        assert replica.http.get("/readyz").status_code == 200
        assert "more tasks run than ecs_rollout_database_connections has room for" in replica.log.read_text()
    finally:
        replica.end()
        with postgres.connect(settings.name) as superuser:
            superuser.execute(sql.SQL("ALTER ROLE {} CONNECTION LIMIT 50").format(sql.Identifier(user.username)))
