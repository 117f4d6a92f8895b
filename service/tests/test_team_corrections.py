# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What reviewers say of who is who, by the API and on a real database; and that results follow it."""

from __future__ import annotations

import json
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg import sql

from fastbreak_service.api.correcting import read_said, refused
from fastbreak_service.api.errors import ApiError
from fastbreak_service.people.corrections import Merge
from fastbreak_service.people.results import measured
from fastbreak_service.store import team_corrections
from fastbreak_service.store.callers import SETTING, caller_role
from fastbreak_service.store.team_reviews import Said as Opinion
from fastbreak_service.store.team_reviews import TeamReviews, Verdict
from support.seeds import figure, landings, put_analysis, put_persons
from support.staff import Staff, code

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from fastbreak_service.people.history import Said
    from fastbreak_service.people.results import Change, Measured, Stored
    from fastbreak_service.store.team_reviews import Outcome
    from support.issuer import Issuer
    from support.service import Service

MERGE: dict[str, Any] = {"kind": "merge", "persons": [1, 2]}


@pytest.fixture
def analysis(database: psycopg.Connection) -> str:
    """An analysis of hawks in which one figure was taken for two."""
    return put_persons(database, landings(), "hawks")


@pytest.fixture
def ada(guarded: Service, issuer: Issuer) -> Staff:
    return Staff(guarded, issuer, "ada")


@pytest.fixture
def bob(guarded: Service, issuer: Issuer) -> Staff:
    return Staff(guarded, issuer, "bob")


def told(staff: Staff, analysis: str) -> dict[str, Any]:
    """All that is told of an analysis's persons."""
    path = f"/v1/analyses/{analysis}"
    whole = staff.get(path).json()
    found = {name: staff.get(f"{path}/{name}", limit=1000).json()[name] for name in ("events", "findings", "measures")}
    poses = staff.get(f"{path}/poses", limit=1000).json()["poses"]
    counted = {name: whole["movement"][name] for name in ("events", "findings")}
    return {**found, "poses": poses, "persons": whole["persons"], "movement": counted}


def test_two_are_one_and_two_again(ada: Staff, analysis: str) -> None:
    assert ada.say(analysis, 1, 0, "accepted", note="Both knees.").status_code == 201
    before = told(ada, analysis)
    assert [person["id"] for person in before["persons"]] == [1, 2]
    path = f"/v1/analyses/{analysis}/corrections"
    assert (ada.get(path).json()["version"], ada.get(path).headers["etag"]) == (0, '"0"')
    said = ada.correct(analysis, 0, **MERGE)
    assert (said.status_code, said.headers["etag"]) == (201, '"1"'), said.text
    assert said.json()["words"] == "Persons 1 and 2 are one, who is number 1."
    after = told(ada, analysis)
    sums = ada.get(f"/v1/analyses/{analysis}").json()["movement"]
    assert (sums["left_out"], sums["looked_seconds"]) == (None, None), "nobody counted them of whom there are now"
    (person,) = after["persons"]
    assert person["frames"] == sum(one["frames"] for one in before["persons"])
    values = [one["value_degrees"] for one in before["measures"]]
    mean = pytest.approx(sum(values) / len(values), abs=0.001)
    angle = {"minimum": min(values), "maximum": max(values), "mean": mean, "samples": len(values), "unit": "degree"}
    assert person["angles"]["trunk_lean"] == angle
    for kind in ("events", "findings"):
        own = {"person", "number", "review"}
        found = [{name: one[name] for name in one if name not in own} for one in after[kind]]
        assert found == figure()[kind], "all that is found of the figure when it is followed as one"
    assert {one["person"] for one in (*after["measures"], *after["poses"])} == {1}
    assert [one["frame"] for one in after["poses"]] == [one["frame"] for one in before["poses"]]
    again = [one["review"] for one in after["findings"] if one["review"]]
    assert [(one["verdict"], one["reviewer"]) for one in again] == [("needs_another_look", "ada")]
    why, before_it = "Persons 1 and 2 are one, who is number 1.", "Before, this was accepted as finding 1 of person 1."
    assert again[0]["note"] == f"{why} {before_it}"
    undone = ada.correct(analysis, 1, kind="undo", correction=1)
    assert (undone.status_code, undone.json()["words"]) == (201, "Correction 1 is undone.")
    assert told(ada, analysis) == before, "with what was said of findings"
    listed = ada.get(path, limit=1).json()
    assert ([one["version"] for one in listed["corrections"]], listed["next"], listed["version"]) == ([2], "2", 2)
    (first,) = ada.get(path, limit=1, after=listed["next"]).json()["corrections"]
    assert (first["undone"], first["reviewer"], listed["correctable"]) == (True, "ada", True)
    root = ada.get("/v1/audit", analysis=analysis)
    assert root.status_code == 403


