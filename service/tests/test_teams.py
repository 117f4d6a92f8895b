# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Nobody sees or does more than their token gives, by the API and, behind it, in the database."""

from __future__ import annotations

import itertools
import time
import uuid
from typing import TYPE_CHECKING, Any, Self

import psycopg
import pytest
from psycopg import sql

from fastbreak_service.store.callers import SETTING, caller_role
from support.service import Service

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

    from support.issuer import Issuer
    from support.postgres import Postgres

TEAMS = ("hawks", "bulls", "default")
OF_MOVEMENT = ("events", "findings")
TABLES = ("analyses", "persons", "measures_of_team", "poses_of_team", "work", *OF_MOVEMENT)


@pytest.fixture(scope="module")
def guarded(migrated: dict[str, str], issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A replica that asks for tokens."""
    replica = Service({**migrated, **issuer.settings}, tmp_path_factory.mktemp("guarded") / "log.jsonl")
    try:
        yield replica.start()
    finally:
        replica.end()


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def send(service: Service, token: str, video: bytes, **headers: str) -> httpx.Response:
    return service.http.post(
        "/v1/analyses", content=video, headers={"content-type": "video/mp4", **bearer(token), **headers}
    )


@pytest.fixture(scope="module")
def sent(guarded: Service, issuer: Issuer, person_clip: Path) -> dict[str, str]:
    """An analysis with persons and measures for each team, all sent under the same key."""
    video = person_clip.read_bytes()
    identities = {}
    for team in TEAMS:
        answer = send(guarded, issuer.token(team=team), video, **{"idempotency-key": "the-same"})
        assert answer.status_code == 202, answer.text
        identities[team] = answer.json()["id"]
    for team, identity in identities.items():
        headers = bearer(issuer.token(team=team))
        while guarded.http.get(f"/v1/analyses/{identity}", headers=headers).json()["status"] != "succeeded":
            guarded.wait_logged(event="analysis finished", analysis_id=identity)
    return identities


def test_each_team_has_its_own_under_the_same_key(guarded: Service, issuer: Issuer, sent: dict[str, str]) -> None:
    assert len(set(sent.values())) == len(TEAMS)
    for team, identity in sent.items():
        headers = bearer(issuer.token(team=team))
        listed = guarded.http.get("/v1/analyses", headers=headers).json()["analyses"]
        assert [analysis["id"] for analysis in listed] == [identity]
        assert guarded.http.get(f"/v1/analyses/{identity}", headers=headers).json()["persons"]
        assert guarded.http.get(f"/v1/analyses/{identity}/measures", headers=headers).json()["measures"]


@pytest.mark.parametrize("role", ["uploader", "reviewer", "administrator"])
@pytest.mark.parametrize(("team", "owner"), list(itertools.product(TEAMS, TEAMS)))
@pytest.mark.parametrize(
    "path",
    [
        "",
        "/measures",
        "/measures?person=1&limit=1",
        "/poses",
        "/events",
        "/findings?person=1",
        "/corrections",
        "/doubts",
    ],
)
def test_what_is_another_teams_is_not_there(  # noqa: PLR0913, PLR0917 - who, of whom, what
    guarded: Service, issuer: Issuer, sent: dict[str, str], role: str, team: str, owner: str, path: str
) -> None:
    answer = guarded.http.get(
        f"/v1/analyses/{sent[owner]}{path}", headers=bearer(issuer.token(team=team, roles=[role]))
    )
    if role == "uploader":
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")
    elif team != owner:
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
        unknown = guarded.http.get(f"/v1/analyses/{uuid.uuid4()}{path}", headers=bearer(issuer.token(team=team)))
        assert answer.json() == unknown.json()
    else:
        assert answer.status_code == 200


def test_another_teams_video_is_not_there(guarded: Service, issuer: Issuer, sent: dict[str, str]) -> None:
    """This service keeps none of them: who gets as far as that may look at it."""
    for team, role, status in ((1, "administrator", 404), (0, "uploader", 403), (0, "reviewer", 410)):
        headers = bearer(issuer.token(team=TEAMS[team], roles=[role]))
        answer = guarded.http.post(f"/v1/analyses/{sent[TEAMS[0]]}/footage-links", headers=headers)
        code = {404: "not_found", 403: "forbidden", 410: "footage_gone"}[status]
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


@pytest.mark.parametrize("team", TEAMS)
def test_another_teams_cursor_leads_to_ones_own(
    guarded: Service, issuer: Issuer, sent: dict[str, str], team: str
) -> None:
    for owner in TEAMS:
        after = f"9999999999999999.{sent[owner]}"
        answer = guarded.http.get(
            "/v1/analyses", params={"after": after}, headers=bearer(issuer.token(team=team))
        ).json()
        assert {analysis["id"] for analysis in answer["analyses"]} <= {sent[team]}


WITHOUT: dict[str, dict[str, str]] = {
    "nothing": {},
    "another scheme": {"authorization": "Basic aGF3a3M6aGF3a3M="},
    "no token": {"authorization": "Bearer"},
    "two tokens": {"authorization": "Bearer a b"},
    "a word": {"authorization": "Bearer hawks"},
    "another header": {"x-amzn-oidc-data": "hawks", "x-team": "hawks", "cookie": "token=hawks"},
}


@pytest.mark.parametrize("headers", WITHOUT.values(), ids=WITHOUT)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("POST", ""),
        ("POST", f"/{uuid.UUID(int=0)}/footage-links"),
        *(("GET", f"/{uuid.UUID(int=0)}{path}") for path in ("", "/measures", "/poses", "/events", "/findings")),
    ],
)
def test_without_a_token_nothing_is_told(guarded: Service, headers: dict[str, str], method: str, path: str) -> None:
    answer = guarded.http.request(method, f"/v1/analyses{path}", headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthenticated")
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_two_authorizations_are_one_too_many(guarded: Service, issuer: Issuer) -> None:
    value = f"Bearer {issuer.token()}"
    answer = guarded.http.get("/v1/analyses", headers=[("authorization", value), ("authorization", value)])
    assert answer.status_code == 401


@pytest.mark.parametrize("roles", [[], ["reviewer"], ["unknown"]])
def test_only_an_uploader_sends(guarded: Service, issuer: Issuer, plain_clip: Path, roles: list[str]) -> None:
    answer = send(guarded, issuer.token(roles=roles), plain_clip.read_bytes())
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")
    assert answer.headers["www-authenticate"] == 'Bearer error="insufficient_scope"'


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/v1/openapi.json"])
def test_what_shows_nobodys_data_needs_no_token(guarded: Service, path: str) -> None:
    assert guarded.http.get(path).status_code == 200


def test_the_document_says_whose_tokens(guarded: Service, issuer: Issuer) -> None:
    described = guarded.http.get("/v1/openapi.json").json()
    scheme = described["components"]["securitySchemes"]["token"]
    assert scheme["openIdConnectUrl"] == f"{issuer.address}/.well-known/openid-configuration"
    for path, methods in described["paths"].items():
        for operation in methods.values():
            # A video is had by the ticket of a link, and a part of one sent by it.
            guarded_paths = ("/v1/analyses", "/v1/audit", "/v1/erasures", "/v1/uploads", "/v1/usage")
            asked = path.startswith(guarded_paths) and operation["operationId"] not in {"getFootage", "putPart"}
            assert ("security" in operation) == asked
            assert ("401" in operation["responses"]) == ("security" in operation)


def test_keys_rotate_while_it_runs(guarded: Service, issuer: Issuer) -> None:
    before = issuer.token()
    assert guarded.http.get("/v1/analyses", headers=bearer(before)).status_code == 200
    issuer.rotate()

    def seen(token: str) -> int:
        return guarded.http.get("/v1/analyses", headers=bearer(token)).status_code

    deadline = time.monotonic() + 60
    while seen(issuer.token()) != 200:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert seen(before) == 401


def test_no_log_names_a_token_or_a_person(guarded: Service, issuer: Issuer) -> None:
    token = issuer.token(sub="jane@example.com")
    assert guarded.http.get("/v1/analyses", headers=bearer(token)).status_code == 200
    log = guarded.log.read_text()
    assert token not in log
    assert token.split(".")[1] not in log
    assert "jane" not in log
    assert any(entry.get("team") == "hawks" for entry in guarded.logged())


class Direct:
    """The database as a transaction for a caller has it."""

    def __init__(self, postgres: Postgres, database: str) -> None:
        self._connection = postgres.connect(database)
        self._role = sql.Identifier(caller_role(database))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def ask(self, team: str | None, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """What a statement gives to a team; None: no team was set. Every analysis has a movement and a finding then."""
        with self._connection.transaction(force_rollback=True):
            for table in OF_MOVEMENT:
                rows = sql.SQL("INSERT INTO {} SELECT analysis_id, 9000 + person, person, '{{}}' FROM persons")
                self._connection.execute(rows.format(sql.Identifier(table)))
            self._connection.execute(sql.SQL("SET LOCAL ROLE {}").format(self._role))
            if team is not None:
                self._connection.execute("SELECT set_config(%s, %s, true)", [SETTING, team])
            found = self._connection.execute(statement.encode(), values)
            return found.fetchall() if found.description else [(found.rowcount,)]


@pytest.fixture(scope="module")
def direct(postgres: Postgres, migrated: dict[str, str], sent: dict[str, str]) -> Iterator[Direct]:
    assert sent
    with Direct(postgres, migrated["FASTBREAK_DATABASE_NAME"]) as made:
        yield made


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("team", [None, "", "*", "%", "nobody"])
def test_the_database_shows_no_row_without_a_team_of_its_own(direct: Direct, table: str, team: str | None) -> None:
    assert direct.ask(team, f"SELECT count(*) FROM {table}") == [(0,)]  # noqa: S608 - a name of ours


@pytest.mark.parametrize("team", TEAMS)
def test_the_database_shows_a_team_its_own_rows_alone(direct: Direct, sent: dict[str, str], team: str) -> None:
    assert direct.ask(team, "SELECT DISTINCT team FROM analyses") == [(team,)]
    for table in ("persons", "measures_of_team", "poses_of_team", *OF_MOVEMENT):
        found = direct.ask(team, f"SELECT DISTINCT analysis_id FROM {table}")  # noqa: S608 - a name of ours
        assert found == [(uuid.UUID(sent[team]),)]


FORBIDDEN = {
    "another team's row": "INSERT INTO analyses (id, status, size_bytes, created_at, heartbeat_at, owner, "
    "service_version, team) VALUES (gen_random_uuid(), 'queued', 1, now(), now(), 'p', 'v', 'bulls')",
    "work on another team's": "INSERT INTO work (analysis_id, place) SELECT %s, 'p'",
    "a change": "UPDATE analyses SET team = 'hawks'",
    "a deletion": "DELETE FROM analyses",
    "a change of results": "UPDATE persons SET frames = 0",
    "measures but its own": "SELECT count(*) FROM measures",
    "poses but its own": "SELECT count(*) FROM poses",
    "a deletion of measures": "DELETE FROM measures",
    "a change of findings": "UPDATE findings SET content = '{}'",
    "an event": "INSERT INTO events SELECT id, 1, 1, '{}' FROM analyses",
    "another team's trail": "INSERT INTO audit (team, subject, action) VALUES ('bulls', 'eve', 'analysis.read')",
    "another team's upload": "INSERT INTO uploads (id, team, sent_by, size_bytes, part_bytes, place, storage_upload) "
    "VALUES (gen_random_uuid(), 'bulls', 'eve', 1, 1, '', '')",
    "a change of the trail": "UPDATE audit SET subject = 'bob'",
    "a deletion of the trail": "DELETE FROM audit",
    "the end of the trail": "SELECT forget_old_audit()",
    "the schema": "SELECT * FROM alembic_version",
    "another table": "CREATE TABLE mine (a int)",
}


@pytest.mark.parametrize("statement", FORBIDDEN.values(), ids=FORBIDDEN)
def test_the_database_refuses_a_team(direct: Direct, sent: dict[str, str], statement: str) -> None:
    values = [sent["bulls"]] if "%s" in statement else []
    with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.ForeignKeyViolation)):
        direct.ask("hawks", statement, *values)


def test_the_database_erases_a_teams_own_alone(direct: Direct, sent: dict[str, str]) -> None:
    for team, owner, gone in (("hawks", "bulls", False), (None, "bulls", False), ("bulls", "bulls", True)):
        ((counted,),) = direct.ask(team, "SELECT erase_analysis(%s)", uuid.UUID(sent[owner]))
        assert (counted is not None) == gone
    assert counted["measures"] > 0
    assert direct.ask("bulls", "SELECT count(*) FROM analyses") == [(1,)], "the transaction was taken back"


def test_a_service_whose_issuer_is_away_is_not_ready_and_admits_nobody(
    migrated: dict[str, str], issuer: Issuer, tmp_path: Path
) -> None:
    settings = {**issuer.settings, "FASTBREAK_OIDC_ISSUER": "http://127.0.0.1:9"}
    replica = Service({**migrated, **settings}, tmp_path / "log.jsonl")
    try:
        replica.launch()
        replica.wait_for_reason("identity_unavailable")
        answer = replica.http.get("/v1/analyses", headers=bearer(issuer.token()))
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "identity_unavailable")
        assert replica.http.get("/healthz").status_code == 200
    finally:
        replica.end()
