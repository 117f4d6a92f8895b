# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A database restored on a second real server: what was erased since stays erased, what is lost is told."""

from __future__ import annotations

import uuid
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from fastbreak_service.environment import SettingsError
from fastbreak_service.identity.caller import Caller
from fastbreak_service.people.corrections import Merge, Split
from fastbreak_service.settings import restored_settings
from fastbreak_service.store.engine import make_engine
from fastbreak_service.store.erasures import Erasures
from fastbreak_service.store.person_erasures import PersonErasures, Refusal, Remains
from fastbreak_service.store.restored import Erased, Tried, compared, try_restored
from fastbreak_service.store.roles import AdministrationError
from fastbreak_service.store.team_corrections import TeamCorrections
from support.owned import Place
from support.restoring import MOST_LINES, analysis, restore
from support.seeds import landings, put_persons

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

    from fastbreak_service.people.history import Said
    from fastbreak_service.store.administration import Administration
    from support.postgres import Postgres


ROOT = Caller("hawks", frozenset(), "root")


def tried(living: Administration, restored: Administration) -> Tried:
    return try_restored(living, restored, datetime.now(UTC))


def three(place: Place) -> uuid.UUID:
    """An analysis of three persons."""
    with place.superuser() as connection:
        seen = [*landings(), replace(landings()[0], track=3, person=3)]
        return uuid.UUID(put_persons(connection, seen, "hawks"))


def correct(place: Place, known: uuid.UUID, said: Said) -> None:
    """Correct it for the first time."""
    with closing_engine(place) as engine:
        assert TeamCorrections(engine, "hawks", "r").add(known, said, 0) is not None


def erase(place: Place, known: uuid.UUID, person: int) -> None:
    """Erase one of them, with the video."""
    with closing_engine(place) as engine:
        gone = PersonErasures(engine, "s3://b", 7).erase(ROOT, known, person, Remains.DELETE)
    assert not isinstance(gone, Refusal)


@contextmanager
def closing_engine(place: Place) -> Iterator[Engine]:
    """An engine of the living database."""
    engine = make_engine(place.settings)
    try:
        yield engine
    finally:
        engine.dispose()


def test_what_was_erased_since_is_erased_in_the_copy(
    place: Place, living: Administration, postgres: Postgres, second: Postgres
) -> None:
    with place.superuser() as connection:
        kept, erased = analysis(connection), analysis(connection)
        connection.execute(
            "INSERT INTO uploads (id, team, sent_by, size_bytes, part_bytes, place, storage_upload, filename)"
            " VALUES (gen_random_uuid(), 'hawks', 's', 1, 1, 'p', 'u', 'jane.mp4')"
        )
    with closing(restore(place, postgres, second)) as restored:
        engine = make_engine(place.settings)
        assert Erasures(engine, "s3://b", 7).erase(ROOT, erased) is not None
        engine.dispose()
        with place.superuser() as connection:
            # Given up: the row stays, without the name.
            connection.execute("UPDATE uploads SET filename = NULL, error_code = 'abandoned'")
            connection.execute("DELETE FROM persons WHERE analysis_id = %s", [kept])
            connection.execute(
                "INSERT INTO person_erasures (analysis_id, person, team, place, how, erased, erased_at)"
                " VALUES (%s, 1, 'hawks', 's3://b', 'deleted', '{}', now())",
                [kept],
            )
            analysis(connection, datetime.now(UTC).isoformat())
        found = tried(living, restored)
        assert (found.erased, found.problems) == (Erased(analyses=1, persons=1, uploads=1), ())
        assert [line.partition(" ")[0] for line in found.logins] == [f"{place.tag}_a", f"{place.tag}w_a"]
        with second.connect(place.tag) as copy, place.superuser() as connection:
            assert copy.execute("SELECT id FROM analyses").fetchall() == [(kept,)]
            assert copy.execute("SELECT count(*) FROM uploads").fetchone() == (0,)
            assert copy.execute("SELECT count(*) FROM findings").fetchone() == (0,), "of either"
            for noted in ("SELECT * FROM erasures", "SELECT * FROM person_erasures"):
                assert copy.execute(noted).fetchall() == connection.execute(noted).fetchall()
        counted = {one.table: (one.living, one.restored) for one in found.compared.tables}
        assert (counted["analyses"], counted["erasures"]) == ((2, 1), (1, 1))
        said = list(compared(living, restored, datetime.now(UTC)))
        assert said[1] == "erased again: 0 analyses, 0 persons of others, 0 uploads"
        assert said[-1].startswith("it holds what")
        assert len(said) < MOST_LINES
        assert "analyses: 1 rows in the backup, the newest of 2026-01-01 00:00:00 UTC; 2 now" in said


