# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Known clips: what a line says, and in what two differ."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.golden import (
    differences,
    in_words,
    other_models,
    read_file_of,
    read_line,
)
from hypothesis import given
from hypothesis import strategies as st

LINE: dict[str, Any] = {
    "golden": 1,
    "clip": "demo.mp4",
    "sha256": "c" * 64,
    "commit": "f" * 40,
    "models": {"pose.tflite": "a" * 64, "detect.tflite": "b" * 64},
    "frames_per_second": 40.0,
    "persons": [
        {
            "frames": 200,
            "first_frame": 0,
            "last_frame": 199,
            "angles": {"left_knee": {"minimum": 10.0, "maximum": 90.0, "mean": 40.0}},
        },
        {"frames": 50, "first_frame": 100, "last_frame": 149, "angles": {}},
    ],
    "findings": None,
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """The line with another value at a dotted path; with `...` it is left out."""
    line = copy.deepcopy(LINE)
    holder: Any = line
    *names, last = path.split(".")
    for name in names:
        holder = holder[int(name)] if isinstance(holder, list) else holder[name]
    if value is ...:
        del holder[int(last) if isinstance(holder, list) else last]
    else:
        holder[int(last) if isinstance(holder, list) else last] = value
    return line


def told(line: dict[str, Any], degrees: float = 2.0) -> list[str]:
    golden, found = read_line(json.dumps(LINE)), read_line(json.dumps(line))
    assert golden
    return [*differences(golden, found, degrees)]


@pytest.mark.parametrize(
    ("path", "value", "difference"),
    [
        ("persons.1", ..., "1 persons, where 2 are expected"),
        ("persons.0.angles.left_knee.mean", 42.1, "person 1 has left_knee mean 42.1, where 40.0 is expected"),
        ("persons.0.angles.left_knee.minimum", 7.9, "left_knee minimum 7.9"),
        ("persons.0.angles.left_knee.maximum", 92.1, "left_knee maximum 92.1"),
        ("persons.0.angles.left_knee", ..., "person 1 has no left_knee"),
        ("persons.1.angles.hip", {"minimum": 1, "maximum": 2, "mean": 1}, "person 2 has an unexpected hip"),
        ("persons.0.frames", 189, "person 1 has frames 189, where 200 is expected"),
        ("persons.1.first_frame", 104, "person 2 has first_frame 104"),
        ("findings", ["valgus"], "other findings than expected"),
        ("models.pose.tflite".replace("pose.tflite", "x"), "c", "models.x of demo.mp4 is none"),
    ],
)
def test_what_differs_is_told(path: str, value: Any, difference: str) -> None:
    (found,) = told(changed(path, value))
    assert difference in found


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("persons.0.angles.left_knee.mean", 42.0),
        ("persons.0.frames", 190),
        ("persons.1.first_frame", 103),
        ("frames_per_second", 1.0),
        ("commit", "other"),
    ],
)
def test_numbers_of_another_processor_are_the_same(path: str, value: Any) -> None:
    assert told(changed(path, value)) == []


def test_a_clip_that_was_not_analysed_differs() -> None:
    golden = read_line(json.dumps(LINE))
    assert golden
    assert [*differences(golden, None, 2.0)] == ["demo.mp4 was not analysed"]


@given(st.floats(0, 45), st.floats(-180, 180))
def test_an_angle_differs_exactly_beyond_the_degrees(degrees: float, by: float) -> None:
    found = told(changed("persons.0.angles.left_knee.mean", 40.0 + by), degrees)
    assert bool(found) is (abs(40.0 - (40.0 + by)) > degrees)


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


def test_other_networks_are_told_by_name() -> None:
    golden = read_file_of(json.dumps(LINE))
    assert not other_models(golden, LINE["models"])
    told_of = other_models(golden, {**LINE["models"], "pose.tflite": "d" * 64})
    assert told_of == "models.pose.tflite of demo.mp4 is aaaaaaaaaaaa, where the release has dddddddddddd"
    assert "models.detect.tflite" in other_models(golden, {"pose.tflite": "a" * 64})


def test_many_differences_are_told_by_the_first() -> None:
    assert in_words("abcde") == "a; b; c; and 2 more"
    assert in_words("ab") == "a; b"
