# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The API's user and the workers' on a real PostgreSQL: each does all of its own work, and nothing of the other's."""

from __future__ import annotations

import uuid
from contextlib import closing
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from psycopg import errors

from fastbreak_service.identity.caller import ANYBODY, DEFAULT_TEAM, Caller, Role
from fastbreak_service.store import schema
from fastbreak_service.store.administration import User
from fastbreak_service.store.analyses import AnalysisStore
from fastbreak_service.store.audit import Action, Trail
from fastbreak_service.store.coverings import CoveringStore
from fastbreak_service.store.credentials import Credentials, SecretSource
from fastbreak_service.store.engine import make_engine
from fastbreak_service.store.erasures import Erasures
from fastbreak_service.store.person_erasures import Covering, PersonErasures, Refusal, Remains
from fastbreak_service.store.roles import AdministrationError
from fastbreak_service.store.team_analyses import (
    BLUR_CONTRACT,
    CONTRACT,
    MeasureQuery,
    NewAnalysis,
    SaidQuery,
    TeamAnalyses,
)
from fastbreak_service.store.team_reviews import Said, TeamReviews, Verdict
from fastbreak_service.store.team_uploads import LeftUploads, NewUpload, TeamUploads
from fastbreak_service.store.work import WorkQueue
from support.owned import Held, Place
from support.reports import trails

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Engine

    from support.postgres import Postgres

BUCKET = "s3://b"
WHO = Caller(DEFAULT_TEAM, frozenset(Role), "ada")


@pytest.fixture(scope="module")
def apart(postgres: Postgres) -> Place:
    """A place where both users are made, and each has its own rights."""
    found = Place(postgres)
    with closing(found.with_workers_apart()) as owner:
        owner.migrate()
    return found


@pytest.fixture(scope="module")
def api(apart: Place) -> Iterator[Engine]:
    made = make_engine(apart.settings, SecretSource(apart.secret.credentials))
    yield made
    made.dispose()


@pytest.fixture(scope="module")
def worker(apart: Place) -> Iterator[Engine]:
    made = make_engine(apart.settings, SecretSource(apart.worker_secret.credentials))
    yield made
    made.dispose()


def sent(api: Engine, place: str = BUCKET, *, durable: bool = True) -> uuid.UUID:
    new = NewAnalysis(uuid.uuid4(), "run.mp4", 1, place, durable=durable, service_version="1")
    return TeamAnalyses(api, DEFAULT_TEAM).add(new).id


def analysed(api: Engine, worker: Engine, folder: Path) -> uuid.UUID:
    """An analysis that the API took in and a worker finished."""
    place = f"s3://{uuid.uuid4()}"
    analysis = sent(api, place)
    taken = WorkQueue(worker, place, 30).take(abandoned=True)
    assert taken is not None
    rows, poses = folder / "rows.csv", folder / "poses.csv"
    rows.write_text(f"{analysis},1,0,0.0,trunk_lean,1.5,0.9\n", encoding="utf-8")
    points = ",".join(["0.5"] * 34)
    poses.write_text(f'{analysis},1,1,0,0.0,"{{{points}}}"\n', encoding="utf-8")
    kept = folder / "trails.csv"
    kept.write_text(f"{analysis},1,0,0,1,\\x{'00' * 144}\n", encoding="utf-8")
    doubt = {"kind": "may_be_one", "person": 1, "other": 1, "seconds": 0.0, "words": "As large."}
    person = {"id": 1, "frames": 1, "first_frame": 0, "last_frame": 0, "angles": {}}
    model, movement = {"name": "m", "sha256": "s"}, asdict(trails().reviewed(30))
    result = {"video": {}, "model": model, "persons": [person], "movement": movement, "doubts": [doubt]}
    store = AnalysisStore(worker)
    assert store.start(analysis, taken.owner, taken.attempt)
    assert store.finish(analysis, taken.owner, result, rows, poses, trails=kept)
    assert WorkQueue(worker, place, 30).done(taken)
    assert store.ended(analysis) == (DEFAULT_TEAM, "succeeded")
    return analysis


def test_workers_do_all_their_work(api: Engine, worker: Engine, tmp_path: Path) -> None:
    analysed(api, worker, tmp_path)
    store, queue = AnalysisStore(worker), WorkQueue(worker, BUCKET, 30)
    one, other = sent(api), sent(api)
    first = queue.take(abandoned=True)
    assert first is not None
    assert queue.extend(first)
    assert store.start(first.analysis, first.owner, first.attempt)
    assert store.wait(first.analysis, first.owner)
    assert queue.hand_back(first, 0, "why")
    again = [taken for taken in (queue.take(abandoned=False) for _ in range(2)) if taken]
    assert {taken.analysis for taken in again} == {one, other}
    assert store.start(again[0].analysis, again[0].owner, again[0].attempt)
    assert store.fail(again[0].analysis, again[0].owner, "bad", "It is bad.")
    assert queue.bury(again[0], "bad")
    store.beat(BUCKET)
    assert (queue.waiting(), queue.left()) == (0, 1)
    assert store.fail_all(BUCKET, "interrupted", "stopped")
    assert (store.fail_abandoned(), store.forget_old()) == ([], 0)
    stray = uuid.uuid4()
    assert queue.unneeded([one, other, stray]) == [stray]
    with worker.connect() as connection:
        assert schema.current(connection) == schema.newest()


