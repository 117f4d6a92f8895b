# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Persons of analyses as players of a team, by the API and on a real database."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from fastbreak_service.api.errors import ApiError
from fastbreak_service.api.naming import read_player
from support.seeds import bent, landings, put_analysis, put_persons
from support.staff import Staff, code

if TYPE_CHECKING:
    import httpx
    import psycopg

    from support.issuer import Issuer
    from support.service import Service

PEAK = "peak_knee_flexion"


@pytest.fixture(autouse=True)
def _nobody_is_named(database: psycopg.Connection) -> None:
    database.execute("DELETE FROM players")


@pytest.fixture
def ada(guarded: Service, issuer: Issuer) -> Staff:
    return Staff(guarded, issuer, "ada")


@pytest.fixture
def root(guarded: Service, issuer: Issuer) -> Staff:
    return Staff(guarded, issuer, "root", role="administrator")


def before(database: psycopg.Connection, team: str = "hawks", count: int = 4) -> list[str]:
    """Earlier analyses, in which the knees bend by 60 degrees more."""
    return [put_analysis(database, bent(60 + day), team) for day in range(count)]


def name(staff: Staff, analysis: str, player: str = "seven", person: int = 1, seen: int | None = 0) -> httpx.Response:
    """Say which player a person is."""
    headers = {} if seen is None else {"if-match": f'"{seen}"'}
    return staff.ask("PUT", f"/v1/analyses/{analysis}/persons/{person}/player", headers, json={"player": player})


def named(staff: Staff, analysis: str) -> list[dict[str, Any]]:
    """Who is named in an analysis."""
    found: list[dict[str, Any]] = staff.get(f"/v1/analyses/{analysis}/players").json()["players"]
    return found


def peaks(answer: httpx.Response) -> list[tuple[str, int]]:
    """Status, and the number of earlier analyses, of what is told of peak knee flexion."""
    findings = answer.json()["compared"]["findings"]
    return [(one["status"], len(one["baseline"]["earlier"])) for one in findings if one["measure"] == PEAK]


def test_a_player_is_held_against_earlier_analyses_of_theirs(ada: Staff, database: psycopg.Connection) -> None:
    earlier = before(database)
    now = put_analysis(database, bent(0), "hawks")
    later = put_analysis(database, bent(-60), "hawks")
    for analysis in (*earlier, later):
        assert name(ada, analysis).status_code == 200
    said = name(ada, now)
    assert said.status_code == 200, said.text
    assert (said.json()["player"], said.json()["named_by"]) == ("seven", "ada")
    assert peaks(said) == [("for_review", 4)] * len(peaks(said))
    assert peaks(said)
    (kept,) = named(ada, now)
    assert kept == said.json()
    told = [one for one in kept["compared"]["findings"] if one["measure"] == PEAK]
    assert {one["analysis"] for one in told[0]["baseline"]["earlier"]} == set(earlier), "what was sent later is no past"
    first = name(ada, earlier[0]).json()["compared"]
    assert first["findings"] == []
    assert {(one["values"], one["analyses"]) for one in first["no_baseline"]} == {(0, 0)}


def test_other_players_and_other_teams_are_never_used(
    ada: Staff, guarded: Service, issuer: Issuer, database: psycopg.Connection
) -> None:
    eve = Staff(guarded, issuer, "eve", team="owls")
    theirs, others = before(database, "owls"), before(database)
    for analysis in theirs:
        assert name(eve, analysis).status_code == 200
    for analysis in others:
        assert name(ada, analysis, "eight").status_code == 200
    now = put_analysis(database, bent(0), "hawks")
    assert {one["values"] for one in name(ada, now).json()["compared"]["no_baseline"]} == {0}
    assert code(name(ada, theirs[0])) == (404, "not_found")
    assert ada.get(f"/v1/analyses/{theirs[0]}/players").status_code == 404
    assert [one["player"] for one in named(eve, theirs[0])] == ["seven"]


def test_the_database_itself_keeps_teams_apart(database: psycopg.Connection, ada: Staff) -> None:
    mine, other = put_analysis(database, bent(0), "hawks"), put_analysis(database, bent(0), "owls")
    for analysis in (mine, other):
        database.execute(
            "INSERT INTO players (analysis_id, person, player, named_by) VALUES (%s, 1, 'seven', 'x')", [analysis]
        )
    assert len(named(ada, mine)) == 1
    role = database.info.dbname + "_caller"
    with database.transaction():
        database.execute(f"SET LOCAL ROLE {role}".encode())
        database.execute("SELECT set_config('fastbreak.team', 'hawks', true)")
        seen = database.execute("SELECT analysis_id::text FROM players WHERE analysis_id = ANY(%s)", [[mine, other]])
        assert seen.fetchall() == [(mine,)]
        assert database.execute("DELETE FROM players WHERE analysis_id = %s", [other]).rowcount == 0
        assert database.execute("UPDATE players SET player = 'x' WHERE analysis_id = %s", [other]).rowcount == 0


def test_an_unsaid_player_is_no_past_and_what_was_told_by_it_is_forgotten(
    ada: Staff, database: psycopg.Connection
) -> None:
    earlier = before(database)
    now = put_analysis(database, bent(0), "hawks")
    for analysis in (*earlier, now):
        assert name(ada, analysis).status_code == 200
    path = f"/v1/analyses/{earlier[0]}/persons/1/player"
    for _ in range(2):
        assert ada.ask("DELETE", path, {"if-match": '"0"'}).status_code == 204
    assert named(ada, earlier[0]) == []
    (kept,) = named(ada, now)
    assert (kept["player"], kept["compared"]) == ("seven", None)
    assert {one["values"] for one in name(ada, now).json()["compared"]["no_baseline"] if one["measure"] == PEAK} == {9}
    assert name(ada, earlier[0]).status_code == 200
    assert peaks(name(ada, now))
    assert name(ada, earlier[0], "eight").status_code == 200
    assert named(ada, now)[0]["compared"] is None, "another player's"
    actions = database.execute(
        "SELECT action FROM audit WHERE analysis_id = %s AND action LIKE 'player.%%' ORDER BY id", [earlier[0]]
    ).fetchall()
    assert [action for (action,) in actions] == ["player.named", "player.unnamed", "player.named", "player.named"]


