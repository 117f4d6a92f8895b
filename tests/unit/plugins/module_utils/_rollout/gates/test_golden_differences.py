# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Known clips: in what two lines differ."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.golden import read_file_of, read_line
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.golden_differences import (
    differences,
    in_words,
    other_models,
    unheld,
)
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.module_utils._rollout.gates.golden_lines import LINE, changed


def told(line: dict[str, Any], degrees: float = 2.0) -> list[str]:
    golden, found = read_line(json.dumps(LINE)), read_line(json.dumps(line))
    assert golden
    return [*differences(golden, found, degrees)]


@pytest.mark.parametrize(
    ("path", "value", "difference"),
    [
        ("persons.1", ..., "1 person, where 2 are expected"),
        ("persons.0.angles.left_knee.mean", 42.1, "person 1 has left_knee mean 42.1, where 40.0 is expected"),
        ("persons.0.angles.left_knee.minimum", 7.9, "left_knee minimum 7.9"),
        ("persons.0.angles.left_knee.maximum", 92.1, "left_knee maximum 92.1"),
        ("persons.0.angles.left_knee", ..., "person 1 has no left_knee"),
        ("persons.1.angles.hip", {"minimum": 1, "maximum": 2, "mean": 1}, "person 2 has an unexpected hip"),
        ("persons.0.frames", 189, "person 1 has frames 189, where 200 is expected"),
        ("persons.1.first_frame", 104, "person 2 has first_frame 104"),
        ("events.1", ..., "1 jump and 0 landings, where 1 jump and 1 landing are expected"),
        (
            "events.1.frame",
            194,
            "landing of person 1 in frame 194 (legs: double), where landing of person 1",
        ),
        ("events.1.legs", "single", "(legs: single), where landing of person 1 in frame 190 (legs: double)"),
        ("events.0.kind", "landing", "landing of person 1 in frame 170, where jump of person 1 in frame 170"),
        ("events", ..., "the release looks for no events"),
        ("looked_seconds.landing", 6.9, "landings were looked for in 6.9 s, where 8.0 s are expected"),
        ("looked_seconds.cut", 0.0, "cuts were looked for in 0.0 s, where 20.0 s are expected"),
        ("looked_seconds.cut", ..., "the release does not say for how long cuts were looked for (looked_seconds)"),
        ("findings.0", ..., "no finding of peak_knee_flexion (left) of person 1"),
        ("findings.0.status", "for_review", "is for_review, where not_clear is expected"),
        ("findings.0.shown.0", ..., "was measured 0 times, where 1 are expected"),
        ("findings.0.shown.0.value", 62.1, "is 62.1 in frame 197, where 60.0 in frame 197 is expected"),
        ("findings.0.shown.0.frame", 201, "is 60.0 in frame 201, where 60.0 in frame 197 is expected"),
        ("findings", None, "the release looks for no findings"),
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
        ("events.1.frame", 193),
        ("looked_seconds.landing", 7.1),
        ("looked_seconds.cut", 18.1),
        ("looked_seconds.cut", 40.0),
        ("findings.0.shown.0.value", 58.1),
        ("findings.0.shown.0.frame", 200),
        ("frames_per_second", 1.0),
        ("commit", "other"),
    ],
)
def test_numbers_of_another_processor_are_the_same(path: str, value: Any) -> None:
    assert told(changed(path, value)) == []


def test_another_finding_is_unexpected() -> None:
    (found,) = told(changed("findings.0.side", "right"), 2.0)[1:]
    wanted = "an unexpected finding of peak_knee_flexion (right) of person 1 by Somebody 2020: drop jumps on both legs"
    assert found == f"demo.mp4: {wanted}"


def test_two_findings_of_one_measure_are_told_apart_by_their_reference() -> None:
    (finding,) = LINE["findings"]
    other = {**finding, "reference": "Somebody 2020: landings on one leg"}
    both, one = (read_line(json.dumps({**LINE, "findings": found})) for found in ([finding, other], [other]))
    assert both
    assert one
    assert [*differences(both, one, 2.0)] == [
        "demo.mp4: no finding of peak_knee_flexion (left) of person 1 by Somebody 2020: drop jumps on both legs"
    ]
    twice = read_line(json.dumps({**LINE, "findings": [other, other]}))
    assert twice
    assert len([*differences(twice, one, 2.0)]) == 1


def test_a_golden_file_from_before_findings_is_none_the_worse_where_nothing_is_found() -> None:
    old = read_line(json.dumps({**LINE, "events": None, "findings": None}))
    assert old
    assert [*differences(old, read_line(json.dumps({**LINE, "events": [], "findings": []})), 2.0)] == []


