# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The rows of a backup in the living database: all or none, without what was erased, and a trail that is whole."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from fastbreak_service.people.corrections import Merge
from fastbreak_service.store import taken_over as module
from fastbreak_service.store.engine import make_engine
from fastbreak_service.store.person_erasures import PersonErasures
from fastbreak_service.store.roles import AdministrationError
from fastbreak_service.store.tables import metadata
from fastbreak_service.store.taken_over import Backup, take_over, taken_over
from fastbreak_service.store.team_corrections import TeamCorrections
from fastbreak_service.store.team_players import Refused, TeamPlayers
from support.restoring import MOST_LINES, analysis, restore
from support.seeds import landings, put_persons

if TYPE_CHECKING:
    from fastbreak_service.store.administration import Administration
    from support.owned import Place
    from support.postgres import Postgres


def backup(name: str = "snapshot ours") -> Backup:
    return Backup(name, datetime.now(UTC))


def rows(place: Place, asked: str) -> list[tuple[object, ...]]:
    with place.superuser() as connection:
        return connection.execute(asked.encode()).fetchall()


def held_by_another(place: Place, table: str) -> bool:
    asked = f"SELECT FROM pg_locks WHERE relation = '{table}'::regclass AND mode = 'AccessExclusiveLock' AND granted"
    return bool(rows(place, asked))


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
        said = list(taken_over(living, restored, backup()))
        [now] = [line for line in said if line.startswith("rows now: ")]
        assert "analyses 1, " in now
        assert any(line.startswith("the living database has lost: ") for line in said)
        assert said[-2].startswith("the living database has these rows since")
        assert len(said) < MOST_LINES, "the run tells the last of them alone"
    found = whole(place)
    for name in ("persons", "events", "findings", "reviews"):
        assert found[name] == [row for row in held[name] if row[0] == kept], name
    assert rows(place, "SELECT id, filename FROM analyses") == [(kept, "jane.mp4")]
    assert rows(place, "SELECT action FROM audit ORDER BY at, id") == [
        *(("before",), ("since",), ("backup.taken_over",)),
    ], "the trail is whole"
    assert rows(place, "SELECT count(*) FROM uploads") == [(1,)], "what is being sent goes on"
    assert rows(place, "SELECT token, lease_until FROM work") == [(None, None)], "nobody has any work"
    assert rows(place, "SELECT how FROM person_erasures") == [("deleted",)], "where they are to be blurred is gone"
    with closing(place.with_workers_apart()) as again:
        assert again.try_logins()[1] == (), "rights are what they were"


def test_whose_persons_were_corrected_since_stay_as_they_are(
    place: Place, living: Administration, postgres: Postgres, second: Postgres
) -> None:
    with place.superuser() as connection:
        known, other = uuid.UUID(put_persons(connection, landings(), "hawks")), analysis(connection)
    with closing(restore(place, postgres, second)) as restored:
        engine = make_engine(place.settings)
        assert TeamCorrections(engine, "hawks", "r").add(known, Merge((1, 2)), 0) is not None
        engine.dispose()
        with place.superuser() as connection:
            connection.execute("DELETE FROM analyses WHERE id = %s", [other])
        held = whole(place)
        list(taken_over(living, restored, backup()))
    found = whole(place)
    for name in ("corrections", "trails", "measures"):
        assert found[name] == held[name] != [], name
    assert {row[0] for row in found["persons"]} == {known, other}