def test_one_is_two_and_two_change(ada: Staff, analysis: str, database: psycopg.Connection) -> None:
    before = told(ada, analysis)
    assert ada.correct(analysis, 0, kind="split", person=2, seconds=4.0).json()["number"] == 3
    cut = told(ada, analysis)
    assert [person["id"] for person in cut["persons"]] == [1, 2, 3]
    assert {one["person"] for one in cut["measures"] if one["time_seconds"] >= 4} == {3}
    assert ada.correct(analysis, 1, kind="exchange", person=1, other=3, seconds=0).status_code == 201
    changed = told(ada, analysis)
    assert {one["person"] for one in changed["measures"] if one["time_seconds"] >= 4} == {1}
    assert {one["person"] for one in changed["measures"] if one["time_seconds"] < 2} == {3}
    assert code(ada.correct(analysis, 2, kind="undo", correction=1)) == (409, "wrong_persons")
    for seen, version in ((2, 2), (3, 1)):
        assert ada.correct(analysis, seen, kind="undo", correction=version).status_code == 201
    assert told(ada, analysis) == before
    assert database.execute("SELECT count(*) FROM trails WHERE analysis_id = %s", [analysis]).fetchone() == (2,)
    entries = database.execute(
        "SELECT count(*) FROM audit WHERE analysis_id = %s AND action = 'persons.corrected'", [analysis]
    ).fetchone()
    assert entries == (4,)


def test_doubts_are_read_and_go_with_what_answers_them(ada: Staff, analysis: str, database: psycopg.Connection) -> None:
    doubt = {"kind": "may_be_one", "person": 1, "other": 2, "seconds": 2.0, "words": "As large."}
    database.execute("INSERT INTO doubts VALUES (%s, 1, 1, 2, %s)", [analysis, json.dumps(doubt)])
    path = f"/v1/analyses/{analysis}/doubts"
    assert ada.get(path).json() == {"doubts": [doubt], "next": None}
    assert ada.correct(analysis, 0, **MERGE).status_code == 201
    assert ada.get(path).json()["doubts"] == []
    assert ada.correct(analysis, 1, kind="undo", correction=1).status_code == 201
    (again,) = ada.get(path).json()["doubts"]
    assert (again["person"], again["other"]) == (1, 2)


def test_of_two_reviewers_at_once_one_is_taken(ada: Staff, bob: Staff, analysis: str) -> None:
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda one: one.correct(analysis, 0, **MERGE), (ada, bob)))
    assert sorted(one.status_code for one in answers) == [201, 412]
    assert {code(one) for one in answers if one.status_code == 412} == {(412, "persons_changed")}
    faster = ada if answers[0].status_code == 201 else bob
    assert faster.correct(analysis, 0, **MERGE).json()["version"] == 1, "who heard no answer may say it again"
    assert len(ada.get(f"/v1/analyses/{analysis}/corrections").json()["corrections"]) == 1


