# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A release works with the schema that is there, or is told why it does not."""

from __future__ import annotations

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Outcome, Release
from ansible_collections.fastbreak.aws.plugins.module_utils._release.schema import Schema, schema_problem, schema_there
from hypothesis import given
from hypothesis import strategies as st


def made(version: int, oldest: int = 0, outcome: Outcome = Outcome.SUCCEEDED) -> Release:
    texts = dict.fromkeys(
        ("service", "release_id", "version", "image", "digest", "commit", "strategy", "kind", "started_at"), "x"
    )
    return Release(
        **texts,
        task_definition_arn="arn",
        started_by="me",
        outcome=outcome,
        schema_version=version,
        oldest_schema_version=oldest,
    )


@pytest.mark.parametrize(
    ("history", "wanted", "allowed"),
    [
        ([], 0, True),
        ([made(0)], 0, True),
        ([made(7), made(8)], 7, False),
        ([made(7), made(8, 7)], 7, True),
        ([made(7), made(8, 7)], 6, False),
        ([made(7), made(8, 7)], 0, False),
        ([made(7), made(8, outcome=Outcome.ROLLED_BACK)], 7, False),
        ([made(8, 7), made(7)], 7, True),
        ([made(8), made(8, 6)], 7, False),
        ([made(8, 8), made(9, 5)], 5, True),
    ],
)
def test_releases_work_with_schemas_that_leave_room_for_them(
    history: list[Release], wanted: int, allowed: bool
) -> None:
    assert (schema_problem(tuple(history), Schema(wanted), "1.0.0") == "") is allowed


def test_what_is_needed_and_what_is_there_is_said() -> None:
    assert "1.0.0 needs schema 6" in schema_problem((made(8, 7),), Schema(6), "1.0.0")
    assert "may have schema 8" in schema_problem((made(8, 7),), Schema(6), "1.0.0")
    assert "does not say which schema it needs" in schema_problem((made(8, 7),), Schema(), "1.0.0")


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=4), st.integers(0, 6))
def test_the_newest_release_always_works_and_what_is_unknown_never_where_anything_is_known(
    pairs: list[tuple[int, int]], wanted: int
) -> None:
    history = tuple(made(version, min(version, oldest)) for version, oldest in pairs)
    there = schema_there(history)
    assert not schema_problem(history, there, "x")
    assert bool(schema_problem(history, Schema(wanted), "x")) is (wanted < there.least)