def test_workers_end_what_they_cover_and_releases_before_leave_it(api: Engine, worker: Engine, tmp_path: Path) -> None:
    analysis = analysed(api, worker, tmp_path)
    mine, persons, coverings = TeamAnalyses(api, DEFAULT_TEAM), PersonErasures(api, BUCKET, 35), CoveringStore(worker)
    place = str(mine.one(analysis)[0]["footage_place"])  # type: ignore[index] # it is there
    for _ in range(2):
        assert not isinstance(persons.erase(WHO, analysis, 1, Remains.BLUR), Refusal)
    assert persons.covering(analysis) is Covering.UNDER_WAY
    with worker.connect() as connection:
        contract = connection.execute(sa.text("SELECT contract FROM work WHERE analysis_id = :a"), {"a": analysis})
        assert contract.scalar_one() > CONTRACT, "a release before takes nothing above its own"
    queue = WorkQueue(worker, place, 30)
    taken = queue.take(abandoned=False)
    assert taken is not None
    assert (taken.contract, len(coverings.sightings(analysis)[0])) == (BLUR_CONTRACT, 1)
    assert mine.one(analysis)[0]["footage_place"] is None  # type: ignore[index] # it is there
    assert not coverings.covered(replace(taken, token=uuid.uuid4()), lambda: 9)
    assert coverings.covered(taken, lambda: 2)
    assert not coverings.deleted(taken, lambda: 9)
    assert mine.one(analysis)[0]["footage_place"] == place  # type: ignore[index] # it is there
    found = persons.of(analysis, 1)
    assert (found["how"], found["erased"]["footage"], persons.covering(analysis)) == ("blurred", 2, Covering.DONE)
    assert (coverings.sightings(analysis), queue.left()) == ([], 0)


def test_the_api_does_all_its_work(api: Engine, worker: Engine, tmp_path: Path) -> None:
    analysis = analysed(api, worker, tmp_path)
    mine, reviews = TeamAnalyses(api, DEFAULT_TEAM, "ada"), TeamReviews(api, DEFAULT_TEAM, "ada")
    assert mine.one(analysis) is not None
    assert mine.newest(10)
    assert len(mine.measures(analysis, MeasureQuery(10)) or ()) == 1
    for read in (mine.poses, mine.events, mine.findings):
        assert read(analysis, SaidQuery(10))
    assert reviews.add(analysis, 1, Said(Verdict.ACCEPTED, None, 0)) is not None
    assert reviews.of(analysis, 1, 10, None)
    trail, erasures = Trail(api), Erasures(api, BUCKET, 35)
    trail.saw(WHO, Action.READ, analysis)
    assert trail.of(DEFAULT_TEAM, 10, None, None)
    AnalysisStore(api).lose(analysis)
    assert erasures.erase(WHO, analysis) is not None
    assert analysis in {row["analysis_id"] for row in erasures.of(DEFAULT_TEAM, 10, None)}
    erasures.left()
    persons = PersonErasures(api, BUCKET, 35)
    other = analysed(api, worker, tmp_path)
    place = str(mine.one(other)[0]["footage_place"])  # type: ignore[index] # it is there
    for remains in (Remains.BLUR, Remains.DELETE):
        assert not isinstance(persons.erase(WHO, other, 1, remains), Refusal)
    assert PersonErasures(api, place, 35).left() == [other]
    persons.complete(other, 1)
    assert (persons.of(other, 1)["how"], persons.covering(other)) == ("deleted", None)
    assert erasures.complete(analysis, 1)["erased"]["footage"] == 1
    assert AnalysisStore(api).withdraw(sent(api))
    assert PersonErasures(api, BUCKET, None).outlived(1) == []
    AnalysisStore(api).lose(analysis)
    queue = WorkQueue(api, BUCKET, 30)
    assert queue.waiting() == queue.backlog().waiting
    with api.connect() as connection:
        assert schema.current(connection) == schema.newest()


