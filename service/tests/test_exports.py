# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Files for OpenSim, read as OpenSim reads them."""

from __future__ import annotations

import argparse
import csv
import io
import math
import tracemalloc
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest

from fastbreak_service.analysis import Person
from fastbreak_service.body_heights import body_height
from fastbreak_service.movement.review import Trails
from fastbreak_service.movement.series import KEPT
from fastbreak_service.people.observed import Observed
from fastbreak_service.reporting.exports import exports
from fastbreak_service.reporting.markers import MARKERS, Places
from fastbreak_service.reporting.opensim import marker_file
from fastbreak_service.vision.angles import Angle, measure
from fastbreak_service.vision.landmarks import Landmark
from support import models, reports
from support.figures import METRES, SHANK, THIGH, Camera, Drop, film

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fastbreak_service.movement.series import Doubles, Trail

RATE = 30


class Exports(NamedTuple):
    """Files by their names in the report's folder, and what is said of them."""

    files: dict[str, str]
    words: list[str]


def made(kept: Observed, heights: dict[int, float] | None = None, rate: float = RATE) -> Exports:
    """What is written of these sightings."""
    result = reports.result()
    trails = Trails()
    for sighting in kept.sightings():
        trails.add(sighting)
    persons = [Person(person, 1, 0, 1, {}) for person, _ in trails.everybody()]
    video = replace(result.video, frames_per_second=rate)
    files: dict[str, str] = {}

    def keep(name: str, parts: Iterable[str]) -> None:
        files[name] = "".join(parts)

    return Exports(files, exports(replace(result, video=video, persons=persons), kept, trails, heights or {}, keep))


def kept_of(trail: Trail) -> Observed:
    """The sightings of person 1, whose arms and head are not seen."""
    trails = Trails()
    trails._trails[1] = trail
    return reports.observed(trails)


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


def test_a_motion_has_what_opensims_axes_make_of_the_figure() -> None:
    posed = models.Posed(
        pelvis_tilt=-12,
        hip_flexion=(55, -20),
        knee_angle=(70, 5),
        ankle_angle=(12, -25),
        arm_flex=(-30, 40),
        elbow_flex=(25, 60),
    )
    wanted = posed.sagittal()
    for turn in (90, -90, 82, -98):
        found = made(models.filmed(lambda _: posed, turn)).files
        columns = motion(found["opensim/person1_1.mot"])
        facing = "right" if turn > 0 else "left"
        assert f"sagittal, facing the picture's {facing}" in found["opensim/person1_1.mot"]
        assert set(columns) == {"time", *wanted}
        within = 0.01 if abs(turn) == 90 else 3.0
        for name, value in wanted.items():
            assert columns[name] == pytest.approx([value] * 31, abs=within), (turn, name)


def test_extension_has_another_sign_than_flexion() -> None:
    posed = models.Posed(hip_flexion=(-15, -25), knee_angle=(-6, -3), arm_flex=(-40, -10))
    columns = motion(made(models.filmed(lambda _: posed, 90)).files["opensim/person1_1.mot"])
    assert columns["knee_angle_l"][0] == pytest.approx(-6, abs=0.01)
    assert columns["hip_flexion_r"][0] == pytest.approx(-25, abs=0.01)
    assert columns["arm_flex_l"][0] == pytest.approx(-40, abs=0.01)


def test_a_somersault_goes_on_beyond_half_a_turn_and_keeps_its_signs() -> None:
    posed = lambda time: models.Posed(pelvis_tilt=-360 * time, hip_flexion=(80, 80), knee_angle=(95, 95))  # noqa: E731 - one line
    columns = motion(made(models.filmed(posed, -90)).files["opensim/person1_1.mot"])
    assert columns["pelvis_tilt"] == pytest.approx([-360 * time for time in columns["time"]], abs=0.05)
    assert min(columns["pelvis_tilt"]) < -320
    assert columns["knee_angle_r"] == pytest.approx([95] * len(columns["time"]), abs=0.05)


@pytest.mark.parametrize("overhead", [175, 185, 210])
def test_an_arm_overhead_is_there_however_it_came_there(overhead: float) -> None:
    held = models.Posed(arm_flex=(overhead, -60))
    columns = motion(made(models.filmed(lambda _: held, 90)).files["opensim/person1_1.mot"])
    assert columns["arm_flex_l"] == pytest.approx([overhead] * 31, abs=0.05)
    assert columns["arm_flex_r"] == pytest.approx([-60] * 31, abs=0.05)
    raised = lambda time: models.Posed(arm_flex=(overhead * min(time, 1), 0))  # noqa: E731 - one line
    columns = motion(made(models.filmed(raised, 90, seconds=2)).files["opensim/person1_1.mot"])
    assert columns["arm_flex_l"][-1] == pytest.approx(overhead, abs=0.05)