def test_what_cannot_be_changes_nothing(ada: Staff, analysis: str, database: psycopg.Connection) -> None:
    before = told(ada, analysis)
    together = put_persons(database, [landings()[0], replace(landings()[0], track=2, person=2)], "hawks")
    refused = ada.correct(together, 0, **MERGE)
    assert code(refused) == (409, "wrong_persons")
    assert "Persons 1 and 2 cannot be one: both are seen at" in refused.json()["detail"]
    assert code(ada.correct(analysis, 0, kind="merge", persons=[1, 9])) == (409, "wrong_persons")
    assert code(ada.correct(analysis, 1, **MERGE)) == (412, "persons_changed")
    assert code(ada.correct(analysis, None, **MERGE)) == (428, "precondition_required")
    assert code(ada.correct(str(uuid.uuid4()), 0, **MERGE)) == (404, "not_found")
    older = put_analysis(database, figure(), "hawks")
    assert code(ada.correct(older, 0, **MERGE)) == (409, "not_correctable")
    assert ada.get(f"/v1/analyses/{older}/corrections").json()["correctable"] is False
    assert told(ada, analysis) == before


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"kind": "marry", "persons": [1, 2]},
        {"kind": ["merge"], "persons": [1, 2]},
        {"kind": "merge"},
        {"kind": "merge", "persons": [1, 2], "seconds": 1},
        {"kind": "merge", "persons": [1]},
        {"kind": "merge", "persons": [1, 1]},
        {"kind": "merge", "persons": [1, True]},
        {"kind": "merge", "persons": [1, 2**31]},
        {"kind": "merge", "persons": list(range(1, 60))},
        {"kind": "split", "person": 0, "seconds": 1},
        {"kind": "split", "person": 1, "seconds": "1"},
        {"kind": "split", "person": 1, "seconds": float("inf")},
        {"kind": "exchange", "person": 1, "other": 1, "seconds": 1},
        {"kind": "undo", "correction": 0},
    ],
)
def test_what_is_no_correction_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(ApiError) as refused:
        read_said(body)
    assert (refused.value.status, refused.value.code) == (400, "bad_body")


@pytest.mark.parametrize(("team", "role", "status"), [("hawks", "uploader", 403), ("bulls", "reviewer", 404)])
def test_nobody_else_corrects_or_reads_it(  # noqa: PLR0913, PLR0917 - who, and what
    guarded: Service, issuer: Issuer, ada: Staff, analysis: str, team: str, role: str, status: int
) -> None:
    eve, before = Staff(guarded, issuer, "eve", team, role), told(ada, analysis)
    assert eve.correct(analysis, 0, **MERGE).status_code == status
    for name in ("corrections", "doubts"):
        assert eve.get(f"/v1/analyses/{analysis}/{name}").status_code == status
    assert told(ada, analysis) == before


def test_with_somebody_goes_whoever_they_were_merged_with(
    guarded: Service, issuer: Issuer, ada: Staff, analysis: str, database: psycopg.Connection
) -> None:
    """And whatever is undone, they stay gone."""
    root = Staff(guarded, issuer, "root", role="administrator")
    assert ada.say(analysis, 1, 0, "rejected", note="Jane Doe").status_code == 201
    assert ada.correct(analysis, 0, kind="split", person=2, seconds=4.0).status_code == 201
    assert ada.correct(analysis, 1, **MERGE).status_code == 201
    assert root.erase_person(analysis, 1, "delete").status_code == 200
    left = told(ada, analysis)
    assert {one["person"] for one in (*left["measures"], *left["poses"])} == {3}
    assert min(one["time_seconds"] for one in left["measures"]) >= 4
    notes = "SELECT count(*) FROM reviews WHERE analysis_id = %s AND note IS NOT NULL"
    assert database.execute(notes, [analysis]).fetchone() == (0,), "nor is anything kept of what was said of them"
    assert left["movement"]["findings"] == len(left["findings"])
    tracks = "SELECT tracks FROM person_erasures WHERE analysis_id = %s"
    (kept,) = database.execute(tracks, [analysis]).fetchone() or ([],)
    assert [track for track, _, _ in kept] == [1, 2]
    assert ada.correct(analysis, 2, kind="undo", correction=2).status_code == 201
    assert told(ada, analysis) == left
    refused = ada.correct(analysis, 3, kind="undo", correction=1)
    assert refused.status_code == 201, refused.text
    assert {one["person"] for one in told(ada, analysis)["measures"]} == {2}


