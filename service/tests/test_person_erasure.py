# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Erasing one person of an analysis: what is left of them in rows and pixels, and that the others stay."""

from __future__ import annotations

import os
import signal
import time
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from fastbreak_service.analysis import analyse
from fastbreak_service.footage.folder import Folder
from fastbreak_service.identity.caller import Caller, Role
from fastbreak_service.store.coverings import CoveringStore
from fastbreak_service.store.person_erasures import PersonErasures, Refusal, Remains
from fastbreak_service.store.work import WorkQueue
from fastbreak_service.video.frames import VideoReader
from fastbreak_service.video.limits import Limits
from support.seeds import figure, landings, put_movement, put_persons
from support.service import Service
from support.staff import Staff, code

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt
    from psycopg import Connection
    from sqlalchemy import Engine

    from fastbreak_service.vision.models import PoseModel
    from support.issuer import Issuer

    type Points = npt.NDArray[np.float64]

TABLES = ("persons", "measures", "poses", "events", "findings")


@pytest.fixture
def root(guarded: Service, issuer: Issuer) -> Staff:
    return Staff(guarded, issuer, "root", role="administrator")


@pytest.fixture
def shared(root: Staff, database: Connection, plain_clip: Path) -> str:
    """An analysis that has ended, of two persons of whom there are two poses each; its video is in the storage."""
    identity = str(root.send(plain_clip.read_bytes(), "run.webm").json()["id"])
    database.execute("DELETE FROM work WHERE analysis_id = %s", [identity])
    database.execute(
        "UPDATE analyses SET status = 'succeeded', movement = %s WHERE id = %s",
        ['{"events": 9, "findings": 9, "left_out": 2, "looked_seconds": {"cut": 7.5}, "later": 3}', identity],
    )
    for person in (1, 2):
        database.execute("INSERT INTO persons VALUES (%s, %s, 9, 0, 9, '{}')", [identity, person])
        database.execute(
            "INSERT INTO measures (analysis_id, person, frame, time_seconds, angle, value_degrees, confidence) "
            "SELECT %s, %s, n, n, 'trunk_lean', 1, 1 FROM generate_series(1, 5) n",
            [identity, person],
        )
        database.execute(
            "INSERT INTO poses (analysis_id, number, person, frame, time_seconds, points) "
            "SELECT %s, 10 * %s + n, %s, n, n / 10.0, array_fill(40, ARRAY[34]) FROM generate_series(1, 2) n",
            [identity, person, person],
        )
    put_movement(database, identity, figure())
    for table in ("events", "findings"):
        database.execute(f"INSERT INTO {table} VALUES (%s, 900, 2, '{{}}')".encode(), [identity])  # noqa: S608
    assert root.say(identity, 1, 0, "accepted", note="Jane Doe, left knee").status_code == 201
    return identity


def counts(database: Connection, analysis: str, person: int) -> dict[str, int]:
    found = {}
    for table in TABLES:
        asked = f"SELECT count(*) FROM {table} WHERE analysis_id = %s AND person = %s"  # noqa: S608 - a name of ours
        (found[table],) = database.execute(asked.encode(), [analysis, person]).fetchone() or (0,)
    return found