def test_a_golden_file_from_before_findings_has_to_be_made_again() -> None:
    old = read_line(json.dumps({**LINE, "events": None, "findings": None}))
    new = read_line(json.dumps(LINE))
    assert old
    assert new
    assert [*differences(old, old, 2.0)] == []
    assert [problem.split(": ")[1] for problem in differences(old, new, 2.0)] == [
        "the golden file was made by a version that looked for no events; make it again with one that does",
        "the golden file was made by a version that looked for no findings; make it again with one that does",
    ]


CUT = {"person": 1, "kind": "cut", "frame": 40}
OF_BEFORE = {"kinds": None}


def pair(golden: dict[str, Any], found: dict[str, Any]) -> tuple[list[str], str]:
    """The differences, and what is held against nothing."""
    one, other = (read_line(json.dumps({**LINE, **line})) for line in (golden, found))
    assert one
    assert other
    return [*differences(one, other, 2.0)], unheld([one], [other])


def test_kinds_that_a_golden_file_knows_nothing_of_refuse_no_release() -> None:
    told_of, aside = pair(OF_BEFORE, {"events": [CUT, *LINE["events"]]})
    assert told_of == []
    assert aside.startswith("cuts are not compared, as the golden file was made by a version that looked for none")


def test_kinds_that_both_know_are_counted_by_their_names() -> None:
    known = {"events": [CUT, *LINE["events"]]}
    assert pair(known, known) == ([], "")
    assert pair(known, {})[0] == [
        "demo.mp4: 0 cuts, 1 jump and 1 landing, where 1 cut, 1 jump and 1 landing are expected"
    ]


@pytest.mark.parametrize("seconds", [..., None, {}])
def test_a_release_that_no_longer_says_for_how_long_it_looked_is_refused(seconds: Any) -> None:
    found = told(changed("looked_seconds", seconds))
    assert [problem.split("(")[0] for problem in found] == [
        f"demo.mp4: the release does not say for how long {kind}s were looked for "
        for kind in ("cut", "jump", "landing")
    ]


def test_what_a_golden_file_from_before_says_nothing_of_is_told_of_a_kind_that_was_looked_for() -> None:
    aside = "are not compared by for how long they were looked for, as the golden file does not say it; make it again"
    assert pair({"looked_seconds": None}, {}) == ([], f"cuts, jumps and landings {aside}")
    assert pair({"looked_seconds": {"landing": 8.0, "cut": 20.0}}, {}) == ([], f"jumps {aside}")
    assert pair({"looked_seconds": None}, {"looked_seconds": None}) == ([], "")
    both = pair({"looked_seconds": None, "kinds": None}, {})[1]
    assert both.startswith("cuts are not compared, as the golden file was made by a version that looked for none; ")
    assert both.endswith(f"jumps and landings {aside}")


@pytest.mark.parametrize("persons", [2, 10, 20])
def test_one_of_many_persons_who_is_not_looked_at_is_missed(persons: int) -> None:
    """Whoever is not seen at all is missed by number; this one is seen in every frame."""
    many = {"persons": [LINE["persons"][1]] * persons}
    each = 20.0
    looked = {"looked_seconds": {"landing": 1.0, "cut": persons * each}}
    less = {"looked_seconds": {"landing": 1.0, "cut": (persons - 1) * each}}
    assert [problem.split(": ")[1][:4] for problem in pair(many | looked, many | less)[0]] == ["cuts"]
    nearly = {"looked_seconds": {"landing": 1.0, "cut": (persons - 0.19) * each}}
    assert pair(many | looked, many | nearly)[0] == []


def test_a_release_that_looks_for_fewer_kinds_is_told_of() -> None:
    (told_of,), aside = pair({"events": [CUT, *LINE["events"]]}, OF_BEFORE)
    assert (
        told_of == "demo.mp4: the release looks for no cuts, where some were looked for when the golden file was made"
    )
    assert aside == ""


def test_a_clip_that_was_not_analysed_differs() -> None:
    golden = read_line(json.dumps(LINE))
    assert golden
    assert [*differences(golden, None, 2.0)] == ["demo.mp4 was not analysed"]


@given(st.floats(0, 45), st.floats(-180, 180))
def test_an_angle_differs_exactly_beyond_the_degrees(degrees: float, by: float) -> None:
    found = told(changed("persons.0.angles.left_knee.mean", 40.0 + by), degrees)
    assert bool(found) is (abs(40.0 - (40.0 + by)) > degrees)


def test_other_networks_are_told_by_name() -> None:
    golden = read_file_of(json.dumps(LINE))
    assert not other_models(golden, LINE["models"])
    told_of = other_models(golden, {**LINE["models"], "pose.tflite": "d" * 64})
    assert told_of == "models.pose.tflite of demo.mp4 is aaaaaaaaaaaa, where the release has dddddddddddd"
    assert "models.detect.tflite" in other_models(golden, {"pose.tflite": "a" * 64})


def test_many_differences_are_told_by_the_first() -> None:
    assert in_words("abcde") == "a; b; c; and 2 more"
    assert in_words("ab") == "a; b"