def test_players_stay_where_somebody_was_named_since(
    place: Place, living: Administration, postgres: Postgres, second: Postgres
) -> None:
    with place.superuser() as connection:
        unsaid, since, lost, told, gone = (analysis(connection) for _ in range(5))
    engine = make_engine(place.settings)
    mine = TeamPlayers(engine, "hawks", "r")
    for one, player in ((unsaid, "P-0012"), (since, "P-0012"), (lost, "P-0033"), (told, "P-0012"), (gone, "P-0044")):
        assert not isinstance(mine.name(one, 1, player, 0), Refused)
    with place.superuser() as connection:
        connection.execute("UPDATE players SET compared = '{}'")
        connection.execute("UPDATE players SET basis = %s WHERE analysis_id = %s", [[unsaid], told])
    with closing(restore(place, postgres, second)) as restored:
        assert mine.unname(unsaid, 1, 0) is None
        assert not isinstance(mine.name(since, 1, "P-0077", 0), Refused)
        assert not isinstance(mine.name(gone, 1, "P-0055", 0), Refused)
        with place.superuser() as connection:
            connection.execute("DELETE FROM players WHERE analysis_id = %s", [lost])
            connection.execute("DELETE FROM analyses WHERE id = %s", [gone])
        said = list(taken_over(living, restored, backup()))
    engine.dispose()
    assert "1 players of the backup are not in the living database" in " ".join(said)
    assert [line for line in said if line.startswith("2 more keep who is named in them")]
    named = {row[0]: row[1] for row in rows(place, "SELECT analysis_id, player FROM players")}
    # Of an analysis that is there no more nothing can be kept.
    assert named == {since: "P-0077", lost: "P-0033", told: "P-0012", gone: "P-0044"}
    forgotten = {row[0]: row[1] for row in rows(place, "SELECT analysis_id, compared IS NULL FROM players")}
    assert forgotten == {since: True, told: True, lost: False, gone: False}, "it was told by rows that are gone"


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

        monkeypatch.setattr(module, "add_to_trail", fail)
        with pytest.raises(AdministrationError, match="broken off"):
            list(taken_over(living, restored, backup()))
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
            list(taken_over(living, restored, backup()))
        with place.superuser() as connection:
            connection.execute("DROP TABLE notes")
        with second.connect(place.tag) as copy:
            copy.execute("DELETE FROM analyses WHERE id = %s", [first])
        with pytest.raises(AdministrationError, match=r"not in it .* The living database was not touched"):
            list(taken_over(living, restored, backup()))
    assert whole(place) == held


def test_it_is_taken_over_once(place: Place, living: Administration, postgres: Postgres, second: Postgres) -> None:
    with place.superuser() as connection:
        analysis(connection)
    taken = backup()
    with closing(restore(place, postgres, second)) as restored:
        *_, undo = taken_over(living, restored, taken)
        with place.superuser() as connection:
            analysis(connection, datetime.now(UTC).isoformat())
            held = whole(place)
        already, told = taken_over(living, restored, taken)
        assert already.startswith("the rows of snapshot ours were taken over already, after ")
        assert told == undo
        assert whole(place) == held
        with pytest.raises(AdministrationError, match="another run has taken the rows of snapshot ours over"):
            take_over(living, restored, taken)
        assert whole(place) == held
        list(taken_over(living, restored, backup("snapshot other")))
        assert not next(iter(taken_over(living, restored, taken))).endswith("Nothing was done"), "another was since"
    times = rows(place, "SELECT before FROM takeovers ORDER BY 1")
    assert [at.microsecond for (at,) in times if isinstance(at, datetime)] == [0, 0]
    assert rows(place, "SELECT count(*) FROM audit, takeovers WHERE action = 'backup.taken_over' AND at < before") == [
        (1,)
    ], "each is after its own moment, and the first is before the second's"


def test_what_breaks_off_at_the_end_is_not_known_and_may_be_repeated(
    place: Place, living: Administration, postgres: Postgres, second: Postgres
) -> None:
    with place.superuser() as connection:
        kept = analysis(connection)
    taken = backup()
    with closing(restore(place, postgres, second)) as restored:
        with place.superuser() as connection:
            connection.execute("DELETE FROM analyses")
        lost: list[str] = []

        def lose(connection: sa.Connection) -> None:
            """The server ends the connection before it has read the COMMIT."""
            asked = "SELECT pid FROM pg_locks WHERE pid = pg_backend_pid() AND mode = 'AccessExclusiveLock' LIMIT 1"
            if (pid := connection.scalar(sa.text(asked))) is not None:
                lost.append(str(pid))
                with place.superuser() as superuser:
                    superuser.execute("SELECT pg_terminate_backend(%s, 10000)", [pid])

        sa.event.listen(living._engine, "commit", lose)
        with pytest.raises(AdministrationError, match="it is not known whether the rows were taken over"):
            list(taken_over(living, restored, taken))
        sa.event.remove(living._engine, "commit", lose)
        assert lost
        assert rows(place, "SELECT id FROM analyses") == []
        list(taken_over(living, restored, taken))
        assert rows(place, "SELECT id FROM analyses") == [(kept,)]


def test_who_is_at_work_is_waited_for_and_nothing_is_changed_when_they_stay(
    place: Place, living: Administration, postgres: Postgres, second: Postgres
) -> None:
    with place.superuser() as connection:
        analysis(connection)
    with closing(restore(place, postgres, second)) as restored:
        held = whole(place)
        with place.superuser() as busy, busy.transaction():
            busy.execute("SELECT count(*) FROM persons")
            with pytest.raises(AdministrationError, match="Nothing was changed; run the same command again when less"):
                take_over(living, restored, backup(), lock_seconds=0)
        assert whole(place) == held
        with place.superuser() as busy, ThreadPoolExecutor() as threads:
            with busy.transaction():
                busy.execute("SELECT count(*) FROM persons")
                taking = threads.submit(take_over, living, restored, backup())
                # Analyses are locked before persons are waited for, and let go again.
                for expected in (True, False):
                    while held_by_another(place, "analyses") is not expected:
                        assert not taking.done()
            assert taking.result().took.rows["analyses"] == 1