def test_a_number_of_a_finding_is_given_once(
    guarded: Service, issuer: Issuer, ada: Staff, database: psycopg.Connection
) -> None:
    """Who still sees the page of before says nothing of a finding of somebody else."""
    root = Staff(guarded, issuer, "root", role="administrator")
    seen = [*landings(), replace(landings()[0], track=3, person=3)]
    analysis = put_persons(database, seen, "hawks")
    numbers = "SELECT max(number) FROM findings WHERE analysis_id = %s"
    highest = database.execute(numbers, [analysis]).fetchone()
    assert root.erase_person(analysis, 3, "delete").status_code == 200
    assert database.execute(numbers, [analysis]).fetchone() != highest
    before = {one["number"] for one in told(ada, analysis)["findings"]}
    assert ada.correct(analysis, 0, **MERGE).status_code == 201
    new = {one["number"] for one in told(ada, analysis)["findings"]} - before
    assert highest is not None
    assert min(new) > highest[0]
    assert ada.say(analysis, highest[0], 0, "accepted").status_code == 404


def test_what_is_withdrawn_is_not_counted_once_a_blur_is_turned_into_a_deletion(
    ada: Staff, database: psycopg.Connection
) -> None:
    seen = [*landings(), replace(landings()[0], track=3, person=3)]
    analysis = put_persons(database, seen, "hawks")
    database.execute("UPDATE analyses SET footage_place = 'p' WHERE id = %s", [analysis])
    asked = "SELECT set_config(%s, 'hawks', true), erase_person(%s, 3, %s, 'p', 7)"
    with database.transaction():
        assert database.execute(asked, [SETTING, analysis, "blur"]).fetchone() == ("hawks", "erased")
    assert ada.correct(analysis, 0, **MERGE).status_code == 201
    with database.transaction():
        assert database.execute(asked, [SETTING, analysis, "delete"]).fetchone() == ("hawks", "erased")
    left = told(ada, analysis)
    assert left["movement"]["findings"] == len(left["findings"])