@pytest.mark.parametrize("remains", ["blur", "delete"])
def test_what_was_found_of_a_person_goes_at_once_and_the_others_stay(
    root: Staff, shared: str, database: Connection, footage: Path, remains: str
) -> None:
    moved, other = figure(), counts(database, shared, 2)
    answer = root.erase_person(shared, 1, remains)
    assert answer.status_code == (202 if remains == "blur" else 200), answer.text
    told = answer.json()
    gone = {"footage": 1} if remains == "delete" else {}
    said = {kind: len(moved[kind]) for kind in ("events", "findings")}
    assert told["erased"] == {"persons": 1, "measures": 5, "poses": 2, "reviews": 1, **said, **gone}
    assert (told["person"], told["footage"]) == (1, "blurred" if remains == "blur" else "deleted")
    assert set(counts(database, shared, 1).values()) == {0}
    assert counts(database, shared, 2) == other
    assert (
        database.execute("SELECT 1 FROM reviews WHERE note LIKE 'Jane%%' AND analysis_id = %s", [shared]).fetchone()
        is None
    )
    seen = root.get(f"/v1/analyses/{shared}").json()
    assert [person["id"] for person in seen["persons"]] == [2]
    assert seen["movement"] == {"events": 1, "findings": 1, "left_out": None, "looked_seconds": None, "later": None}
    assert seen["footage_until"] is None
    link = root.ask("POST", f"/v1/analyses/{shared}/footage-links")
    assert code(link) == ((409, "footage_being_blurred") if remains == "blur" else (410, "footage_gone"))
    assert bool(list(footage.rglob(f"{shared}.video"))) == (remains == "blur")
    again = root.erase_person(shared, 1, remains)
    assert (again.status_code, again.json()) == (answer.status_code, told), "twice is no error"
    assert told in root.get("/v1/erasures", limit=1000).json()["erasures"]
    trail = root.get("/v1/audit", analysis=shared).json()["entries"]
    assert [one["action"] for one in trail].count("person.erased") == 1


def test_whoever_waits_for_a_blurred_video_may_have_it_deleted_instead(
    root: Staff, shared: str, database: Connection, footage: Path
) -> None:
    assert root.erase_person(shared, 2, "blur").status_code == 202
    assert root.erase_person(shared, 1, "blur").status_code == 202
    told = root.erase_person(shared, 1, "delete")
    assert (told.status_code, told.json()["footage"], told.json()["erased"]["footage"]) == (200, "deleted", 1)
    other = root.erase_person(shared, 2, "blur")
    assert (other.status_code, other.json()["footage"]) == (200, "deleted")
    assert not list(footage.rglob(f"{shared}.video"))
    left = (
        "SELECT (SELECT count(*) FROM work WHERE analysis_id = %(id)s) + "
        "(SELECT count(*) FROM sightings WHERE analysis_id = %(id)s)"
    )
    assert database.execute(left, {"id": shared}).fetchone() == (0,)


def test_with_the_analysis_goes_what_was_to_be_blurred(root: Staff, shared: str, footage: Path) -> None:
    assert root.erase_person(shared, 1, "blur").status_code == 202
    assert root.erase(shared).status_code == 200
    assert not list(footage.rglob(f"{shared}.video"))
    told = root.erase_person(shared, 1, "blur")
    assert (told.status_code, told.json()["footage"], told.json()["erased"]["footage"]) == (200, "deleted", 1)


@pytest.mark.parametrize(
    ("team", "role", "status"),
    [("hawks", "reviewer", 403), ("hawks", "uploader", 403), ("bulls", "administrator", 404)],
)
def test_nobody_else_erases_them(  # noqa: PLR0913, PLR0917 - who, and what
    guarded: Service, issuer: Issuer, root: Staff, shared: str, database: Connection, team: str, role: str, status: int
) -> None:
    eve = Staff(guarded, issuer, "eve", team, role)
    before = counts(database, shared, 1)
    for _ in range(2):
        for remains in ("blur", "delete"):
            assert eve.erase_person(shared, 1, remains).status_code == status
        assert counts(database, shared, 1) == before
    assert root.erase_person(shared, 1, "delete").status_code == 200
    assert eve.erase_person(shared, 1, "delete").status_code == status, "nor is the certificate anybody else's"


def test_what_is_refused_changes_nothing(root: Staff, shared: str, plain_clip: Path, database: Connection) -> None:
    before = counts(database, shared, 1)
    assert code(root.erase_person(shared, 3, "blur")) == (404, "not_found")
    assert code(root.erase_person(str(uuid.uuid4()), 1, "blur")) == (404, "not_found")
    for remains in ("", "keep"):
        assert code(root.erase_person(shared, 1, remains)) == (400, "bad_parameter")
    waiting = root.send(plain_clip.read_bytes()).json()["id"]
    assert code(root.erase_person(waiting, 1, "delete")) == (409, "analysis_unfinished")
    database.execute("DELETE FROM poses WHERE analysis_id = %s", [shared])
    assert code(root.erase_person(shared, 1, "blur")) == (409, "person_not_placed")
    assert counts(database, shared, 1) == {**before, "poses": 0}
    assert root.get(f"/v1/analyses/{shared}").json()["footage_until"] is not None
    assert root.erase_person(shared, 1, "delete").status_code == 200


