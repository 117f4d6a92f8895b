# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What reviewers say of findings, by the API and on a real database."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg import sql

from fastbreak_service.api.errors import ApiError
from fastbreak_service.api.reviewing import read_said
from fastbreak_service.identity.caller import Caller, Role
from fastbreak_service.settings import database_settings
from fastbreak_service.store.callers import SETTING, caller_role
from fastbreak_service.store.engine import make_engine
from fastbreak_service.store.erasures import Erasures
from fastbreak_service.store.team_reviews import Said, TeamReviews, Verdict
from support.seeds import figure, put_analysis
from support.staff import Staff, code

if TYPE_CHECKING:
    from support.issuer import Issuer
    from support.service import Service

KNOWS = TeamReviews._knows


@pytest.fixture
def analysis(database: psycopg.Connection) -> str:
    """An analysis of hawks with two findings for review and one that is not clear."""
    first = figure()["findings"][0]
    findings = [{**first, "status": status} for status in ("for_review", "not_clear", "for_review")]
    return put_analysis(database, {"events": [], "findings": findings}, "hawks")


@pytest.fixture
def ada(guarded: Service, issuer: Issuer) -> Staff:
    return Staff(guarded, issuer, "ada")


@pytest.fixture
def bob(guarded: Service, issuer: Issuer) -> Staff:
    return Staff(guarded, issuer, "bob")


def test_minds_are_changed_and_what_was_said_stays(ada: Staff, bob: Staff, analysis: str) -> None:
    first = ada.say(analysis, 1, 0, "accepted", note="  Seen on both knees.\nOn the left, too. ")
    assert (first.status_code, first.headers["etag"]) == (201, '"1"')
    second = bob.say(analysis, 1, 1, "needs_another_look")
    told = ada.get(f"/v1/analyses/{analysis}/findings").json()["findings"]
    assert [one["review"] for one in told] == [second.json(), None, None]
    assert (told[0]["review"]["reviewer"], told[0]["review"]["note"]) == ("bob", None)
    path = f"/v1/analyses/{analysis}/findings/1/reviews"
    page = ada.get(path, limit=1).json()
    assert (page["reviews"], page["next"]) == ([second.json()], "2")
    assert ada.get(path, limit=1, after=page["next"]).json() == {"reviews": [first.json()], "next": None}
    assert first.json()["note"] == "Seen on both knees.\nOn the left, too."


def test_the_list_tells_what_awaits_review(ada: Staff, analysis: str) -> None:
    for finding, seen, verdict, left in (
        (1, 0, "accepted", 1),
        (2, 0, "rejected", 1),
        (3, 0, "rejected", 0),
        (1, 1, "needs_another_look", 1),
        (1, 2, "rejected", 0),
    ):
        assert ada.say(analysis, finding, seen, verdict).status_code == 201
        listed = ada.listed(analysis)
        assert listed is not None
        assert listed["awaits_review"] == left
        assert ada.get(f"/v1/analyses/{analysis}").json()["awaits_review"] == left
        assert (ada.listed(analysis, awaits_review="true") is None) == (left == 0)
        assert (ada.listed(analysis, awaits_review="false") is None) == (left != 0)
    assert code(ada.get("/v1/analyses", awaits_review="yes")) == (400, "bad_parameter")


def test_nobody_passes_over_what_they_did_not_see(ada: Staff, bob: Staff, analysis: str) -> None:
    assert ada.say(analysis, 1, 0, "accepted").status_code == 201
    assert code(bob.say(analysis, 1, 0, "rejected")) == (412, "review_changed")
    assert code(bob.say(analysis, 1, 2, "rejected")) == (412, "review_changed")
    assert code(bob.say(analysis, 1, None, "rejected")) == (428, "precondition_required")
    newest = ada.get(f"/v1/analyses/{analysis}/findings/1/reviews").json()["reviews"]
    assert [(one["version"], one["reviewer"], one["verdict"]) for one in newest] == [(1, "ada", "accepted")]


def test_of_many_at_once_one_is_taken(guarded: Service, issuer: Issuer, analysis: str) -> None:
    staff = [Staff(guarded, issuer, f"reviewer {number}") for number in range(8)]
    with ThreadPoolExecutor(len(staff)) as pool:
        answers = list(pool.map(lambda one: one.say(analysis, 1, 0, "accepted").status_code, staff))
    assert sorted(answers) == [201, *[412] * 7]


