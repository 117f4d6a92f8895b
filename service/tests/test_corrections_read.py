# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What is read for a correction: not too much, and all of one moment."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from psycopg import sql

from fastbreak_service.api.correcting import refused
from fastbreak_service.people.corrections import Merge, Split
from fastbreak_service.people.history import Undo
from fastbreak_service.store import team_corrections
from fastbreak_service.store.callers import read_by_team
from support.seeds import landings, put_persons
from support.staff import Staff

if TYPE_CHECKING:
    import psycopg
    from sqlalchemy import Engine

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


def corrections(engine: Engine) -> team_corrections.TeamCorrections:
    return team_corrections.TeamCorrections(engine, "hawks", "ada")


@pytest.mark.parametrize("name", ["MOST_SIGHTINGS", "MOST_PERSONS", "MOST_FINDINGS"])
def test_of_more_than_is_read_for_a_correction_none_is_made(
    analysis: str, engine: Engine, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    page = corrections(engine).of(uuid.UUID(analysis), 1, None)
    assert page is not None
    assert page.correctable
    monkeypatch.setattr(team_corrections, name, 1)
    with pytest.raises(team_corrections.TooMuchError) as caught:
        corrections(engine).add(uuid.UUID(analysis), Merge((1, 2)), 0)
    refusal = refused(caught.value)
    assert (refusal.status, refusal.code) == (409, "too_much_to_correct")
    assert ("Send the video again" if name == "MOST_FINDINGS" else "Cut the video") in refusal.message
    assert "corrections are made of at most 1." in refusal.message
    page = corrections(engine).of(uuid.UUID(analysis), 1, None)
    assert page is not None
    assert not page.correctable, "nobody is offered what is refused"


@pytest.mark.parametrize(("table", "advice"), [("findings", "Send the video again"), ("events", "Cut the video")])
def test_megabytes_are_those_that_are_read_not_those_that_a_table_takes(  # noqa: PLR0913, PLR0917 - who, and what
    analysis: str,
    engine: Engine,
    database: psycopg.Connection,
    monkeypatch: pytest.MonkeyPatch,
    table: str,
    advice: str,
) -> None:
    monkeypatch.setattr(team_corrections, "MOST_MEGABYTES", 1)
    put = sql.SQL(
        "UPDATE {} SET content = content || jsonb_build_object('more', repeat('a', {})) WHERE analysis_id = %s "
        "AND number = 1"
    )
    database.execute(put.format(sql.Identifier(table), 5 << 19), [analysis])
    with pytest.raises(team_corrections.TooMuchError) as caught:
        corrections(engine).add(uuid.UUID(analysis), Merge((1, 2)), 0)
    message = refused(caught.value).message
    assert f"has 2 megabytes of {table}" in message
    assert advice in message


def test_where_no_more_can_be_said_it_can_still_be_undone(
    ada: Staff, analysis: str, engine: Engine, database: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ada.correct(analysis, 0, **MERGE).status_code == 201
    monkeypatch.setattr(team_corrections, "MOST_FINDINGS", 0)
    with pytest.raises(team_corrections.TooMuchError):
        corrections(engine).add(uuid.UUID(analysis), Undo(1), 1)
    counted = database.execute("SELECT count(*) FROM findings WHERE analysis_id = %s", [analysis]).fetchone()
    assert counted is not None
    monkeypatch.setattr(team_corrections, "MOST_FINDINGS", counted[0] - 1)
    with pytest.raises(team_corrections.TooMuchError):
        corrections(engine).add(uuid.UUID(analysis), Split(1, 4.0), 1)
    outcome = corrections(engine).add(uuid.UUID(analysis), Undo(1), 1)
    assert outcome is not None
    assert outcome.taken


@pytest.mark.parametrize("when", ["_too_much", "_erased", "_stored"])
@pytest.mark.parametrize("what", ["corrected", "gone"])
def test_what_is_read_is_of_one_moment(  # noqa: PLR0913, PLR0917 - who, and what
    guarded: Service,
    issuer: Issuer,
    analysis: str,
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    when: str,
    what: str,
) -> None:
    """Between any two of its statements others may change all: then nobody hears of what was never so."""
    read, staff, changed = getattr(team_corrections, when), Staff(guarded, issuer, "root", role="administrator"), False

    def change_and_read(*arguments: Any) -> Any:
        nonlocal changed
        if not changed:
            changed = True
            said = staff.correct(analysis, 0, **MERGE) if what == "corrected" else staff.erase(analysis)
            assert said.is_success
        return read(*arguments)

    monkeypatch.setattr(team_corrections, when, change_and_read)
    outcome = corrections(engine).add(uuid.UUID(analysis), Merge((1, 2)), 0)
    assert changed
    assert outcome is None if what == "gone" else outcome is not None and not outcome.taken


def test_who_reads_after_it_sees_what_others_change_meanwhile(engine: Engine) -> None:
    """A connection goes back to the pool as it came."""
    asked = sa.text("SELECT current_setting('transaction_isolation'), pg_backend_pid()")
    told = []
    for as_of_one_moment in (True, False, True):
        with read_by_team(engine, "hawks", as_of_one_moment=as_of_one_moment) as connection:
            told.append(tuple(connection.execute(asked).one()))
    assert [level for level, _ in told] == ["repeatable read", "read committed", "repeatable read"]
    assert len({process for _, process in told}) == 1, "else nothing was given back"
