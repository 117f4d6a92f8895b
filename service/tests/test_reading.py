# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The queries by which callers read hold to a team by themselves, where no policy of the database does it for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from fastbreak_service.store import reading
from support.seeds import figure, put_analysis

if TYPE_CHECKING:
    from psycopg import Connection
    from sqlalchemy import Engine, Select

TEAM = "hawks"
LATER = {"last_created_at": "9000-01-01T00:00:00Z", "last_id": "00000000-0000-0000-0000-000000000000"}
FIRST = {"last_person": 0, "last_frame": 0, "last_angle": ""}
QUERIES: dict[str, tuple[Select[Any], dict[str, Any]]] = {
    "known": (reading.KNOWN, {}),
    "state": (reading.STATE, {}),
    "one": (reading.ONE, {}),
    "persons": (reading.PERSONS, {}),
    "newest": (reading.newest(awaits_review=None, own=False, after=False), {"limit": 9}),
    "newest to review": (reading.newest(awaits_review=True, own=False, after=True), {"limit": 9, **LATER}),
    "newest of one's own": (reading.newest(awaits_review=None, own=True, after=True), {"limit": 9, **LATER}),
    "measures": (reading.measured(person=False, angle=False, after=False), {"limit": 9}),
    "measures of one": (
        reading.measured(person=True, angle=True, after=True),
        {"limit": 9, "person": 1, "angle": "trunk_lean", **FIRST},
    ),
    **{kind: (reading.said(kind, person=False), {"limit": 9, "after": 0}) for kind in ("events", "findings", "poses")},
    "events of one": (reading.said("events", person=True), {"limit": 9, "after": 0, "person": 1}),
}


@pytest.fixture
def analysis(database: Connection) -> str:
    """An analysis of the hawks of which there is everything."""
    identity = put_analysis(database, figure(), TEAM)
    database.execute("UPDATE analyses SET sent_by = 'ada' WHERE id = %s", [identity])
    database.execute("INSERT INTO measures VALUES (%s, 1, 1, 'trunk_lean', 0, 1, 1)", [identity])
    database.execute("INSERT INTO poses VALUES (%s, 1, 1, 1, 0, array_fill(1::real, '{34}'))", [identity])
    return identity


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_finds_what_is_its_teams_and_nothing_of_anothers(engine: Engine, analysis: str, query: str) -> None:
    statement, given = QUERIES[query]
    with engine.begin() as connection:
        # The views of measures and poses ask for it; as the owner, whom no policy binds, one sees every row.
        connection.execute(sa.text("SELECT set_config('fastbreak.team', :team, true)"), {"team": TEAM})
        found = {
            team: len(connection.execute(statement, {**_all(statement, analysis), **given, "team": team}).all())
            for team in (TEAM, "bulls")
        }
    assert found[TEAM] > 0
    assert found["bulls"] == 0


def _all(statement: Select[Any], analysis: str) -> dict[str, str]:
    """The parameters that are the same everywhere, as far as a query has them."""
    known = statement.compile().params
    return {name: text for name, text in {"analysis": analysis, "subject": "ada"}.items() if name in known}