def test_what_is_said_of_a_finding_while_it_is_computed_is_in_it_and_nobody_waits(
    analysis: str, engine: Engine, database: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[Outcome | None] = []

    def say_and_measure(stored: Stored, said: Said) -> Measured:
        assert engine.pool.status().endswith("Checked out connections: 0"), "it holds none of the few connections"
        answers.append(TeamReviews(engine, "hawks", "bob").add(uuid.UUID(analysis), 1, opinion(0)))
        return measured(stored, said)

    monkeypatch.setattr(team_corrections, "measured", say_and_measure)
    assert corrections(engine).add(uuid.UUID(analysis), Merge((1, 2)), 0) is not None
    assert [answer and answer.taken for answer in answers] == [True], "it is computed once"
    noted = "SELECT count(*) FROM reviews WHERE note LIKE '%Before, this was accepted as finding 1 of person 1.'"
    assert database.execute(noted).fetchone() != (0,)


def opinion(before: int) -> Opinion:
    return Opinion(Verdict.ACCEPTED, "Both knees.", before)


def corrections(engine: Engine) -> team_corrections.TeamCorrections:
    return team_corrections.TeamCorrections(engine, "hawks", "ada")


@pytest.mark.parametrize(("times", "taken"), [(1, True), (2, True), (3, False)])
def test_who_reviews_each_time_it_is_written_is_no_error_of_the_database(  # noqa: PLR0913, PLR0917 - who, and what
    ada: Staff, analysis: str, engine: Engine, monkeypatch: pytest.MonkeyPatch, times: int, taken: bool
) -> None:
    before, made, plan = told(ada, analysis), 0, team_corrections._plan

    def say_and_plan(what: Change) -> dict[str, Any]:
        nonlocal made
        if made < times:
            assert TeamReviews(engine, "hawks", "bob").add(uuid.UUID(analysis), 1, opinion(made)) is not None
            made += 1
        return plan(what)

    monkeypatch.setattr(team_corrections, "_plan", say_and_plan)
    if taken:
        outcome = corrections(engine).add(uuid.UUID(analysis), Merge((1, 2)), 0)
        assert outcome is not None
        assert outcome.taken
        return
    with pytest.raises(team_corrections.ReviewedMeanwhileError) as caught:
        corrections(engine).add(uuid.UUID(analysis), Merge((1, 2)), 0)
    refusal = refused(caught.value)
    assert (refusal.status, refusal.code, refusal.headers) == (409, "reviewed_meanwhile", {"retry-after": "5"})
    left = told(ada, analysis)
    assert (left["persons"], left["measures"]) == (before["persons"], before["measures"])


@pytest.mark.parametrize("what", ["corrected", "erased", "gone"])
def test_what_others_change_while_it_is_computed_is_not_passed_over(  # noqa: PLR0913, PLR0917 - who, and what
    guarded: Service,
    issuer: Issuer,
    engine: Engine,
    database: psycopg.Connection,
    monkeypatch: pytest.MonkeyPatch,
    what: str,
) -> None:
    root = Staff(guarded, issuer, "root", role="administrator")
    analysis = put_persons(database, [*landings(), replace(landings()[0], track=3, person=3)], "hawks")

    def change_and_measure(stored: Stored, said: Said) -> Measured:
        if what == "corrected":
            assert Staff(guarded, issuer, "bob").correct(analysis, 0, kind="split", person=2, seconds=4.0).is_success
        elif what == "erased":
            assert root.erase_person(analysis, 3, "delete").status_code == 200
        else:
            assert root.erase(analysis).is_success
        return measured(stored, said)

    monkeypatch.setattr(team_corrections, "measured", change_and_measure)
    outcome = corrections(engine).add(uuid.UUID(analysis), Merge((1, 2)), 0)
    assert outcome is None if what == "gone" else outcome is not None and not outcome.taken
    merged = "SELECT count(*) FROM corrections WHERE content->>'kind' = 'merge' AND analysis_id = %s"
    assert database.execute(merged, [analysis]).fetchone() == (0,)


def test_of_a_finding_that_is_being_withdrawn_nothing_is_said(
    bob: Staff, analysis: str, database: psycopg.Connection
) -> None:
    reviewed = "SELECT count(*) FROM reviews WHERE analysis_id = %s"
    with ThreadPoolExecutor() as pool:
        with database.transaction():
            database.execute("UPDATE findings SET withdrawn = true WHERE analysis_id = %s", [analysis])
            database.execute("SELECT 1 FROM findings WHERE analysis_id = %s FOR UPDATE", [analysis])
            answer = pool.submit(bob.say, analysis, 1, 0, "accepted")
            waits = (
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            )
            while database.execute(waits).fetchone() == (0,) and not answer.done():
                time.sleep(0.02)
        assert answer.result().status_code == 404
    assert database.execute(reviewed, [analysis]).fetchone() == (0,)


def test_callers_reach_the_rows_of_their_team_alone(database: psycopg.Connection, analysis: str) -> None:
    """Whatever a query forgets; and they change nothing of a result but by the function."""
    role = caller_role(database.info.dbname)
    tables = ("corrections", "doubts", "trails", "measures")
    with database.transaction(force_rollback=True):
        database.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role)))
        for team, count in (("hawks", 2), ("bulls", 0)):
            database.execute("SELECT set_config(%s, %s, true)", [SETTING, team])
            asked = "SELECT count(*) FROM trails_of_team WHERE analysis_id = %s"
            assert database.execute(asked, [analysis]).fetchone() == (count,)
            assert database.execute("SELECT hold_persons(%s)", [analysis]).fetchone() == (team == "hawks",)
        for statement in (
            *(f"DELETE FROM {table}" for table in tables),  # noqa: S608 - names of ours
            "SELECT content FROM trails",
            "INSERT INTO corrections VALUES (gen_random_uuid(), 1, '{}', 'eve')",
            "SELECT erase_rows_of_person(gen_random_uuid(), 1, 'delete', 'p', 1)",
            "SELECT erase_person_and_withdrawn(gen_random_uuid(), 1, 'delete', 'p', 1)",
            "SELECT correct_rows_of_persons(gen_random_uuid(), 1, '{}', 'eve', '{}')",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), database.transaction():
                database.execute(statement.encode())
