# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Known clips: what a line says."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.golden import (
    read_file_of,
    read_line,
    read_lines,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.golden_differences import differences
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.module_utils._rollout.gates.golden_lines import LINE, changed

JUNK = [None, True, "x", [], {}, -1e400, float("nan"), 10**400, ...]


@pytest.mark.parametrize("value", JUNK, ids=str)
@pytest.mark.parametrize(
    "path",
    [
        "golden",
        "clip",
        "sha256",
        "commit",
        "models",
        "persons",
        "frames_per_second",
        "persons.0",
        "persons.0.frames",
        "persons.0.angles",
        "persons.0.angles.left_knee",
        "persons.0.angles.left_knee.mean",
        "kinds",
        "kinds.2",
        "events",
        "events.1",
        "events.1.person",
        "events.1.kind",
        "events.1.frame",
        "events.1.legs",
        "findings",
        "findings.0",
        "findings.0.person",
        "findings.0.measure",
        "findings.0.side",
        "findings.0.reference",
        "findings.0.status",
        "findings.0.shown",
        "findings.0.shown.0",
        "findings.0.shown.0.frame",
        "findings.0.shown.0.value",
    ],
)
def test_a_line_that_is_not_whole_is_no_result_or_differs(path: str, value: Any) -> None:
    line = changed(path, value)
    try:
        found = read_line(json.dumps(line))
    except ValueError:
        return
    golden = read_line(json.dumps(LINE))
    assert golden
    harmless = path in ("clip", "commit", "sha256", "frames_per_second") and value not in (None, ...)
    assert harmless or found is None or [*differences(golden, found, 2.0)]


@pytest.mark.parametrize("line", ["", "loading the networks", "[1]", "5", '{"level": "info"}', "{", "[" * 100_000])
def test_other_lines_of_a_log_are_no_results(line: str) -> None:
    assert read_line(line) is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "it holds no result"),
        ("hello", "line 1 is none that"),
        (json.dumps(changed("golden", 2)), "line 1: golden is 2, and 1 is the form"),
        (json.dumps(changed("models", {})), "line 1: models names no network"),
        (f"{json.dumps(LINE)}\n\n{json.dumps(LINE)}", "line 2: sha256 names a clip for the second time"),
        (json.dumps(changed("persons.0.angles.left_knee.mean", "x")), r"line 1: persons.0.angles.left_knee.mean is no"),
    ],
)
def test_a_golden_file_that_cannot_be_meant_is_told_by_its_member(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        read_file_of(text)


@given(st.lists(st.integers(1, 40), max_size=6))
def test_a_line_that_the_log_cut_into_parts_is_one_result(cuts: list[int]) -> None:
    text = json.dumps(LINE)
    places = [0, *sorted({len(LINE["clip"]) + 11 + 20 * cut for cut in cuts}), len(text)]
    parts = [text[begin:end] for begin, end in pairwise(places)]
    whole = read_line(text)
    assert [*read_lines(["loading", *parts, "done", text])] == [whole, whole]


def test_a_result_without_an_end_is_told() -> None:
    with pytest.raises(ValueError, match=r"begins with \{\"golden\": 1, \"clip\": \"demo.mp4\".* has no end"):
        list(read_lines([json.dumps(LINE)[:300], "the task was stopped"]))