def test_the_api_takes_in_uploads_and_clears_them(apart: Place, api: Engine) -> None:
    place, uploads = f"s3://{uuid.uuid4()}", TeamUploads(api, ANYBODY)
    accepted, refused, late, elsewhere = (uuid.uuid4() for _ in range(4))
    for upload in (accepted, refused, late):
        assert uploads.add(NewUpload(upload, "a", 5, 8, place, "u")) is not None
    assert uploads.add(NewUpload(elsewhere, "a", 5, 8, "s3://gone", "u")) is not None
    assert uploads.accept(NewAnalysis(accepted, "a", 5, place, durable=True, service_version="1")) is not None
    assert uploads.refuse(refused, "bad", "It is bad.")
    assert uploads.give_up(refused) is not None
    with apart.superuser() as superuser:
        superuser.execute(
            "UPDATE uploads SET created_at = now() - interval '8 days' WHERE id = ANY(%s)", [[late, elsewhere]]
        )
    left = LeftUploads(api, place)
    assert {upload for upload, _ in left.left()} == {refused, late}
    for _ in range(2):
        left.cleared(late)


# The other's work, and what nobody's is.
NOT_THE_WORKERS = [
    *(f"SELECT count(*) FROM {table}" for table in ("reviews", "audit", "erasures", "persons", "measures", "poses")),  # noqa: S608
    *(f"SELECT count(*) FROM {table}" for table in ("findings", "events", "measures_of_team", "poses_of_team")),  # noqa: S608
    "SELECT filename FROM analyses",
    "SELECT sent_by FROM analyses",
    "SELECT filename FROM uploads",
    "UPDATE analyses SET team = 'bulls'",
    "UPDATE analyses SET footage_place = NULL",
    "UPDATE work SET place = 'elsewhere'",
    "INSERT INTO analyses (id) VALUES (gen_random_uuid())",
    "INSERT INTO work (place) VALUES ('x')",
    "INSERT INTO audit (team, subject, action) VALUES ('a', 'b', 'c')",
    "INSERT INTO reviews (version) VALUES (1)",
    "INSERT INTO erasures (team) VALUES ('a')",
    "DELETE FROM analyses",
    "DELETE FROM audit",
    "DELETE FROM reviews",
    "DELETE FROM uploads",
    *(f"DELETE FROM {table}" for table in ("persons", "measures", "poses", "events", "findings")),  # noqa: S608
    *(f"DELETE FROM {table}" for table in ("trails", "doubts", "corrections")),  # noqa: S608
    "SELECT content FROM trails",
    "INSERT INTO corrections VALUES (gen_random_uuid(), 1, '{}', 'x')",
    "SELECT correct_persons(gen_random_uuid(), 0, '{}', 'x', '{}')",
    "UPDATE findings SET content = '{}'",
    "UPDATE uploads SET error_code = 'x'",
    "SELECT erase_analysis(gen_random_uuid())",
    "SELECT erase_person(gen_random_uuid(), 1, 'delete', 'p', 1)",
    "SELECT count(*) FROM person_erasures",
    "DELETE FROM sightings",
    "SELECT set_config('role', left(current_database(), 56) || '_caller', true)",
    "CREATE TABLE mine (x int)",
]
NOT_THE_APIS = [
    *(f"SELECT count(*) FROM {table}" for table in ("reviews", "audit", "persons", "measures", "poses", "events")),  # noqa: S608
    *(f"DELETE FROM {table}" for table in ("reviews", "audit", "persons", "measures", "erasures", "work")),  # noqa: S608
    *(f"INSERT INTO {table} (analysis_id) VALUES (NULL)" for table in ("persons", "measures", "findings", "work")),  # noqa: S608
    "SELECT filename FROM analyses",
    "UPDATE analyses SET status = 'succeeded'",
    "UPDATE analyses SET team = 'bulls'",
    "UPDATE work SET token = NULL",
    "UPDATE erasures SET team = 'bulls'",
    "UPDATE reviews SET note = 'x'",
    "UPDATE audit SET subject = 'x'",
    "SELECT forget_old_audit()",
    "SELECT erase_analysis(gen_random_uuid())",
    "SELECT erase_person(gen_random_uuid(), 1, 'delete', 'p', 1)",
    "SELECT end_covering(gen_random_uuid(), gen_random_uuid(), 'blurred', 1)",
    "SELECT count(*) FROM sightings",
    "SELECT count(*) FROM trails",
    "UPDATE trails SET person = 1",
    "UPDATE corrections SET reviewer = 'x'",
    "SELECT correct_persons(gen_random_uuid(), 0, '{}', 'x', '{}')",
    "UPDATE person_erasures SET team = 'bulls'",
    "DELETE FROM person_erasures",
    "CREATE TABLE mine (x int)",
]


@pytest.mark.parametrize("statement", NOT_THE_WORKERS)
def test_a_worker_may_not(apart: Place, statement: str) -> None:
    with apart.log_in(apart.worker_secret.credentials()) as connection, pytest.raises(errors.InsufficientPrivilege):
        connection.execute(statement.encode())