def test_a_video_that_somebody_is_to_be_erased_from_is_not_shown(
    place: Place, living: Administration, postgres: Postgres, second: Postgres
) -> None:
    """Whether the living database has lost the analysis or not."""
    with place.superuser() as connection:
        lost, blurred = analysis(connection), analysis(connection)
        connection.execute("UPDATE analyses SET footage_place = 's3://b'")
    with closing(restore(place, postgres, second)) as restored:
        with place.superuser() as connection:
            for one in (lost, blurred):
                connection.execute(
                    "INSERT INTO person_erasures (analysis_id, person, team, place, how, erased)"
                    " VALUES (%s, 7, 'hawks', 's3://b', 'blurred', '{}')",
                    [one],
                )
            connection.execute("DELETE FROM analyses WHERE id = %s", [lost])
        list(taken_over(living, restored, backup()))
    assert rows(place, "SELECT footage_place FROM analyses") == [(None,), (None,)]
    engine = make_engine(place.settings)
    assert set(PersonErasures(engine, "s3://b", 7).left()) == {lost, blurred}, "their videos go"
    engine.dispose()


def test_what_was_accepted_found_and_said_since_stays(
    place: Place, living: Administration, postgres: Postgres, second: Postgres
) -> None:
    with place.superuser() as connection:
        ended, queued = analysis(connection), analysis(connection)
        connection.execute("DELETE FROM persons WHERE analysis_id = %s", [queued])
        connection.execute("UPDATE analyses SET status = 'queued' WHERE id = %s", [queued])
        connection.execute("UPDATE analyses SET idempotency_key = 'k' WHERE id = %s", [ended])
    with closing(restore(place, postgres, second)) as restored:
        with place.superuser() as connection:
            connection.execute("UPDATE analyses SET status = 'succeeded', video = '{}' WHERE id = %s", [queued])
            connection.execute("INSERT INTO persons VALUES (%s, 4, 9, 0, 9, '{}')", [queued])
            # Spoiled, and sent under a key that the backup's has.
            connection.execute("UPDATE analyses SET filename = 'x', idempotency_key = NULL WHERE id = %s", [ended])
            since = analysis(connection, datetime.now(UTC).isoformat())
            connection.execute("UPDATE analyses SET idempotency_key = 'k' WHERE id = %s", [since])
            connection.execute(
                "INSERT INTO reviews (analysis_id, finding, version, verdict, reviewer) VALUES"
                " (%s, 1, 2, 'rejected', 'r')",
                [ended],
            )
            connection.execute(
                "INSERT INTO work (analysis_id, contract, place, token, lease_until) VALUES"
                " (%s, 1, 'p', gen_random_uuid(), now())",
                [since],
            )
            held = whole(place)
        said = list(taken_over(living, restored, backup()))
    assert any(line.startswith("2 analyses are as they were, with all that was found and said since:") for line in said)
    found = whole(place)
    for name in ("persons", "measures", "poses", "events", "findings", "reviews"):
        assert found[name] == held[name], name
    assert set(rows(place, "SELECT id, filename, status, idempotency_key FROM analyses")) == {
        (ended, "jane.mp4", "succeeded", "k"),
        (queued, "jane.mp4", "succeeded", None),
        (since, "jane.mp4", "succeeded", None),
    }
    assert rows(place, "SELECT analysis_id, token FROM work") == [(since, None)]
    assert rows(place, "SELECT team, subject FROM audit") == [("hawks", "restore.yml: snapshot ours")]


def test_another_review_under_the_same_number_is_the_next_one(
    place: Place, living: Administration, postgres: Postgres, second: Postgres
) -> None:
    with place.superuser() as connection:
        analysis(connection)
    with closing(restore(place, postgres, second)) as restored:
        with place.superuser() as connection:
            connection.execute("UPDATE reviews SET verdict = 'rejected', reviewed_at = now()")
        list(taken_over(living, restored, backup()))
    assert rows(place, "SELECT version, verdict FROM reviews ORDER BY 1") == [(1, "accepted"), (2, "rejected")]