@pytest.mark.parametrize("way", [1, -1])
@pytest.mark.parametrize("joint", ["elbow_flex", "knee_angle", "ankle_angle", "hip_flexion", "arm_flex"])
def test_wrong_frames_do_not_shift_what_comes_after_by_a_turn(joint: str, way: int) -> None:
    """As where a segment points at the camera: within 12 frames it goes once round."""

    def posed(time: float) -> models.Posed:
        wrong = way * 30 * min(max(round(time * RATE) - 30, 0), 12)
        changed: dict[str, Any] = {joint: (20 + wrong, 10)}
        return replace(models.Posed(), **changed)

    found = made(models.filmed(posed, 90, seconds=2)).files
    motions = [motion(text) for name, text in found.items() if name.endswith(".mot")]
    assert len(motions) == 2
    for columns in motions:
        told = zip(columns["time"], columns[f"{joint}_l"], strict=True)
        right = [value for time, value in told if not 1 < time < 1.4]
        assert len(right) > 15
        assert right == pytest.approx([20] * len(right), abs=0.05)


def test_an_arm_that_goes_round_ends_a_file_where_it_is_behind() -> None:
    posed = lambda time: models.Posed(arm_flex=(345 * time, 0))  # noqa: E731 - one line
    found = made(models.filmed(posed, 90)).files
    columns = [motion(text)["arm_flex_l"] for name, text in found.items() if name.endswith(".mot")]
    assert [(round(values[0]), round(values[-1])) for values in columns] == [(0, 230), (-118, -15)]


def test_from_the_front_or_behind_pelvis_and_trunk_are_told_to_the_sides() -> None:
    posed = models.Posed(pelvis_list=8, lumbar_bending=-15)
    for turn, word in ((0, "facing the camera"), (180, "facing away")):
        found = made(models.filmed(lambda _: posed, turn)).files["opensim/person1_1.mot"]
        assert f"frontal, {word}" in found
        assert "knee_angle" in found.partition("endheader")[0]
        columns = motion(found)
        assert list(columns) == ["time", "pelvis_list", "lumbar_bending"]
        assert columns["pelvis_list"] == pytest.approx([8] * 31, abs=0.05)
        assert columns["lumbar_bending"] == pytest.approx([-15] * 31, abs=0.05)


@pytest.mark.parametrize("turn", [0, 180])
@pytest.mark.parametrize("tilt", [-120, -60, 50])
@pytest.mark.parametrize("legs", ["upright", "in line"])
def test_a_lean_toward_the_camera_is_not_told_as_something_else(turn: float, tilt: float, legs: str) -> None:
    thighs = -tilt if legs == "upright" else 0
    posed = models.Posed(pelvis_tilt=tilt, pelvis_list=8, lumbar_bending=-15, hip_flexion=(thighs, thighs))
    found = made(models.filmed(lambda _: posed, turn)).files
    assert not [name for name in found if name.endswith(".mot")]
    (row,) = csv.DictReader(io.StringIO(found["opensim/not_told.csv"]))
    assert row["why"] == "the view is frontal, but the trunk leans toward the camera or away from it"


def toe_touch(time: float) -> models.Posed:
    """Down by 130 degrees and up again within two seconds, over legs that stand."""
    tilt = -130 * np.sin(np.pi * min(max(time - 1, 0), 2) / 2) ** 2
    return models.Posed(pelvis_tilt=tilt, hip_flexion=(-tilt, -tilt), pelvis_list=8, lumbar_bending=-15)


def test_a_toe_touch_from_the_front_is_left_out_and_what_is_around_it_is_right() -> None:
    found = made(models.filmed(toe_touch, 0, seconds=4)).files
    motions = [text for name, text in found.items() if name.endswith(".mot")]
    assert len(motions) == 2
    for text in motions:
        assert "frontal, facing the camera" in text
        columns = motion(text)
        assert columns["pelvis_list"] == pytest.approx([8] * len(columns["time"]), abs=4)
        assert columns["lumbar_bending"] == pytest.approx([-15] * len(columns["time"]), abs=4)
    assert motion(motions[0])["time"][-1] > 1.1
    assert "leans toward the camera" in found["opensim/not_told.csv"]


