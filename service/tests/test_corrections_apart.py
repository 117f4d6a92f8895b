# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""That two in doubt are two; and what is said again under a key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support.seeds import landings, put_persons
from support.staff import Staff, code

if TYPE_CHECKING:
    import psycopg

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


def said(staff: Staff, analysis: str, seen: int, key: str, **what: Any) -> Any:
    headers = {"if-match": f'"{seen}"', "idempotency-key": key}
    return staff.ask("POST", f"/v1/analyses/{analysis}/corrections", json=what, headers=headers)


def doubts(staff: Staff, analysis: str) -> list[dict[str, Any]]:
    return list(staff.get(f"/v1/analyses/{analysis}/doubts").json()["doubts"])


def test_two_who_are_two_are_in_doubt_no_more_until_that_is_undone(ada: Staff, analysis: str) -> None:
    for version, more in enumerate((MERGE, {"kind": "undo", "correction": 1})):
        assert ada.correct(analysis, version, **more).status_code == 201
    findings = ada.get(f"/v1/analyses/{analysis}/findings").json()
    (doubt,) = doubts(ada, analysis)
    apart = {name: doubt[name] for name in ("person", "other", "seconds")}
    told = ada.correct(analysis, 2, kind="apart", **apart)
    assert told.status_code == 201, told.text
    assert told.json()["words"] == f"Persons 1 and 2 are two at {doubt['seconds']:g} s, and keep their numbers."
    assert doubts(ada, analysis) == []
    assert ada.get(f"/v1/analyses/{analysis}/findings").json() == findings, "nothing else changes"
    assert ada.correct(analysis, 3, kind="split", person=2, seconds=4.0).status_code == 201
    assert all((one["person"], one["other"]) != (1, 2) for one in doubts(ada, analysis)), "it stands beside others"
    assert ada.correct(analysis, 4, kind="undo", correction=3).status_code == 201
    assert doubt in doubts(ada, analysis)


def test_what_nobody_can_be_told_apart_from_is_refused(ada: Staff, analysis: str) -> None:
    refused = ada.correct(analysis, 0, kind="apart", person=1, other=9, seconds=2.0)
    assert code(refused) == (409, "wrong_persons")
    assert "There is no person 9 to tell apart" in refused.json()["detail"]
    assert code(ada.correct(analysis, 0, kind="apart", person=1, other=1, seconds=2.0)) == (400, "bad_body")


def test_under_a_key_the_same_is_recorded_once_whatever_is_said_since(
    guarded: Service, issuer: Issuer, ada: Staff, analysis: str
) -> None:
    bob = Staff(guarded, issuer, "bob")
    split: dict[str, Any] = {"kind": "split", "person": 2, "seconds": 4.0}
    first = said(ada, analysis, 0, "k1", **split)
    assert (first.status_code, first.json()["number"], "key" in first.json()) == (201, 3, False)
    assert bob.correct(analysis, 1, kind="undo", correction=1).status_code == 201
    again = said(ada, analysis, 0, "k1", **split)
    assert (again.status_code, again.headers["etag"]) == (201, '"1"')
    assert again.json() == {**first.json(), "undone": True}
    assert code(said(ada, analysis, 2, "k1", **MERGE)) == (422, "idempotency_key_reused")
    assert code(said(bob, analysis, 2, "k1", **split)) == (422, "idempotency_key_reused")
    assert code(said(ada, analysis, 0, "k2", **split)) == (412, "persons_changed")
    assert code(said(ada, analysis, 2, "a b", **split)) == (400, "bad_parameter")
    listed = ada.get(f"/v1/analyses/{analysis}/corrections").json()["corrections"]
    assert ([one["version"] for one in listed], [one for one in listed if "key" in one]) == ([2, 1], [])