def test_who_was_erased_is_found_by_what_was_seen_of_them(
    place: Place, living: Administration, postgres: Postgres, second: Postgres
) -> None:
    """In a backup from before they were said to be one with somebody, who goes with them."""
    known = three(place)
    with closing(restore(place, postgres, second)) as restored:
        correct(place, known, Merge((1, 2)))
        erase(place, known, 1)
        found = tried(living, restored)
        assert (found.erased.persons, found.problems) == (2, ())
        with second.connect(place.tag) as copy:
            assert copy.execute("SELECT person FROM persons").fetchall() == [(3,)]
            assert copy.execute("SELECT DISTINCT person FROM trails").fetchall() == [(3,)]


def test_what_was_withdrawn_after_an_erasure_stays_in_a_backup_from_after_it(
    place: Place, living: Administration, postgres: Postgres, second: Postgres
) -> None:
    known = three(place)
    erase(place, known, 3)
    correct(place, known, Merge((1, 2)))
    withdrawn = "SELECT number FROM findings WHERE withdrawn ORDER BY number"
    with closing(restore(place, postgres, second)) as restored:
        for _ in range(2):
            found = tried(living, restored)
            assert (found.problems, found.compared.lost) == ((), ())
        with second.connect(place.tag) as copy, place.superuser() as connection:
            assert copy.execute(withdrawn).fetchall() == connection.execute(withdrawn).fetchall() != []
        erase(place, known, 1)
        found = tried(living, restored)
        assert (found.erased.persons, found.problems, found.compared.lost) == (1, (), ())
        with second.connect(place.tag) as copy:
            assert copy.execute("SELECT number FROM findings").fetchall() == [], "an erasure since takes it"


@pytest.mark.parametrize("otherwise", [False, True], ids=["who was told apart", "somebody else"])
def test_a_backup_from_before_somebody_was_told_apart_and_erased_is_compared_without_what_went_with_them(
    place: Place, living: Administration, postgres: Postgres, second: Postgres, *, otherwise: bool
) -> None:
    known = three(place)
    with place.superuser() as connection:
        connection.execute(
            "INSERT INTO reviews (analysis_id, finding, version, verdict, reviewer, reviewed_at)"
            " SELECT analysis_id, number, 1, 'accepted', 'r', '2026-01-01' FROM findings"
        )
        [last] = connection.execute("SELECT last_frame FROM persons WHERE person = 1").fetchone() or [0]
    with closing(restore(place, postgres, second)) as restored:
        correct(place, known, Split(1, last / 30 - 0.2))
        erase(place, known, 3 if otherwise else 4)
        found = tried(living, restored)
        assert (found.problems, found.compared.lost) == ((), ())
        with second.connect(place.tag) as copy:
            left = [(1,), (2,)] if otherwise else [(2,), (3,)]
            assert copy.execute("SELECT person FROM persons ORDER BY person").fetchall() == left
            copy.execute("DELETE FROM reviews WHERE finding = (SELECT min(number) FROM findings WHERE person = 2)")
        assert tried(living, restored).problems == ("1 reviews from before the backup are not in it",)