def test_a_cartwheel_is_told_all_round() -> None:
    posed = lambda time: models.Posed(pelvis_list=360 * time)  # noqa: E731 - one line
    columns = motion(made(models.filmed(posed, 0)).files["opensim/person1_1.mot"])
    assert columns["pelvis_list"] == pytest.approx([360 * time for time in columns["time"]], abs=0.05)


def test_from_elsewhere_nothing_is_told_and_the_reason_is() -> None:
    found = made(models.filmed(lambda _: models.Posed(), 50))
    assert [name for name in found.files if name.endswith(".mot")] == []
    (row,) = csv.DictReader(io.StringIO(found.files["opensim/not_told.csv"]))
    assert row == {
        "person": "1",
        "from_seconds": "0.000000",
        "to_seconds": "1.000000",
        "why": "the view is oblique: angles in the picture are no joints' there",
    }
    assert any("person 1 has no motion (MOT): opensim/not_told.csv says why" in words for words in found.words)


def test_who_has_no_feet_and_no_head_in_the_picture_has_no_way_forward() -> None:
    hidden = [name for name in Landmark if name < 11 or "HEEL" in name.name or "FOOT" in name.name]
    found = made(models.filmed(lambda _: models.Posed(), 90, hide=lambda _: hidden)).files
    assert "do not tell which way is forward" in found["opensim/not_told.csv"]


@pytest.mark.parametrize(("missing", "files"), [(3, 1), (4, 2)])
def test_a_gap_of_a_tenth_of_a_second_is_bridged_and_a_longer_one_ends_the_file(missing: int, files: int) -> None:
    gap = lambda frame: [Landmark.LEFT_KNEE] if 20 <= frame < 20 + missing else []  # noqa: E731 - one line
    found = made(models.filmed(lambda _: models.Posed(), 90, seconds=2, hide=gap)).files
    names = [name for name in found if name.endswith(".mot")]
    assert names == [f"opensim/person1_{number}.mot" for number in range(1, files + 1)]
    times = [time for name in names for time in motion(found[name])["time"]]
    assert len(times) == (61 if files == 1 else 61 - missing)


def test_what_is_missing_for_long_is_left_out_and_named() -> None:
    found = made(models.filmed(lambda _: models.Posed(), 90, hide=lambda frame: [Landmark.RIGHT_WRIST] * (frame > 20)))
    text = found.files["opensim/person1_1.mot"]
    assert "Left out: elbow_flex_r: its landmarks were missing" in text
    assert set(models.Posed().sagittal()) - set(motion(text)) == {"elbow_flex_r"}


def test_a_turn_from_the_side_to_the_front_ends_a_file() -> None:
    found = made(models.filmed(lambda _: models.Posed(), lambda time: 90 if time < 1.5 else 0, seconds=3)).files
    told = [list(motion(text)) for name, text in found.items() if name.endswith(".mot")]
    assert [len(names) for names in told] == [1 + len(models.Posed().sagittal()), 3]


def test_who_was_seen_in_one_frame_has_nothing() -> None:
    found = made(models.filmed(lambda _: models.Posed(), 90, seconds=0))
    assert found.files == {}
    assert any("seen in one frame alone" in words for words in found.words)


def test_files_of_a_fast_clip_have_240_samples_a_second() -> None:
    found = made(models.filmed(lambda _: models.Posed(), 90, seconds=0.5, rate=480), rate=480).files
    assert len(motion(found["opensim/person1_1.mot"])["time"]) == 121
    assert markers(found["opensim/person1_px.trc"])[0]["DataRate"] == "240"


def test_angles_are_as_large_as_those_of_the_table() -> None:
    posed = models.Posed(knee_angle=(-8, 33), elbow_flex=(12, 44), ankle_angle=(-20, 10))
    sighting = next(models.filmed(lambda _: posed, 90).sightings())
    told = {one.angle: one.value_degrees for one in measure(sighting.pose.points, sighting.pose.visibility)}
    assert told[Angle.LEFT_KNEE_FLEXION] == pytest.approx(8, abs=0.01)
    assert told[Angle.RIGHT_KNEE_FLEXION] == pytest.approx(33, abs=0.01)
    assert told[Angle.RIGHT_ELBOW_FLEXION] == pytest.approx(44, abs=0.01)
    assert told[Angle.LEFT_ANKLE_DORSIFLEXION] == pytest.approx(-20, abs=0.01)