def test_what_is_sent_again_is_recorded_once(ada: Staff, bob: Staff, analysis: str) -> None:
    answers = [ada.say(analysis, 1, 0, "rejected", note="A squat.") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert bob.say(analysis, 1, 0, "rejected", note="A squat.").status_code == 412
    assert len(ada.get(f"/v1/analyses/{analysis}/findings/1/reviews").json()["reviews"]) == 1


def test_there_is_an_end(ada: Staff, analysis: str, database: psycopg.Connection) -> None:
    database.execute(
        "INSERT INTO reviews (analysis_id, finding, version, verdict, reviewer) "
        "SELECT %s, 1, n, 'accepted', 'ada' FROM generate_series(1, 999) n",
        [analysis],
    )
    assert code(ada.say(analysis, 1, 999, "rejected")) == (409, "reviews_full")


def test_a_version_that_nobody_reached_is_no_end(ada: Staff, analysis: str) -> None:
    assert code(ada.say(analysis, 1, 999, "rejected")) == (412, "review_changed")


def test_what_is_erased_under_a_review_is_not_there(
    migrated: dict[str, str], analysis: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, wanted = make_engine(database_settings(migrated)), uuid.UUID(analysis)
    looks: list[bool] = []

    def look(*arguments: Any) -> bool:
        looks.append(KNOWS(*arguments))
        if len(looks) == 1:
            assert Erasures(engine, "p", None).erase(Caller("hawks", frozenset(Role), "root"), wanted) is not None
        return looks[-1]

    monkeypatch.setattr(TeamReviews, "_knows", look)
    assert TeamReviews(engine, "hawks", "ada").add(wanted, 1, Said(Verdict.ACCEPTED, None, 0)) is None
    assert looks == [True, False]
    engine.dispose()


@pytest.mark.parametrize("finding", [4, 0, 2**31])
def test_what_is_no_finding_is_not_there(ada: Staff, analysis: str, finding: int) -> None:
    assert code(ada.say(analysis, finding, 0, "accepted")) == (404, "not_found")
    assert code(ada.get(f"/v1/analyses/{analysis}/findings/{finding}/reviews")) == (404, "not_found")


@pytest.mark.parametrize("role", ["reviewer", "administrator", "uploader"])
def test_another_team_neither_reads_nor_says_anything(
    guarded: Service, issuer: Issuer, ada: Staff, analysis: str, role: str
) -> None:
    assert ada.say(analysis, 1, 0, "accepted").status_code == 201
    stranger = Staff(guarded, issuer, "eve", "bulls", role)
    refused = (403, "forbidden") if role == "uploader" else (404, "not_found")
    assert code(stranger.say(analysis, 1, 1, "rejected")) == refused
    assert code(stranger.get(f"/v1/analyses/{analysis}/findings/1/reviews")) == refused
    assert len(ada.get(f"/v1/analyses/{analysis}/findings/1/reviews").json()["reviews"]) == 1


BAD: dict[str, tuple[bytes, str]] = {
    "no JSON": (b"{", "no JSON"),
    "a list": (b"[]", "no object"),
    "nothing": (b"", "no JSON"),
    "nested": (b"[" * 30_000, "no JSON"),
    "no verdict": (b"{}", "verdict"),
    "another verdict": (b'{"verdict": "maybe"}', "verdict"),
    "a verdict that is a list": (b'{"verdict": ["accepted"]}', "verdict"),
    "more": (b'{"verdict": "accepted", "reviewer": "eve"}', "'reviewer'"),
    "a number as note": (b'{"verdict": "accepted", "note": 1}', "note"),
    "a long note": (b'{"verdict": "accepted", "note": "' + b"a" * 2001 + b'"}', "note"),
    "a note with a zero": (b'{"verdict": "accepted", "note": "\\u0000"}', "note"),
    "half a character": (b'{"verdict": "accepted", "note": "\\ud800"}', "note"),
}


@pytest.mark.parametrize(("body", "said"), BAD.values(), ids=BAD)
def test_a_bad_body_is_refused_with_words(ada: Staff, analysis: str, body: bytes, said: str) -> None:
    path = f"/v1/analyses/{analysis}/findings/1/reviews"
    headers = {**ada._headers, "if-match": '"0"', "content-type": "application/json"}
    answer = ada._http.post(path, content=body, headers=headers)
    assert code(answer) == (400, "bad_body")
    assert said in answer.json()["detail"]
    assert ada._http.post(path, content=body, headers={**headers, "content-type": "text/plain"}).status_code == 415
    assert ada.get(path).json()["reviews"] == []


def test_a_body_over_the_limit_is_refused(ada: Staff, analysis: str) -> None:
    answer = ada.say(analysis, 1, 0, "accepted", note="a" * 40_000)
    assert code(answer) == (413, "too_large")


def test_notes_in_any_script_are_taken() -> None:
    for note in ("膝が内側に入る", "👩‍⚕️ look", "a\tb\nc", ""):
        assert read_said({"verdict": "accepted", "note": note}, 0).note == (note or None)
    with pytest.raises(ApiError):
        read_said({"verdict": "accepted", "note": "\x1b[2J"}, 0)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE reviews SET verdict = 'rejected'",
        "DELETE FROM reviews",
        "INSERT INTO reviews (analysis_id, finding, version, verdict, reviewer) VALUES (%s, 1, 7, 'accepted', 'eve')",
    ],
)
def test_the_database_holds_a_caller_to_it(database: psycopg.Connection, analysis: str, statement: str) -> None:
    """Nobody changes an entry, and nobody adds one to what is another team's."""
    database.execute(
        "INSERT INTO reviews (analysis_id, finding, version, verdict, reviewer) VALUES (%s, 1, 1, 'accepted', 'ada')",
        [analysis],
    )
    role = sql.Identifier(caller_role(database.info.dbname))
    for team, shown in (("hawks", 1), ("bulls", 0), (None, 0)):
        with database.transaction(force_rollback=True):
            database.execute(sql.SQL("SET LOCAL ROLE {}").format(role))
            database.execute("SELECT set_config(%s, %s, true)", [SETTING, team or ""])
            counted = database.execute("SELECT count(*) FROM reviews WHERE analysis_id = %s", [uuid.UUID(analysis)])
            assert counted.fetchone() == (shown,)
            if team == "bulls" or "%s" not in statement:
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    database.execute(statement.encode(), [analysis] if "%s" in statement else None)