def test_who_was_erased_does_not_come_back_from_what_was_seen_of_a_video_that_was_being_analysed(
    place: Place, living: Administration, postgres: Postgres, second: Postgres
) -> None:
    with place.superuser() as connection:
        begun, other = analysis(connection), analysis(connection)
        connection.execute("DELETE FROM persons")
        connection.execute("UPDATE analyses SET status = 'running', finished_at = NULL")
        for one in (begun, other):
            connection.execute("INSERT INTO work (analysis_id, contract, place) VALUES (%s, 3, 'p')", [one])
            connection.execute(
                "INSERT INTO segments (analysis_id, number, content, seen) VALUES (%s, 0, '{}', 'x')", [one]
            )
    with closing(restore(place, postgres, second)) as restored:
        with place.superuser() as connection:
            connection.execute("DELETE FROM work")
            connection.execute("UPDATE analyses SET status = 'succeeded', finished_at = now()")
            connection.execute("INSERT INTO persons VALUES (%s, 2, 9, 0, 9, '{}')", [begun])
            connection.execute(
                "INSERT INTO person_erasures (analysis_id, person, team, place, how, erased, erased_at)"
                " VALUES (%s, 1, 'hawks', 's3://b', 'blurred', '{}', now())",
                [begun],
            )
        assert tried(living, restored).problems == ()
        with second.connect(place.tag) as copy:
            told = copy.execute("SELECT id, status, error_code FROM analyses ORDER BY status").fetchall()
            assert told == [(begun, "failed", "interrupted"), (other, "running", None)]
            for table in ("work", "segments"):
                left = copy.execute(f"SELECT analysis_id FROM {table}".encode())  # noqa: S608 - a name of ours
                assert left.fetchall() == [(other,)]


def test_rows_that_are_missing_or_other_are_told(
    place: Place, living: Administration, postgres: Postgres, second: Postgres
) -> None:
    with place.superuser() as connection:
        first, lost = analysis(connection), analysis(connection)
    with closing(restore(place, postgres, second)) as restored:
        with second.connect(place.tag) as copy:
            copy.execute("DELETE FROM analyses WHERE id = %s", [lost])
            copy.execute("DELETE FROM events WHERE analysis_id = %s AND number = 1", [first])
        told = " ".join(tried(living, restored).problems)
        assert f"1 analyses from before the backup are not in it ({lost})" in told
        assert "1 reviews from before the backup are not in it" in told
        assert f"1 analyses have other events in the backup than now ({first})" in told
        with pytest.raises(AdministrationError, match="Do not take it into use"):
            list(compared(living, restored, datetime.now(UTC)))


def test_a_living_database_that_lost_rows_vouches_for_no_backup(
    place: Place, living: Administration, postgres: Postgres, second: Postgres
) -> None:
    """Neither an empty one, as a stack makes it anew, nor one without some rows, of which nobody has a certificate."""
    with place.superuser() as connection:
        first, lost = analysis(connection), analysis(connection)
        connection.execute("INSERT INTO audit (team, subject, action) VALUES ('hawks', 's', 'analysis.read')")
        never_begun = analysis(connection)
        connection.execute("DELETE FROM reviews WHERE analysis_id = %s", [never_begun])
        connection.execute("UPDATE analyses SET status = 'queued', finished_at = NULL WHERE id = %s", [never_begun])
        connection.execute(
            "INSERT INTO erasures (analysis_id, team, place, erased) VALUES (gen_random_uuid(), 'hawks', 'p', '{}')"
        )
    with closing(restore(place, postgres, second)) as restored:
        with place.superuser() as connection:
            connection.execute("DELETE FROM analyses WHERE id = %s", [never_begun])
        assert tried(living, restored).compared.lost == (), "its video was not stored"
        with place.superuser() as connection:
            connection.execute("DELETE FROM analyses WHERE id = %s", [lost])
            connection.execute("DELETE FROM reviews WHERE analysis_id = %s", [first])
            connection.execute("DELETE FROM erasures")
            connection.execute("DELETE FROM events WHERE analysis_id = %s AND number = 1", [first])
        found = tried(living, restored)
        assert (found.problems, found.compared.lost) == (
            (),
            (
                "erasures has 1 rows in the backup, and none in the living database",
                "reviews has 2 rows in the backup, and none in the living database",
                f"1 analyses of the backup are not in the living database ({lost})",
                "1 reviews of the backup are not in the living database",
                "1 certificates of erased analyses of the backup are not in the living database",
                f"1 analyses of the backup have fewer events in the living database ({first})",
            ),
        )
        with place.superuser() as connection:
            connection.execute("TRUNCATE analyses, audit CASCADE")
        with pytest.raises(AdministrationError, match=r"cannot vouch.* audit has 1 rows.* 2 analyses of the backup"):
            list(compared(living, restored, datetime.now(UTC)))