def test_every_landmark_that_is_seen_is_a_marker_in_pixels_where_no_height_is_given() -> None:
    kept = models.filmed(lambda _: models.Posed(), 90)
    found = made(kept)
    facts, _, places = markers(found.files["opensim/person1_px.trc"])
    assert facts["Units"] == "px"
    assert list(places) == list(MARKERS.values())
    seen = next(kept.sightings()).pose.points
    for landmark, name in MARKERS.items():
        assert places[name][0] == pytest.approx([seen[landmark, 0], 1000 - seen[landmark, 1], 0], abs=0.01)
    # x is to the right, y up, so that z is to the camera: toes are to the right of heels, the nose is over the hips.
    assert places["RBigToe"][0, 0] > places["RHeel"][0, 0]
    assert places["Nose"][0, 1] > places["LHip"][0, 1]
    assert any("in pixels have no scale; say --body-height" in words for words in found.words)


def test_markers_are_metres_in_the_plane_of_the_picture() -> None:
    found = made(kept_of(film(Drop(height=0.3, deepest=50), 2.0, Camera(rate=RATE))), {1: METRES})
    facts, times, places = markers(found.files["opensim/person1.trc"])
    assert (facts["Units"], facts["DataRate"], facts["NumFrames"]) == ("m", "30", "61")
    assert times == pytest.approx([frame / RATE for frame in range(61)], abs=1e-6)
    assert set(places) == {MARKERS[landmark] for landmark in KEPT}
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
    _, times, places = markers(made(kept_of(trail), {1: METRES}).files["opensim/person1.trc"])
    assert len(times) == 61
    assert {MARKERS[landmark] for landmark in KEPT} - set(places) == {MARKERS[KEPT[4]]}
    missing = {name: np.flatnonzero(np.isnan(place[:, 0])).tolist() for name, place in places.items()}
    assert missing["LHip"] == list(range(20, 30))
    assert missing[MARKERS[KEPT[11]]] == [*range(3, 12), *range(20, 30)]


def test_who_has_no_scale_has_markers_in_pixels_and_is_told_why() -> None:
    trail = film(Drop(height=0.3), 1.0, Camera(rate=RATE))
    hidden = np.array(trail.points, np.float64).reshape(-1, 12, 2)
    hidden[:, 4:6] = np.nan
    trail.points[:] = type(trail.points)("f", hidden.ravel().tolist())
    unseen = made(kept_of(trail), {1: 1.8, 7: 2.0})
    assert [name for name in unseen.files if name.endswith(".trc")] == ["opensim/person1_px.trc"]
    assert any("were not seen well enough" in words for words in unseen.words)
    assert any("nobody in this clip is person 7" in words for words in unseen.words)


def test_markers_are_made_a_row_at_a_time() -> None:
    points = np.random.default_rng(0).uniform(0, 1000, (2000, len(Landmark), 2))
    lines = marker_file("long.trc", Places(50.0, np.arange(2000) / 50, 0, points), None, 1000)
    tracemalloc.start()
    try:
        size = sum(len(line) for line in lines)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert size > 800_000
    assert most < 100_000


def test_of_whom_no_landmark_was_seen_there_are_no_markers_but_a_reason() -> None:
    unseen = made(models.filmed(lambda _: models.Posed(), 90, hide=lambda _: list(Landmark)), {1: 1.8})
    assert list(unseen.files) == ["opensim/not_told.csv"]
    assert "person 1 has no markers (TRC): no landmark was ever seen well enough" in unseen.words
    assert not any("pixels" in words for words in unseen.words)


def test_each_person_has_files_of_their_own() -> None:
    kept = Observed()
    for person in (2, 13):
        for sighting in models.filmed(lambda _: models.Posed(), 90).sightings():
            kept.add(replace(sighting, person=person))
    files = [f"opensim/person{person}{end}" for person in (2, 13) for end in ("_1.mot", "_px.trc")]
    assert list(made(kept).files) == files


def test_a_body_height_is_a_person_and_metres() -> None:
    assert body_height("12=1.85") == (12, 1.85)
    for told in ("1.85", "1=", "0=1.8", "1=1,85", "1=185", "1=0.1", "a=1.8", "1=nan", "-1=1.8", "\u0661=1.8"):
        with pytest.raises(argparse.ArgumentTypeError, match=told):
            body_height(told)
