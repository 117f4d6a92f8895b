# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Files for OpenSim, read as OpenSim reads them."""

from __future__ import annotations

import argparse
import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from fastbreak_service.analysis import MeasureRow, Person
from fastbreak_service.body_heights import body_height
from fastbreak_service.movement.review import Trails
from fastbreak_service.movement.series import Trail
from fastbreak_service.reporting.exports import Exports, exports
from fastbreak_service.reporting.opensim import COORDINATES, MARKERS
from fastbreak_service.vision.angles import Angle
from support import reports
from support.figures import METRES, SHANK, THIGH, Camera, Drop, film

if TYPE_CHECKING:
    from fastbreak_service.movement.series import Doubles

RATE = 30


def rows(angles: dict[str, dict[int, float]], person: int = 1, rate: float = RATE) -> list[MeasureRow]:
    """Angles by their frames, in the order of an analysis."""
    frames = sorted({frame for values in angles.values() for frame in values})
    return [
        MeasureRow(person, frame, round(frame / rate, 6), angle, values[frame], 0.9)
        for frame in frames
        for angle, values in angles.items()
        if frame in values
    ]


def wave(frames: list[int]) -> dict[int, float]:
    """A knee that bends and straightens once a second."""
    return {frame: round(45 - 40 * math.cos(2 * math.pi * frame / RATE), 3) for frame in frames}


def made(
    measured: list[MeasureRow], trail: Trail | None = None, heights: dict[int, float] | None = None, rate: float = RATE
) -> Exports:
    """What is written of one person."""
    result = reports.result()
    trails = Trails()
    trails._trails[1] = Trail() if trail is None else trail
    video = replace(result.video, frames_per_second=rate)
    return exports(replace(result, video=video), measured, trails, heights or {})


def motion(text: str) -> dict[str, list[float]]:
    """A motion's columns. OpenSim takes numbers off the stream, as many as the header says, and stops at a NaN."""
    header, _, body = text.partition("\nendheader\n")
    facts = dict(line.split("=") for line in header.splitlines() if "=" in line)
    assert (facts["version"], facts["inDegrees"]) == ("1", "yes")
    labels, _, numbers = body.partition("\n")
    names = labels.split()
    values = [float(word) for word in numbers.split()]
    assert len(names) == int(facts["nColumns"])
    assert len(values) == int(facts["nRows"]) * len(names)
    assert all(math.isfinite(value) for value in values)
    return {name: values[column :: len(names)] for column, name in enumerate(names)}


def fields(line: str) -> list[str]:
    """A line as OpenSim cuts it: what is before each tab, and after the last one only what is not empty."""
    *found, last = line.split("\t")
    return [*found, last] if last else found


def markers(
    text: str,
) -> tuple[dict[str, str], list[float], dict[str, Doubles]]:
    """The header's facts, times and places (frames, 3) of a TRC, NaN where one is missing."""
    first, keys, facts, labels, axes, empty, *lines = text.removesuffix("\n").split("\n")
    assert first.split("\t")[:3] == ["PathFileType", "4", "(X/Y/Z)"]
    names = [label for label in fields(labels) if label][2:]
    assert [axis for axis in fields(axes) if axis] == [f"{axis}{n}" for n in range(1, len(names) + 1) for axis in "XYZ"]
    assert empty == ""
    cut = [fields(line) for line in lines]
    assert {len(row) for row in cut} == {2 + 3 * len(names)}
    places = np.array([[float(field or "nan") for field in row[2:]] for row in cut]).reshape(len(cut), len(names), 3)
    known = dict(zip(fields(keys), fields(facts), strict=True))
    assert (int(known["NumFrames"]), int(known["NumMarkers"])) == (len(cut), len(names))
    return known, [float(row[1]) for row in cut], {name: places[:, place] for place, name in enumerate(names)}


def test_a_motion_has_the_angles_as_they_were_measured() -> None:
    knee = wave(list(range(12, 72)))
    found = made(rows({"left_knee_flexion": knee, "trunk_lean": dict.fromkeys(knee, -3.5)}))
    assert list(found.files) == ["opensim/person1_1.mot"]
    columns = motion(found.files["opensim/person1_1.mot"])
    assert list(columns) == ["time", "knee_angle_l", "trunk_lean"]
    assert columns["time"] == pytest.approx([frame / RATE for frame in knee], abs=1e-5)
    assert columns["knee_angle_l"] == pytest.approx(list(knee.values()), abs=0.002)
    assert set(columns["trunk_lean"]) == {-3.5}


def test_every_angle_but_the_trunks_is_a_coordinate_of_its_side() -> None:
    assert set(Angle) - set(COORDINATES) == {Angle.TRUNK_LEAN}
    assert len(set(COORDINATES.values())) == len(COORDINATES)
    assert {angle.value[0] for angle, name in COORDINATES.items() if name.endswith("_l")} == {"l"}
    assert COORDINATES[Angle.RIGHT_SHOULDER_FLEXION] == "arm_flex_r"


@pytest.mark.parametrize(("missing", "files"), [(3, 1), (4, 2)])
def test_a_gap_of_a_tenth_of_a_second_is_bridged_and_a_longer_one_ends_the_file(missing: int, files: int) -> None:
    knee = wave([frame for frame in range(60) if not 30 <= frame < 30 + missing])
    found = made(rows({"left_knee_flexion": knee})).files
    assert list(found) == [f"opensim/person1_{number}.mot" for number in range(1, files + 1)]
    times = [time for text in found.values() for time in motion(text)["time"]]
    assert len(times) == (60 if files == 1 else 60 - missing)


