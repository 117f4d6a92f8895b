# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Which role may ask for what, and what is noted of whoever does."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from fastbreak_service.api.openapi import document
from fastbreak_service.identity.caller import Caller, Role
from fastbreak_service.settings import database_settings
from fastbreak_service.store.analyses import AnalysisStore
from fastbreak_service.store.audit import Action, Trail
from fastbreak_service.store.engine import make_engine
from support.seeds import figure, put_analysis
from support.staff import Staff, code

if TYPE_CHECKING:
    from pathlib import Path

    from psycopg import Connection

    from support.issuer import Issuer
    from support.service import Service

# A video is had by the ticket of a link, and a part of one sent by it.
OPEN = {
    *("/healthz", "/readyz", "/metrics", "/v1/openapi.json"),
    *("/v1/analyses/{id}/footage", "/v1/uploads/{id}/parts/{number}"),
}
SENDING = {"uploader", "administrator"}
READING = {"reviewer", "administrator"}
# Who may; everybody else is refused, whatever they ask about.
RIGHTS: dict[tuple[str, str], set[str]] = {
    ("POST", "/v1/analyses"): SENDING,
    ("POST", "/v1/uploads"): SENDING,
    ("GET", "/v1/uploads"): SENDING,
    ("GET", "/v1/uploads/{id}"): SENDING,
    ("POST", "/v1/uploads/{id}/part-links"): SENDING,
    ("POST", "/v1/uploads/{id}/completion"): SENDING,
    ("DELETE", "/v1/uploads/{id}"): SENDING,
    ("GET", "/v1/analyses"): {"uploader", *READING},
    ("GET", "/v1/analyses/{id}"): READING,
    ("GET", "/v1/analyses/{id}/progress"): READING,
    ("GET", "/v1/analyses/{id}/measures"): READING,
    ("GET", "/v1/analyses/{id}/poses"): READING,
    ("GET", "/v1/analyses/{id}/corrections"): READING,
    ("POST", "/v1/analyses/{id}/corrections"): READING,
    ("GET", "/v1/analyses/{id}/players"): READING,
    ("PUT", "/v1/analyses/{id}/persons/{person}/player"): READING,
    ("DELETE", "/v1/analyses/{id}/persons/{person}/player"): READING,
    ("GET", "/v1/analyses/{id}/doubts"): READING,
    ("GET", "/v1/analyses/{id}/events"): READING,
    ("GET", "/v1/analyses/{id}/findings"): READING,
    ("GET", "/v1/analyses/{id}/findings/{number}/reviews"): READING,
    ("POST", "/v1/analyses/{id}/findings/{number}/reviews"): READING,
    ("POST", "/v1/analyses/{id}/footage-links"): READING,
    ("GET", "/v1/usage"): {"uploader", *READING},
    ("GET", "/v1/audit"): {"administrator"},
    ("DELETE", "/v1/analyses/{id}"): {"administrator"},
    ("DELETE", "/v1/analyses/{id}/persons/{person}"): {"administrator"},
    ("GET", "/v1/erasures"): {"administrator"},
}


def test_the_table_has_every_route() -> None:
    paths = document("1", None)["paths"].items()
    described = {(method.upper(), path) for path, methods in paths if path not in OPEN for method in methods}
    assert described == set(RIGHTS)


@pytest.mark.parametrize("role", ["uploader", "reviewer", "administrator", "another", None])
@pytest.mark.parametrize(("method", "path"), RIGHTS)
def test_each_role_has_its_routes_and_no_other(  # noqa: PLR0913, PLR0917 - who, what, on what
    guarded: Service, issuer: Issuer, database: Connection, role: str | None, method: str, path: str
) -> None:
    """Of a token without roles too, which may do nothing."""
    analysis = put_analysis(database, figure(), "hawks")
    token = issuer.token(roles=None if role is None else [role])
    answer = guarded.http.request(
        method,
        path.format(id=analysis, number=1, person=1),
        headers={"authorization": f"Bearer {token}", "content-type": "application/json"},
        content=b"{" if method == "POST" else None,
    )
    assert (answer.status_code == 403) == (role not in RIGHTS[method, path]), answer.text
    assert answer.status_code != 401


def test_who_may_only_send_sees_how_far_that_is(
    guarded: Service, issuer: Issuer, database: Connection, plain_clip: Path
) -> None:
    others = put_analysis(database, figure(), "hawks")
    bob = Staff(guarded, issuer, "bob", role="uploader")
    own = bob.send(plain_clip.read_bytes()).json()["id"]
    told = bob.get("/v1/analyses").json()
    assert ([one["id"] for one in told["analyses"]], told["own"]) == ([own], True)
    assert [one["awaits_review"] for one in told["analyses"]] == [None]
    for wanted in ("true", "false"):
        assert bob.get("/v1/analyses", awaits_review=wanted).json() == told, "nor does a choice tell"
    assert Staff(guarded, issuer, "bob", "bulls", "uploader").get("/v1/analyses").json()["analyses"] == []
    ada = Staff(guarded, issuer, "ada")
    told = ada.get("/v1/analyses", limit=100).json()
    assert ({own, others} <= {one["id"] for one in told["analyses"]}, told["own"]) == (True, False)


