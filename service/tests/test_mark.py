# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The mark of a whole migration, on a real PostgreSQL: whoever finds it need not migrate again."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import migrating
import psycopg
import pytest

from fastbreak_service.environment import SettingsError
from fastbreak_service.settings import AdministrationSettings, administration_settings
from fastbreak_service.store import mark, schema
from fastbreak_service.store.administration import Administration
from fastbreak_service.store.credentials import SecretSource
from fastbreak_service.store.engine import make_engine
from fastbreak_service.store.mark import Standing
from support.owned import Place

if TYPE_CHECKING:
    from support.postgres import Postgres
    from support.service import Service

LEFT = "a1-b2"


@pytest.fixture
def place(postgres: Postgres) -> Place:
    return Place(postgres)


def migrate(place: Place, left: str = LEFT, connections: int = 0) -> None:
    settings = AdministrationSettings(place.settings, place.secret.arn, connections=connections, mark=left)
    with closing(Administration(settings, place.secret)) as administration:
        administration.migrate()


def seen(place: Place) -> Standing:
    """What the service's user, who owns nothing, finds."""
    engine = make_engine(place.settings, SecretSource(place.secret.credentials))
    try:
        with engine.connect() as connection:
            return mark.standing(connection)
    finally:
        engine.dispose()


def test_a_whole_migration_leaves_its_mark_and_the_next_takes_it_away(place: Place) -> None:
    migrate(place)
    assert seen(place) == Standing(schema.newest(), LEFT)
    migrate(place, "c3")
    assert seen(place) == Standing(schema.newest(), "c3")
    # As of whoever migrates by hand. An image of before marks leaves it, which the rollout knows by the image.
    migrate(place, "")
    assert seen(place) == Standing(schema.newest())


def test_the_mark_counts_for_its_own_schema_alone(place: Place) -> None:
    """Somebody downgrades, or a release of later upgrades, without a word to anybody."""
    migrate(place)
    with place.log_in(place.owner) as owner:
        owner.execute("UPDATE alembic_version SET version_num = '0001'")
    assert seen(place) == Standing("0001")


def test_the_mark_counts_for_as_many_connections_as_the_database_had(place: Place) -> None:
    """The limits are reckoned from these: a larger instance class has more, a smaller one may refuse."""
    migrate(place)
    with place.log_in(place.owner) as owner:
        owner.execute(f"COMMENT ON TABLE alembic_version IS '{schema.newest()}/7 {LEFT}'")
    assert seen(place) == Standing(schema.newest())


@pytest.mark.parametrize(("apart", "connections"), [(False, 40), (True, 10)])
def test_a_rotation_takes_it_away(place: Place, apart: bool, connections: int) -> None:
    """It gives rights and limits as its own settings say, which are not those that the mark stands for."""

    def owner(apart: bool, connections: int) -> Administration:
        secrets = (place.secret.arn, place.worker_secret.arn)
        settings = AdministrationSettings(place.settings, *secrets, apart, connections, 24, LEFT)
        return Administration(settings, place.secret, worker_secret=place.worker_secret)

    with closing(owner(apart=True, connections=40)) as administration:
        administration.migrate()
    assert seen(place) == Standing(schema.newest(), LEFT)
    with closing(owner(apart, connections)) as administration:
        administration.rotate()
    assert seen(place) == Standing(schema.newest())


def test_a_migration_that_is_refused_leaves_what_there_was(place: Place) -> None:
    migrate(place)
    with pytest.raises(Exception, match="ecs_rollout_database_connections"):
        migrate(place, "c3", connections=10_000)
    assert seen(place) == Standing(schema.newest(), LEFT)


def test_a_migration_that_has_to_be_done_again_leaves_none(place: Place) -> None:
    """A limit is lowered as soon as fewer tasks run: by the next migration, which is not skipped then."""
    migrate(place, connections=20)
    with closing(place.log_in()), closing(place.log_in()):
        migrate(place, connections=6)
        assert seen(place) == Standing(schema.newest())
    migrate(place, connections=6)
    assert seen(place) == Standing(schema.newest(), LEFT)


def test_only_the_owner_leaves_it(place: Place) -> None:
    migrate(place)
    with place.log_in() as application, pytest.raises(psycopg.errors.InsufficientPrivilege):
        application.execute("COMMENT ON TABLE alembic_version IS '0017 forged'")


def test_an_empty_database_has_none(place: Place) -> None:
    with closing(place.administration()):
        engine = make_engine(place.settings, SecretSource(lambda: place.owner))
        with engine.connect() as connection:
            assert mark.standing(connection) == Standing(None)
        engine.dispose()


def test_an_images_name_of_its_migration_is_made_of_all_that_runs() -> None:
    """It is made of files; as a Python that administers a database finds out, none is missed."""
    program = (
        "import sys, fastbreak_service.administering, fastbreak_service.store.secret\n"
        "print(*(found.__file__ for name, found in sys.modules.items() if name.startswith('fastbreak_service')))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) <= {str(path) for path in migrating.parts()}
    assert "administering.py" in {path.name for path in migrating.parts()}


def test_whoever_asks_is_told_by_what_runs(service: Service) -> None:
    told = {"status": "ready", "asked": "0f", "schema": schema.newest(), "migration": ""}
    assert service.http.get("/readyz?asked=0f").json() == told
    assert service.http.get("/readyz?asked=%22").status_code == 400


def test_a_mark_is_plain() -> None:
    environment = {
        "FASTBREAK_DATABASE_HOST": "db",
        "FASTBREAK_DATABASE_NAME": "db",
        "FASTBREAK_DATABASE_USER": "owner",
        "FASTBREAK_DATABASE_PASSWORD": "x",
    }
    assert administration_settings(environment | {"FASTBREAK_MIGRATION_MARK": LEFT}).mark == LEFT
    assert replace(administration_settings(environment), mark=LEFT).mark == LEFT
    with pytest.raises(SettingsError, match="FASTBREAK_MIGRATION_MARK"):
        administration_settings(environment | {"FASTBREAK_MIGRATION_MARK": "it's"})