def test_that_nothing_was_compared_is_said(
    place: Place, living: Administration, postgres: Postgres, second: Postgres
) -> None:
    with closing(restore(place, postgres, second)) as restored:
        *_, last = compared(living, restored, datetime.now(UTC))
    assert last.startswith("nothing was compared")


def test_passwords_are_todays_and_rights_are_no_more_than_they_should_be(
    place: Place, living: Administration, postgres: Postgres, second: Postgres
) -> None:
    with closing(restore(place, postgres, second)) as restored:
        living.rotate(living.applications[1])
        assert tried(living, restored).problems == ()
        with second.connect(place.tag) as copy:
            copy.execute(f"GRANT DELETE ON audit TO {place.tag}_a".encode())
        [problem] = tried(living, restored).problems
        assert problem == f"{place.tag}_a logs in, but may DELETE audit, and should not"


def test_a_backup_from_before_the_workers_user_is_tried(postgres: Postgres, second: Postgres) -> None:
    place = Place(postgres)
    with closing(place.administration()) as before:
        before.migrate()
    with closing(restore(place, postgres, second)) as restored, closing(place.with_workers_apart(apart=False)) as both:
        both.migrate()
        with closing(place.with_workers_apart()) as living:
            living.migrate()
            assert tried(living, restored).problems == ()


def test_the_living_database_is_not_taken_for_a_copy(living: Administration) -> None:
    with pytest.raises(AdministrationError, match="are the same"):
        tried(living, living)


ARN = "arn:aws:secretsmanager:us-east-1:111111111111:secret:"
SETTINGS = {
    "FASTBREAK_DATABASE_HOST": "living",
    "FASTBREAK_DATABASE_NAME": "fastbreak",
    "FASTBREAK_DATABASE_MASTER_SECRET": f"{ARN}master",
    "FASTBREAK_DATABASE_SECRET": f"{ARN}api",
    "FASTBREAK_RESTORED_HOST": "copy",
    "FASTBREAK_RESTORED_MASTER_SECRET": f"{ARN}copy",
    "FASTBREAK_RESTORED_MOMENT": "2026-03-01T04:00:00Z",
}


def test_the_settings_name_both_databases() -> None:
    found = restored_settings(SETTINGS)
    assert (found.living.owner.host, found.restored.owner.host) == ("living", "copy")
    assert (found.living.owner.secret, found.restored.owner.secret) == (f"{ARN}master", f"{ARN}copy")
    assert found.moment == datetime(2026, 3, 1, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    "given",
    [{"RESTORED_HOST": ""}, {"RESTORED_MASTER_SECRET": "x"}, {"RESTORED_MOMENT": "2026-03-01T04:00:00"}],
)
def test_a_setting_that_is_wrong_is_named(given: dict[str, str]) -> None:
    [name] = given
    with pytest.raises(SettingsError, match=name):
        restored_settings(SETTINGS | {f"FASTBREAK_{name}": given[name]})
    without = {name: text for name, text in SETTINGS.items() if not name.endswith("DATABASE_MASTER_SECRET")}
    without.pop("FASTBREAK_DATABASE_SECRET")
    with pytest.raises(SettingsError):
        restored_settings(without | {"FASTBREAK_DATABASE_USER": "u", "FASTBREAK_DATABASE_PASSWORD": "p"})