def test_a_killed_erasure_is_finished_and_a_lost_race_is_none(
    root: Staff, shared: str, engine: Engine, database: Connection, footage: Path
) -> None:
    """Between the rows and the video; and of a worker that had it before it was decided to delete it."""
    (place,) = database.execute("SELECT footage_place FROM analyses WHERE id = %s", [shared]).fetchone() or ("",)
    assert root.erase_person(shared, 1, "blur").status_code == 202
    database.execute("DELETE FROM work WHERE analysis_id <> %s", [shared])
    taken = WorkQueue(engine, place, 30).take(abandoned=True)
    assert taken is not None
    who = Caller("hawks", frozenset(Role), "root")
    persons = PersonErasures(engine, place, None)
    found = persons.erase(who, uuid.UUID(shared), 1, Remains.DELETE)
    assert not isinstance(found, Refusal)
    assert (found["how"], found["erased_at"]) == ("deleted", None)
    assert uuid.UUID(shared) in persons.left()
    film = footage / "film.part"
    film.write_bytes(b"film")
    storage = Folder.lasting(footage)
    assert not CoveringStore(engine).covered(taken, lambda: storage.replace(uuid.UUID(shared), film))
    persons.complete(uuid.UUID(shared), storage.erase(uuid.UUID(shared)))
    assert uuid.UUID(shared) not in persons.left()
    told = root.erase_person(shared, 1, "delete").json()
    assert told["erased"]["footage"] == 1
    for versions, footage_told in ((0, 1), (2, 2)):
        # Of somebody who erased it at the same time.
        persons.complete(uuid.UUID(shared), versions)
        again = root.erase_person(shared, 1, "delete").json()
        assert again == {**told, "erased": {**told["erased"], "footage": footage_told}}
    film.unlink()


@pytest.mark.parametrize("who", [1, 3])
def test_a_certificate_counts_all_that_goes_also_of_who_were_merged(
    root: Staff, database: Connection, who: int
) -> None:
    """What was withdrawn goes with whoever goes first."""
    analysis = put_persons(database, [*landings(), replace(landings()[0], track=3, person=3)], "hawks")
    for finding, version in ((1, 0), (1, 1), (2, 0)):
        assert root.say(analysis, finding, version, "accepted", note="x").status_code == 201
    assert root.correct(analysis, 0, kind="merge", persons=[1, 2]).status_code == 201

    def counted() -> dict[str, int]:
        counts = "SELECT (SELECT count(*) FROM findings WHERE analysis_id = %s), count(*) FROM reviews"
        row = database.execute(f"{counts} WHERE analysis_id = %s", [analysis] * 2).fetchone()
        return dict(zip(("findings", "reviews"), row or (), strict=True))

    before = counted()
    told = root.erase_person(analysis, who, "delete").json()["erased"]
    left = counted()
    assert {kind: told[kind] + left[kind] for kind in left} == before
    assert min(told["findings"], told["reviews"]) > 0
    assert root.erase_person(analysis, who, "delete").json()["erased"] == told


@pytest.fixture
def worker(guarded: Service, apart: dict[str, dict[str, str]], tmp_path: Path) -> Iterator[Service]:
    """A worker beside the replica, with its own rights alone; it is launched by the test."""
    shared = {"FASTBREAK_FOOTAGE": guarded.environment["FASTBREAK_FOOTAGE"], "FASTBREAK_LEASE_SECONDS": "2"}
    made = Service(apart["work"] | shared | {"FASTBREAK_MAX_ATTEMPTS": "10"}, tmp_path / "log.jsonl", program="work")
    yield made
    made.end()


def ended(root: Staff, analysis: str) -> dict[str, Any]:
    until = time.monotonic() + 120
    while (found := root.get(f"/v1/analyses/{analysis}").json())["status"] in {"queued", "running"}:
        assert time.monotonic() < until
        time.sleep(0.2)
    return dict(found)