def trail(service: Service, issuer: Issuer, analysis: str, team: str = "hawks") -> list[tuple[str, str, Any]]:
    """Who did what with an analysis, in order."""
    found = Staff(service, issuer, "root", team, "administrator").get("/v1/audit", analysis=analysis, limit=1000)
    return [(one["subject"], one["action"], one["finding"]) for one in reversed(found.json()["entries"])]


def test_the_trail_tells_who_saw_and_changed_what(
    guarded: Service, issuer: Issuer, database: Connection, plain_clip: Path
) -> None:
    sent = Staff(guarded, issuer, "bob", role="uploader").send(plain_clip.read_bytes()).json()["id"]
    assert trail(guarded, issuer, sent) == [("bob", "analysis.sent", None)]
    analysis = put_analysis(database, figure(), "hawks")
    ada = Staff(guarded, issuer, "ada")
    for _ in range(3):
        for part in (
            "",
            "/measures",
            "/poses",
            "/events",
            "/findings",
            "/findings/1/reviews",
            "/doubts",
            "/corrections",
        ):
            assert ada.get(f"/v1/analyses/{analysis}{part}").status_code == 200
    for _ in range(2):
        assert ada.say(analysis, 1, 0, "accepted").status_code == 201
    seen = ("analysis", "measures", "poses", "events", "findings", "reviews", "doubts", "corrections")
    expected = [*(("ada", f"{what}.read", None) for what in seen), ("ada", "finding.reviewed", 1)]
    assert trail(guarded, issuer, analysis) == expected
    stranger = Staff(guarded, issuer, "eve", "bulls", "administrator")
    assert code(stranger.get(f"/v1/analyses/{analysis}")) == (404, "not_found")
    assert stranger.get("/v1/audit", analysis=analysis).json() == {"entries": [], "next": None}
    assert trail(guarded, issuer, analysis) == expected, "what was refused is not seen"


def test_pages_of_the_trail_make_up_the_whole(guarded: Service, issuer: Issuer, database: Connection) -> None:
    database.execute(
        "INSERT INTO audit (team, subject, action) "
        "SELECT 'owls', 'n' || n, 'analysis.read' FROM generate_series(1, 7) n"
    )
    root = Staff(guarded, issuer, "root", "owls", "administrator")
    found: list[str] = []
    more: dict[str, str] = {}
    while True:
        page = root.get("/v1/audit", limit=3, **more).json()
        found += [one["subject"] for one in page["entries"]]
        if page["next"] is None:
            break
        more = {"after": page["next"]}
    # Who reads the trail is in it.
    assert found == ["root", *(f"n{n}" for n in range(7, 0, -1))]
    for query in ({"after": "0"}, {"after": "x"}, {"analysis": "x"}, {"limit": "0"}):
        assert code(root.get("/v1/audit", **query)) == (400, "bad_parameter")


def test_what_is_seen_is_noted_once_an_hour(migrated: dict[str, str], database: Connection) -> None:
    engine = make_engine(database_settings(migrated))
    now = [7200.0]
    trails = [Trail(engine, lambda: now[0]) for _ in range(2)]
    caller = Caller("bears", frozenset(Role), "ada")
    analysis = uuid.uuid4()
    for one in trails:
        one.saw(caller, Action.READ, analysis)
        one.saw(caller, Action.LISTED)
        one.saw(caller, Action.LISTED)
    now[0] += 3600
    trails[0].saw(caller, Action.POSES_READ, analysis)
    rows = database.execute("SELECT action, analysis_id FROM audit WHERE team = 'bears' ORDER BY id")
    assert rows.fetchall() == [("analysis.read", analysis), ("analyses.listed", None), ("poses.read", analysis)]
    engine.dispose()


@pytest.mark.parametrize("apart", [-1800, 1800, 86_400])
def test_what_is_seen_is_noted_once_an_hour_of_a_clock_that_is_not_the_databases(
    migrated: dict[str, str], database: Connection, apart: int
) -> None:
    engine, team = make_engine(database_settings(migrated)), f"apart{apart}"
    now = [time.time() // 3600 * 3600 + apart]
    trail, caller = Trail(engine, lambda: now[0]), Caller(team, frozenset(Role), "ada")
    # The database's hour stays the same meanwhile, or nearly so.
    for _ in range(4):
        trail.saw(caller, Action.LISTED)
        now[0] += 1800
    seen = database.execute("SELECT count(*), count(DISTINCT hour) FROM audit WHERE team = %s", [team]).fetchone()
    hours = len({(now[0] - 1800 * back) // 3600 for back in range(1, 5)})
    assert seen == (hours, hours)
    engine.dispose()


def test_the_trail_ends_after_two_years(migrated: dict[str, str], database: Connection) -> None:
    database.execute(
        "INSERT INTO audit (team, subject, action, at) "
        "SELECT 'old', 'ada', 'analysis.read', now() - n * interval '1 day' FROM generate_series(728, 733) n"
    )
    engine = make_engine(database_settings(migrated))
    assert AnalysisStore(engine).forget_old() == 4
    left = database.execute("SELECT count(*), max(now() - at) < interval '730 days' FROM audit WHERE team = 'old'")
    assert left.fetchone() == (2, True)
    database.execute(
        "INSERT INTO audit (team, subject, action, at) "
        "SELECT 'old', 'ada', 'analysis.read', now() - interval '800 days' FROM generate_series(1, 10001)"
    )
    assert [AnalysisStore(engine).forget_old() for _ in range(3)] == [10_000, 1, 0]
    engine.dispose()
