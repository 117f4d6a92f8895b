# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Events and findings by the API, of an analysis whose figure lands three times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest

from fastbreak_service import golden, served
from fastbreak_service.served import Asked
from fastbreak_service.video.limits import Limits
from support.seeds import figure, put_analysis

if TYPE_CHECKING:
    from pathlib import Path

    from fastbreak_service.vision.models import PoseModel
    from support.postgres import Postgres
    from support.service import Service

KINDS = {"events": "Event", "findings": "Finding"}


@pytest.fixture(scope="module")
def moved() -> dict[str, Any]:
    """What is said of the figure, as it comes out of JSON."""
    return figure()


@pytest.fixture(scope="module")
def analyses(service: Service, postgres: Postgres, moved: dict[str, Any]) -> tuple[str, str]:
    """The analysis of the figure, and one of a release that did not look for movement."""
    with postgres.connect(service.environment["FASTBREAK_DATABASE_NAME"]) as connection:
        return put_analysis(connection, moved), put_analysis(connection, None)


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
    more = [{"number": number, "review": None} if kind == "findings" else {} for number in range(1, len(found) + 1)]
    assert found == [{"person": 1, **content, **one} for content, one in zip(moved[kind], more, strict=True)]
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