def certified(root: Staff, analysis: str, person: int) -> dict[str, Any]:
    until = time.monotonic() + 120
    while (answer := root.erase_person(analysis, person, "blur")).status_code == 202:
        assert time.monotonic() < until
        time.sleep(0.2)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def likeness(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> float:
    """The correlation of what is fine in two pictures of one size; 0 where there is nothing in one of them."""
    fine, other_fine = (np.concatenate([np.diff(part, axis=axis).ravel() for axis in (0, 1)]) for part in (one, other))
    return float(np.corrcoef(fine, other_fine)[0, 1]) if fine.std() and other_fine.std() else 0.0


def face(joints: Points) -> tuple[slice, slice]:
    """What is around a nose."""
    x, y = joints[0].astype(int)
    return slice(max(0, y - 12), y + 12), slice(max(0, x - 12), x + 12)


def where(root: Staff, analysis: str, person: int) -> dict[int, Points]:
    """By frame, the joints of a person that were seen."""
    poses = root.get(f"/v1/analyses/{analysis}/poses", person=person, limit=1000).json()["poses"]
    return {pose["frame"]: np.array([point for point in pose["points"] if point is not None]) for pose in poses}


def met(found: list[Points], wanted: Points) -> bool:
    """Whether somebody who was found is where somebody was."""
    reach = 0.2 * np.linalg.norm(np.ptp(wanted, axis=0))
    return any(np.linalg.norm(one.mean(axis=0) - wanted.mean(axis=0)) < reach for one in found)


def test_a_blurred_person_is_nobody_any_more_and_the_other_is_still_there(
    root: Staff, worker: Service, person_clip: Path, vision: PoseModel, footage: Path
) -> None:
    """Also when the first worker is killed in the middle: then the next does it from the beginning."""
    analysis = str(root.send(person_clip.read_bytes(), "run.mov").json()["id"])
    worker.launch()
    erased, other = (person["id"] for person in ended(root, analysis)["persons"])
    before, beside = where(root, analysis, erased), where(root, analysis, other)
    frozen = int(worker.wait_logged(event="worker started")["worker_pid"])
    os.kill(frozen, signal.SIGSTOP)
    assert root.erase_person(analysis, erased, "blur").status_code == 202
    worker.wait_logged(event="covering started", analysis_id=analysis)
    worker.kill()
    os.kill(frozen, signal.SIGKILL)
    assert root.erase_person(analysis, erased, "blur").status_code == 202
    worker.launch()
    told = certified(root, analysis, erased)
    assert (told["footage"], told["erased"]["footage"], told["erased"]["persons"]) == ("blurred", 1, 1)
    (film,) = footage.rglob(f"{analysis}.video")
    original, blurred = (list(VideoReader(path, Limits())) for path in (person_clip, film))
    assert np.allclose([one.time_seconds for one in original], [one.time_seconds for one in blurred], atol=1e-4)
    for frame, joints in before.items():
        was, now = (np.array(film[frame].picture.planes[0], np.float64) for film in (original, blurred))
        (left, top), (right, bottom) = np.maximum(joints.min(axis=0), 0).astype(int), joints.max(axis=0).astype(int)
        body = np.s_[top:bottom, left:right]
        assert np.abs(was[body] - now[body]).mean() > 4, frame
        assert likeness(was[face(joints)], now[face(joints)]) < 0.4, frame
        if frame in beside:
            others = face(beside[frame])
            assert likeness(was[others], now[others]) > 0.6, "a face that was left alone is known by that"
    after: dict[int, list[Points]] = {}
    analyse(
        VideoReader(film, Limits()),
        vision,
        lambda _: None,
        follow=lambda seen: after.setdefault(seen.frame, []).append(np.array(seen.pose.points, np.float64)),
    )
    assert np.mean([met(after.get(frame, []), joints) for frame, joints in beside.items()]) > 0.8
    assert np.mean([met(after.get(frame, []), joints) for frame, joints in before.items()]) < 0.1
    link = root.ask("POST", f"/v1/analyses/{analysis}/footage-links")
    assert (link.status_code, "kind=video%2Fmp4" in link.json()["url"]) == (201, True)
    assert worker.terminate() == 0