@pytest.mark.parametrize("statement", NOT_THE_APIS)
def test_the_api_may_not(apart: Place, statement: str) -> None:
    with apart.log_in() as connection, pytest.raises(errors.InsufficientPrivilege):
        connection.execute(statement.encode())


def test_a_caller_changes_nothing_that_is_only_added_to(apart: Place) -> None:
    become = "SELECT set_config('role', left(current_database(), 56) || '_caller', false)"
    for statement in ("UPDATE audit SET subject = 'x'", "DELETE FROM audit", "UPDATE reviews SET note = 'x'"):
        with apart.log_in() as connection:
            connection.execute(become)
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(statement.encode())


def counted(place: Place, who: Credentials, statement: str) -> bool:
    """Whether a user may."""
    with place.log_in(who) as connection:
        try:
            connection.execute(statement.encode())
        except errors.InsufficientPrivilege:
            return False
    return True


WIDE = "UPDATE analyses SET status = status"


def test_a_living_environment_gets_there_in_two_steps(postgres: Postgres) -> None:
    place = Place(postgres)
    with closing(place.administration()) as before:
        before.migrate()
    with place.superuser() as superuser:
        # Default privileges of releases before the views.
        superuser.execute(f"GRANT SELECT ON poses_of_team, measures_of_team TO {place.tag}".encode())
    with closing(place.with_workers_apart()) as too_early, pytest.raises(AdministrationError) as caught:
        too_early.migrate()
    assert "Set service_database_users_apart to false" in str(caught.value)
    assert counted(place, place.secret.credentials(), WIDE), "workers of the release before go on"
    with closing(place.with_workers_apart(apart=False)) as release:
        users = release.migrate().users
        assert users == (User(f"{place.tag}_a", False, False), User(f"{place.tag}w_a", True, True))
        for user in (place.secret, place.worker_secret):
            assert counted(place, user.credentials(), WIDE), "old workers, and new ones"
    with closing(place.with_workers_apart()) as release, closing(place.log_in()):
        for early in (release.rotate, release.migrate):
            with pytest.raises(AdministrationError, match="no worker is as"):
                early()
        assert counted(place, place.secret.credentials(), WIDE), "nothing was taken"
        with closing(place.log_in(place.worker_secret.credentials())):
            for application in release.applications:
                release.rotate(application)
    for user, may in ((place.secret, False), (place.worker_secret, True)):
        assert counted(place, user.credentials(), WIDE) == may
    for view in ("poses_of_team", "measures_of_team"):
        assert not counted(place, place.secret.credentials(), f"SELECT count(*) FROM {view}")  # noqa: S608
    with closing(place.with_workers_apart(apart=False)) as release:
        release.migrate()
    assert counted(place, place.secret.credentials(), WIDE), "and back"


def test_what_a_newer_release_has_granted_is_left(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(postgres)
    with closing(place.with_workers_apart()) as release:
        release.migrate()
        with place.superuser() as superuser:
            superuser.execute(f"GRANT SELECT (status), UPDATE (status) ON analyses TO {place.tag}".encode())
        monkeypatch.setattr(schema, "newest", lambda: "0001")
        release.rotate()
        assert counted(place, place.secret.credentials(), WIDE)
        monkeypatch.undo()
        release.rotate()
        assert not counted(place, place.secret.credentials(), WIDE)


def test_rotations_give_each_its_other_user(postgres: Postgres) -> None:
    place = Place(postgres)
    with closing(place.with_workers_apart()) as release:
        release.migrate()
        for turn in ("b", "a"):
            done = [release.rotate(application) for application in release.applications]
            assert [each.after for each in done] == [f"{place.tag}_{turn}", f"{place.tag}w_{turn}"]
    place.log_in().close()
    place.log_in(place.worker_secret.credentials()).close()


def test_both_secrets_may_not_name_one_user(postgres: Postgres) -> None:
    place = Place(postgres)
    place.worker_secret = Held(Credentials(f"{place.tag}_b", "x"))
    with closing(place.with_workers_apart()) as owner, pytest.raises(AdministrationError, match="both name a user of"):
        owner.migrate()


@pytest.mark.parametrize("statement", ["GRANT {name}_caller TO {name}w", "GRANT {name} TO {name}w_b"])
def test_a_worker_that_could_become_another_is_refused(postgres: Postgres, statement: str) -> None:
    place = Place(postgres)
    with closing(place.with_workers_apart()) as owner:
        owner.migrate()
        with place.superuser() as superuser:
            superuser.execute(statement.format(name=place.tag).encode())
        with pytest.raises(AdministrationError, match="is a member of"):
            owner.migrate()


def test_a_worker_owns_nothing(worker: Engine) -> None:
    with worker.connect() as connection:
        owned = "SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole"
        assert connection.execute(sa.text(owned)).scalar_one() == 0
