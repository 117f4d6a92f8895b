# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Events and findings by the API, of an analysis whose figure lands three times."""

from __future__ import annotations

import json
import uuid
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest
from psycopg import sql

from fastbreak_service import golden, served
from fastbreak_service.served import Asked
from fastbreak_service.video.limits import Limits
from support.reports import trails

if TYPE_CHECKING:
    from pathlib import Path

    from fastbreak_service.vision.models import PoseModel
    from support.postgres import Postgres
    from support.service import Service

KINDS = {"events": "Event", "findings": "Finding"}


@pytest.fixture(scope="module")
def moved() -> dict[str, Any]:
    """What is said of the figure, as it comes out of JSON."""
    (person,) = asdict(trails().reviewed(30))["persons"]
    found: dict[str, Any] = json.loads(json.dumps(person))
    return found


@pytest.fixture(scope="module")
def analyses(service: Service, postgres: Postgres, moved: dict[str, Any]) -> tuple[str, str]:
    """The analysis of the figure, and one of a release that did not look for movement."""
    figure, older = str(uuid.uuid4()), str(uuid.uuid4())
    counts = {"left_out": 0, **{kind: len(moved[kind]) for kind in KINDS}}
    with postgres.connect(service.environment["FASTBREAK_DATABASE_NAME"]) as connection:
        for identity, movement in ((figure, json.dumps(counts)), (older, None)):
            connection.execute(
                "INSERT INTO analyses (id, status, size_bytes, owner, service_version, movement) "
                "VALUES (%s, 'succeeded', 1, 'x', '0', %s)",
                [identity, movement],
            )
        connection.execute("INSERT INTO persons VALUES (%s, 1, 9, 0, 9, '{}')", [figure])
        for kind in KINDS:
            for number, content in enumerate(moved[kind], start=1):
                connection.execute(
                    sql.SQL("INSERT INTO {} VALUES (%s, %s, 1, %s)").format(sql.Identifier(kind)),
                    [figure, number, json.dumps(content)],
                )
    return figure, older


def test_what_moved_is_counted_and_what_is_older_was_not_looked_at(
    service: Service, analyses: tuple[str, str], moved: dict[str, Any]
) -> None:
    counted, none = (service.http.get(f"/v1/analyses/{identity}").json()["movement"] for identity in analyses)
    assert (counted["events"], counted["findings"], none) == (len(moved["events"]), len(moved["findings"]), None)
    assert service.http.get(f"/v1/analyses/{analyses[1]}/findings").json() == {"findings": [], "next": None}


@pytest.mark.parametrize("kind", KINDS)
def test_pages_make_up_the_whole_in_the_form_that_is_described(
    service: Service, analyses: tuple[str, str], moved: dict[str, Any], kind: str
) -> None:
    path, found, after = f"/v1/analyses/{analyses[0]}/{kind}", [], None
    while True:
        page = service.http.get(path, params={"limit": 2} | ({"after": after} if after else {})).json()
        assert 1 <= len(page[kind]) <= 2
        found += page[kind]
        after = page["next"]
        if after is None:
            break
    assert found == [{"person": 1, **content} for content in moved[kind]]
    assert service.http.get(path, params={"person": 2}).json()[kind] == []
    described = service.http.get("/v1/openapi.json").json()
    form = {"$ref": f"#/components/schemas/{KINDS[kind]}", "components": described["components"]}
    for said in found:
        jsonschema_rs.validator_for(form).validate(said)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "person=x", "after=-1", "after=1.2", "after=1234567890"])
def test_a_bad_parameter_is_named(service: Service, analyses: tuple[str, str], kind: str, query: str) -> None:
    answer = service.http.get(f"/v1/analyses/{analyses[0]}/{kind}?{query}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_parameter")
    assert query.split("=", maxsplit=1)[0] in answer.json()["error"]["message"]


def test_a_known_clip_by_the_service_is_what_golden_finds_by_itself(
    service: Service, person_clip: Path, vision: PoseModel
) -> None:
    alone = golden.line_of(str(person_clip), vision, {}, "", Limits())
    asked = Asked(f"http://127.0.0.1:{service.port}/v1/analyses", 240.0, "x-fastbreak-version", "1.2.3-test")
    by_service = served.line_of(str(person_clip), asked, "")
    same = ("golden", "clip", "sha256", "persons", "events", "findings")
    assert {name: by_service[name] for name in same} == {name: alone[name] for name in same}
    assert list(by_service["models"].values()) == [vision.identity.sha256]
