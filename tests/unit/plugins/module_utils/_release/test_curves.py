# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a release went through over time is text in its row, and is read back as it was."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._release.curves import (
    read_course,
    read_evidence,
    read_series,
    write_course,
    write_evidence,
    write_series,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import CoursePoint, Series
from hypothesis import given
from hypothesis import strategies as st

NUMBERS = st.floats(allow_nan=False, allow_infinity=False, width=32)
BOUNDS = st.none() | NUMBERS
POINTS = st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=5).map(tuple)


@given(st.builds(Series, st.text(), BOUNDS, BOUNDS, POINTS))
def test_series_are_read_as_they_were_written(series: Series) -> None:
    assert read_series(write_series(series)) == series


@given(st.lists(st.builds(CoursePoint, st.text(), st.text(), BOUNDS, st.booleans()), max_size=5).map(tuple))
def test_courses_are_read_as_they_were_written(course: tuple[CoursePoint, ...]) -> None:
    assert read_course(write_course(course)) == course


def test_evidence_is_read_as_it_was_written_and_only_as_much_of_it_as_fits() -> None:
    evidence = tuple({"task": str(number), "log_lines": ["x" * 9000]} for number in range(4))
    assert read_evidence(write_evidence(evidence[:1])) == evidence[:1]
    assert read_evidence(write_evidence(evidence)) == evidence[:2]
    assert write_evidence(()) == ""


JUNK = [
    "",
    "x",
    "[",
    "1",
    "null",
    "{}",
    "[1]",
    "[[1]]",
    "[null]",
    '["a",null,NaN,[[1,NaN]]]',
    '["a",0,1,[[1,"x"]]]',
    None,
    7,
    [],
]


@pytest.mark.parametrize("text", [*JUNK, None, 7, []])
def test_what_cannot_be_read_is_as_if_it_were_not_there(text: Any) -> None:
    assert read_series(text).points == ()
    assert read_course(text) == ()
    assert read_evidence(text) == ()