def test_with_a_person_and_an_analysis_goes_who_they_are(ada: Staff, root: Staff, database: psycopg.Connection) -> None:
    earlier = before(database, count=6)
    now = put_analysis(database, bent(0), "hawks")
    for analysis in (*earlier, now):
        assert name(ada, analysis).status_code == 200
    assert root.erase(earlier[0]).json()["erased"]["players"] == 1
    assert named(ada, now)[0]["compared"] is None
    assert peaks(name(ada, now))
    erased = root.erase_person(earlier[1], 1, "delete")
    assert (erased.status_code, erased.json()["erased"]["players"]) == (200, 1)
    assert named(ada, now)[0]["compared"] is None
    left = database.execute("SELECT count(*) FROM players WHERE analysis_id = ANY(%s)", [earlier[:2]]).fetchone()
    assert left == (0,)
    assert "seven" not in json.dumps(root.get("/v1/erasures").json())
    assert "seven" not in json.dumps(root.get("/v1/audit").json())


def test_who_is_taken_away_meanwhile_is_waited_for_and_not_told_of(ada: Staff, database: psycopg.Connection) -> None:
    earlier = before(database, count=3)
    now = put_analysis(database, bent(0), "hawks")
    for analysis in earlier:
        assert name(ada, analysis).status_code == 200
    with ThreadPoolExecutor(1) as other:
        with database.transaction():
            database.execute("DELETE FROM players WHERE analysis_id = %s", [earlier[0]])
            said = other.submit(name, ada, now)
            while not database.execute(
                "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            ).fetchone():
                assert not said.done()
        missing = said.result().json()["compared"]["no_baseline"]
    assert {one["values"] for one in missing if one["measure"] == PEAK} == {6}


def test_what_was_only_counted_is_forgotten_with_its_analysis(
    ada: Staff, root: Staff, database: psycopg.Connection
) -> None:
    earlier = before(database, count=2)
    now = put_analysis(database, bent(0), "hawks")
    for analysis in (*earlier, now):
        assert name(ada, analysis).status_code == 200
    assert named(ada, now)[0]["compared"]["findings"] == []
    root.erase(earlier[0])
    assert named(ada, now)[0]["compared"] is None


def test_whoever_is_corrected_is_nobodys_player_any_more(ada: Staff, database: psycopg.Connection) -> None:
    analysis = put_persons(database, landings(), "hawks")
    for person in (1, 2):
        assert name(ada, analysis, person=person).status_code == 200
    assert ada.correct(analysis, 0, kind="split", person=2, seconds=4.0).status_code == 201
    assert [one["person"] for one in named(ada, analysis)] == [1], "nothing was said of the first"
    assert code(name(ada, analysis, person=2, seen=0)) == (412, "persons_changed")
    assert name(ada, analysis, person=2, seen=1).status_code == 200
    assert ada.correct(analysis, 1, kind="undo", correction=1).status_code == 201
    assert [one["person"] for one in named(ada, analysis)] == [1]
    assert ada.correct(analysis, 2, kind="merge", persons=[1, 2]).status_code == 201
    assert named(ada, analysis) == []


def test_several_numbers_of_a_player_are_one_recording(ada: Staff, database: psycopg.Connection) -> None:
    earlier = [put_persons(database, landings(), "hawks") for _ in range(2)]
    for analysis in earlier:
        for person in (1, 2):
            assert name(ada, analysis, person=person).status_code == 200
    now = put_analysis(database, bent(0), "hawks")
    missing = name(ada, now).json()["compared"]["no_baseline"]
    # Both are the same to the last digit: one clip that was sent twice.
    assert {one["analyses"] for one in missing} <= {0, 1}


def test_what_is_not_there_or_may_not_be_is_refused(
    ada: Staff, guarded: Service, issuer: Issuer, database: psycopg.Connection
) -> None:
    analysis = put_analysis(database, bent(0), "hawks")
    assert code(name(ada, analysis, person=2)) == (404, "not_found")
    assert code(name(ada, analysis, seen=None)) == (428, "precondition_required")
    assert code(name(ada, analysis, player="Ann Smith, born 2001")) == (400, "bad_body")
    assert code(ada.get("/v1/analyses/nothing/players")) == (404, "not_found")
    sender = Staff(guarded, issuer, "sam", role="uploader")
    assert name(sender, analysis).status_code == 403
    assert sender.get(f"/v1/analyses/{analysis}/players").status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        *({}, {"player": None}, {"player": 7}, {"player": ""}, {"player": "-7"}, {"player": "x" * 41}),
        *({"player": "seven\n"}, {"player": "é"}, {"player": "7", "more": 1}, {"player": "a b"}),
    ],
)
def test_a_player_is_named_by_a_short_word_alone(body: dict[str, Any]) -> None:
    with pytest.raises(ApiError):
        read_player(body)


def test_a_jersey_or_a_pseudonym_is_one() -> None:
    assert [read_player({"player": word}) for word in ("7", "P-0012", "a.b_c")] == ["7", "P-0012", "a.b_c"]
