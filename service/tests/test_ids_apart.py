# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The database's second line: whatever a caller's transaction tries, another team's id is not its to use."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from sqlalchemy import exc

from fastbreak_service.identity.caller import Caller, Role
from fastbreak_service.store.callers import of_team
from fastbreak_service.store.erasures import Erasures
from fastbreak_service.store.team_analyses import NewAnalysis, TeamAnalyses
from fastbreak_service.store.team_uploads import NewUpload, TeamUploads

if TYPE_CHECKING:
    from sqlalchemy import Engine

PLACE = "s3://footage/"
MINE, THEIRS = "bulls", "hawks"
UPLOAD = (
    "INSERT INTO uploads (id, team, sent_by, size_bytes, part_bytes, place, storage_upload) "
    "VALUES ('{id}', 'bulls', 'eve', 1, 1, 's3://footage/', 'u')"
)
ANALYSIS = (
    "INSERT INTO analyses (id, team, status, size_bytes, owner, service_version) "
    "VALUES ('{id}', 'bulls', 'queued', 1, 'o', '1')"
)
CERTIFICATE = (
    "INSERT INTO erasures (analysis_id, team, place, erased) VALUES ('{id}', 'bulls', 's3://footage/', '{{}}')"
)
RENAMED = "UPDATE uploads SET id = '{id}'"


def administrator(team: str) -> Caller:
    return Caller(team, frozenset(Role), "somebody")


def analysis_of(engine: Engine, team: str) -> uuid.UUID:
    new = NewAnalysis(uuid.uuid4(), None, 1, PLACE, durable=True, service_version="1")
    TeamAnalyses(engine, team).add(new)
    return new.id


def upload_of(engine: Engine, team: str) -> uuid.UUID:
    new = NewUpload(uuid.uuid4(), None, 1, 1, PLACE, "u")
    assert TeamUploads(engine, administrator(team)).add(new) is not None
    return new.id


def erased_of(engine: Engine, team: str) -> uuid.UUID:
    analysis = analysis_of(engine, team)
    assert Erasures(engine, PLACE, None).erase(administrator(team), analysis) is not None
    return analysis


def refused(engine: Engine, statement: str, identity: uuid.UUID) -> None:
    with pytest.raises(exc.ProgrammingError, match="under an id that is taken"), of_team(engine, MINE) as connection:
        connection.execute(sa.text(statement.format(id=identity)))


def test_nobody_uses_the_id_of_another_team(engine: Engine) -> None:
    analysis, upload, gone = (make(engine, THEIRS) for make in (analysis_of, upload_of, erased_of))
    upload_of(engine, MINE)
    for statement in (CERTIFICATE, UPLOAD, RENAMED):
        refused(engine, statement, analysis)
    for statement in (CERTIFICATE, ANALYSIS):
        refused(engine, statement, upload)
    for statement in (ANALYSIS, UPLOAD):
        refused(engine, statement, gone)


def test_nobody_certifies_that_what_is_there_was_erased(engine: Engine) -> None:
    refused(engine, CERTIFICATE, analysis_of(engine, MINE))


def test_a_team_goes_on_with_its_own_ids(engine: Engine) -> None:
    upload = upload_of(engine, MINE)
    accepted = NewAnalysis(upload, None, 1, PLACE, durable=True, service_version="1")
    assert TeamUploads(engine, administrator(MINE)).accept(accepted) is not None
    erased = Erasures(engine, PLACE, None).erase(administrator(MINE), upload)
    assert erased is not None
    assert (erased["analysis_id"], erased["team"]) == (upload, MINE)