def test_an_angle_that_is_missing_for_long_is_left_out_and_a_short_absence_ends_the_file() -> None:
    whole = wave(list(range(100)))
    often = {frame: value for frame, value in whole.items() if frame < 80}
    short = {frame: value for frame, value in whole.items() if not 40 <= frame < 46}
    found = made(rows({"left_knee_flexion": whole, "left_hip_flexion": often, "right_knee_flexion": short})).files
    told = [motion(text) for text in found.values()]
    assert [list(columns) for columns in told] == 2 * [["time", "knee_angle_l", "knee_angle_r"]]
    assert [(len(columns["time"]), round(columns["time"][0] * RATE)) for columns in told] == [(40, 0), (54, 46)]


def test_who_was_measured_in_no_frame_or_in_one_has_no_motion() -> None:
    for measured in ([], rows({"left_knee_flexion": {7: 20.0}})):
        found = made(measured)
        assert found.files == {}
        assert any("person 1 has no motion (MOT)" in words for words in found.words)


def test_a_motion_of_a_fast_clip_has_240_samples_a_second() -> None:
    knee = {frame: frame / 10 for frame in range(241)}
    columns = motion(made(rows({"left_knee_flexion": knee}, rate=480), rate=480).files["opensim/person1_1.mot"])
    assert len(columns["time"]) == 121
    assert columns["knee_angle_l"] == pytest.approx([frame / 10 for frame in range(0, 241, 2)], abs=0.05)


def test_markers_are_metres_in_the_plane_of_the_picture() -> None:
    found = made([], film(Drop(height=0.3, deepest=50), 2.0, Camera(rate=RATE)), {1: METRES})
    facts, times, places = markers(found.files["opensim/person1.trc"])
    assert (facts["Units"], facts["DataRate"], facts["NumFrames"]) == ("m", "30", "61")
    assert times == pytest.approx([frame / RATE for frame in range(61)], abs=1e-6)
    assert list(places) == MARKERS
    for first, last, length in (("LHip", "LKnee", THIGH), ("RKnee", "RAnkle", SHANK)):
        lengths = np.linalg.norm(places[first] - places[last], axis=1)
        assert float(np.median(lengths)) == pytest.approx(length, rel=0.05)
    assert (places["LShoulder"][:, 1] > places["LAnkle"][:, 1]).all()
    assert {float(z) for place in places.values() for z in place[:, 2]} == {0.0}
    # The figure stands 100 pixels above the lower edge, and falls by what it fell.
    heel = places["LHeel"][:, 1]
    assert float(heel[-1]) == pytest.approx(100 * METRES / 400, rel=0.06)
    assert float(heel.max() - heel.min()) == pytest.approx(0.3, rel=0.06)
    assert any("1.75 m are taken for" in words for words in found.words)


def test_a_marker_that_was_not_seen_is_empty() -> None:
    trail = film(Drop(height=0.3), 2.0, Camera(rate=RATE), range(20, 30))
    # The last landmark of a row, whose empty fields a reader could overlook, and one that was never seen.
    kept = np.array(trail.points, np.float64).reshape(-1, 12, 2)
    kept[3:12, 11] = np.nan
    kept[:, 4] = np.nan
    trail.points[:] = type(trail.points)("f", kept.ravel().tolist())
    _, times, places = markers(made([], trail, {1: METRES}).files["opensim/person1.trc"])
    assert len(times) == 61
    assert set(MARKERS) - set(places) == {MARKERS[4]}
    missing = {name: np.flatnonzero(np.isnan(place[:, 0])).tolist() for name, place in places.items()}
    assert missing["LHip"] == list(range(20, 30))
    assert missing[MARKERS[11]] == [*range(3, 12), *range(20, 30)]


def test_who_has_no_scale_has_no_markers_and_is_told_why() -> None:
    trail = film(Drop(height=0.3), 1.0, Camera(rate=RATE))
    without = made([], trail)
    assert without.files == {}
    assert any("say --body-height" in words for words in without.words)
    hidden = np.array(trail.points, np.float64).reshape(-1, 12, 2)
    hidden[:, 4:6] = np.nan
    trail.points[:] = type(trail.points)("f", hidden.ravel().tolist())
    unseen = made([], trail, {1: 1.8, 7: 2.0})
    assert unseen.files == {}
    assert any("were not seen well enough" in words for words in unseen.words)
    assert any("nobody in this clip is person 7" in words for words in unseen.words)


def test_each_person_has_files_of_their_own() -> None:
    knee = {"left_knee_flexion": wave(list(range(30)))}
    result = replace(reports.result(), persons=[Person(number, 30, 0, 29, {}) for number in (2, 13)])
    found = exports(result, rows(knee, 13) + rows(knee, 2), Trails(), {})
    assert list(found.files) == ["opensim/person2_1.mot", "opensim/person13_1.mot"]


def test_a_body_height_is_a_person_and_metres() -> None:
    assert body_height("12=1.85") == (12, 1.85)
    for told in ("1.85", "1=", "0=1.8", "1=1,85", "1=185", "1=0.1", "a=1.8", "1=nan", "-1=1.8", "\u0661=1.8"):
        with pytest.raises(argparse.ArgumentTypeError, match=told):
            body_height(told)
