# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The rows of a backup in the living database: all or none, without what was erased, and a trail that is whole."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from fastbreak_service.store import taken_over as module
from fastbreak_service.store.roles import AdministrationError
from fastbreak_service.store.tables import metadata
from fastbreak_service.store.taken_over import taken_over
from support.owned import Place
from support.postgres import Postgres
from support.restoring import analysis, restore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastbreak_service.store.administration import Administration


@pytest.fixture(scope="module")
def second() -> Iterator[Postgres]:
    """The server that backups are restored on."""
    server = Postgres()
    try:
        server.run()
        yield server
    finally:
        server.remove()


@pytest.fixture
def place(postgres: Postgres) -> Place:
    found = Place(postgres)
    with closing(found.with_workers_apart()) as owner:
        owner.migrate()
    return found


@pytest.fixture
def living(place: Place) -> Iterator[Administration]:
    with closing(place.with_workers_apart()) as made:
        yield made


def rows(place: Place, asked: str) -> list[tuple[object, ...]]:
    with place.superuser() as connection:
        return connection.execute(asked.encode()).fetchall()


def whole(place: Place) -> dict[str, list[tuple[object, ...]]]:
    return {name: rows(place, f"SELECT * FROM {name} ORDER BY 1, 2, 3") for name in metadata.tables}  # noqa: S608


def test_a_database_that_lost_everything_has_it_again_but_what_was_erased(
    place: Place, living: Administration, postgres: Postgres, second: Postgres
) -> None:
    with place.superuser() as connection:
        kept, erased = analysis(connection), analysis(connection)
        connection.execute(
            "INSERT INTO work (analysis_id, contract, place, token, lease_until) VALUES"
            " (%s, 1, 'p', gen_random_uuid(), now() + interval '1 day')",
            [kept],
        )
        connection.execute("INSERT INTO audit (team, subject, action) VALUES ('hawks', 's', 'before')")
    with closing(restore(place, postgres, second)) as restored:
        held = whole(place)
        with place.superuser() as connection:
            connection.execute("DELETE FROM analyses")
            connection.execute("TRUNCATE audit")
            connection.execute("INSERT INTO audit (team, subject, action) VALUES ('hawks', 's', 'since')")
            connection.execute(
                "INSERT INTO erasures (analysis_id, team, place, erased, erased_at)"
                " VALUES (%s, 'hawks', 'p', '{}', now())",
                [erased],
            )
            connection.execute(
                "INSERT INTO person_erasures (analysis_id, person, team, place, how, erased)"
                " VALUES (%s, 7, 'hawks', 'p', 'blurred', '{}')",
                [kept],
            )
            connection.execute(
                "INSERT INTO uploads (id, team, sent_by, size_bytes, part_bytes, place, storage_upload)"
                " VALUES (gen_random_uuid(), 'hawks', 's', 1, 1, 'p', 'u')"
            )
        said = list(taken_over(living, restored, datetime.now(UTC)))
        assert "analyses: 1 rows taken over" in said
        assert any(line.startswith("the living database has lost: 1 analyses of the backup") for line in said)
        assert said[-1].startswith("the living database has these rows since")
    found = whole(place)
    for name in ("persons", "events", "findings", "reviews"):
        assert found[name] == [row for row in held[name] if row[0] == kept], name
    assert rows(place, "SELECT id, filename FROM analyses") == [(kept, "jane.mp4")]
    assert rows(place, "SELECT action FROM audit ORDER BY 1") == [("before",), ("since",)], "the trail is whole"
    assert rows(place, "SELECT count(*) FROM uploads") == [(1,)], "what is being sent goes on"
    assert rows(place, "SELECT token, lease_until FROM work") == [(None, None)], "nobody has any work"
    assert rows(place, "SELECT how FROM person_erasures") == [("deleted",)], "where they are to be blurred is gone"
    with closing(place.with_workers_apart()) as again:
        assert again.try_logins()[1] == (), "rights are what they were"


def test_it_is_all_or_nothing(
    place: Place, living: Administration, postgres: Postgres, second: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    with place.superuser() as connection:
        analysis(connection)
    with closing(restore(place, postgres, second)) as restored:
        with place.superuser() as connection:
            analysis(connection, datetime.now(UTC).isoformat())
            held = whole(place)

        def fail(*_: object) -> None:
            raise AdministrationError("broken off")

        monkeypatch.setattr(module, "_begin_anew", fail)
        with pytest.raises(AdministrationError, match="broken off"):
            list(taken_over(living, restored, datetime.now(UTC)))
    assert whole(place) == held


def test_a_backup_that_lacks_rows_or_has_other_tables_is_not_taken_over(
    place: Place, living: Administration, postgres: Postgres, second: Postgres
) -> None:
    with place.superuser() as connection:
        first = analysis(connection)
    with closing(restore(place, postgres, second)) as restored:
        held = whole(place)
        with place.superuser() as connection:
            connection.execute("CREATE TABLE notes (id int)")
        with pytest.raises(AdministrationError, match=r"The living database was not touched; deploy"):
            list(taken_over(living, restored, datetime.now(UTC)))
        with place.superuser() as connection:
            connection.execute("DROP TABLE notes")
        with second.connect(place.tag) as copy:
            copy.execute("DELETE FROM analyses WHERE id = %s", [first])
        with pytest.raises(AdministrationError, match=r"not in it .* The living database was not touched"):
            list(taken_over(living, restored, datetime.now(UTC)))
    assert whole(place) == held
