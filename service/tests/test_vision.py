# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Regions, detection and landmark reading, each against what can be worked out by hand."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastbreak_service.vision import detector, pose
from fastbreak_service.vision.detector import Detection
from fastbreak_service.vision.models import ModelError, verified
from fastbreak_service.vision.region import Region, overlap, upright_region

if TYPE_CHECKING:
    from pathlib import Path


@given(st.floats(-math.pi, math.pi), st.floats(10, 500), st.floats(0, 1, width=32), st.floats(0, 1, width=32))
def test_a_body_stands_upright_in_its_region(turn: float, radius: float, across: float, down: float) -> None:
    center = np.array([300, 200], np.float32)
    rim = center + np.array([math.sin(turn), -math.cos(turn)], np.float32) * np.float32(radius)
    region = upright_region(center, rim, 1.0)
    assert region is not None
    top_middle = region.to_frame(np.array([0.5, 0], np.float32))
    np.testing.assert_allclose(top_middle, rim, atol=radius * 1e-3)
    inside = region.to_frame(np.array([across, down], np.float32))
    assert math.dist(inside, center) <= radius * math.sqrt(2) * 1.001


def test_a_body_without_extent_has_no_region() -> None:
    assert upright_region(np.zeros(2, np.float32), np.zeros(2, np.float32), 1.25) is None
    assert upright_region(np.zeros(2, np.float32), np.full(2, np.nan, np.float32), 1.25) is None


def test_overlap_of_half_shifted_squares_is_a_third() -> None:
    assert overlap(Region(0, 0, 2), Region(1, 0, 2)) == pytest.approx(1 / 3)
    assert overlap(Region(0, 0, 2), Region(0, 0, 2)) == 1
    assert overlap(Region(0, 0, 2), Region(5, 0, 2)) == 0


def test_anchors_are_as_many_as_the_network_answers() -> None:
    points = detector.anchors()
    assert points.shape == (2254, 2)
    np.testing.assert_allclose(points[0], 0.5 / 28, rtol=1e-6)
    np.testing.assert_allclose(points[-1], 6.5 / 7, rtol=1e-6)


@given(st.integers(16, 4096), st.integers(16, 4096))
def test_tiles_cover_the_frame_and_overlap(width: int, height: int) -> None:
    whole, *others = detector.tiles(width, height)
    assert whole.side == max(width, height)
    if others:
        along = [(t.center_x if width > height else t.center_y) for t in others]
        assert along[0] - others[0].side / 2 == pytest.approx(0)
        assert along[-1] + others[-1].side / 2 == pytest.approx(max(width, height))
        steps = np.diff(along)
        assert (steps <= 0.6 * min(width, height) + 1e-6).all()


def test_of_detections_of_one_body_the_surest_stays() -> None:
    found = [
        Detection(Region(100, 100, 80), 0.6),
        Detection(Region(104, 100, 84), 0.9),
        Detection(Region(300, 100, 80), 0.7),
    ]
    assert [d.score for d in detector.distinct(found)] == [0.9, 0.7]


def test_a_detection_is_placed_in_the_frame() -> None:
    points = detector.anchors()
    boxes = np.zeros((2254, 12), np.float32)
    logits = np.full(2254, -50, np.float32)
    logits[0] = 3
    boxes[0, 4:8] = (112, 112, 112, 56)  # in input pixels from the anchor: the hips, and a rim point 56 above
    (found,) = detector.read(boxes, logits, points, Region(1000, 500, 224), 0.5)
    offset = 224 * 0.5 / 28  # the anchor's own place in the tile
    assert found.region.center_x == pytest.approx(1000 - 112 + offset + 112, abs=1e-3)
    assert found.region.center_y == pytest.approx(500 - 112 + offset + 112, abs=1e-3)
    assert found.region.side == pytest.approx(2 * 56 * detector.BODY_MARGIN, rel=1e-5)
    assert found.region.rotation == pytest.approx(0, abs=1e-6)
    assert found.score == pytest.approx(1 / (1 + math.exp(-3)))


def test_a_hot_cell_draws_its_landmark() -> None:
    heatmap = np.full((64, 64, 39), -50, np.float32)
    heatmap[20, 30, 5] = 50
    unit = np.full((39, 2), 0.5, np.float32)
    unit[5] = (29.2 / 64, 21.9 / 64)
    moved = pose.refine(unit, heatmap)
    np.testing.assert_allclose(moved[5], (30 / 64, 20 / 64), atol=1e-5)
    np.testing.assert_array_equal(np.delete(moved, 5, axis=0), np.delete(unit, 5, axis=0))


def test_a_landmark_outside_the_map_stays() -> None:
    unit = np.array([[-0.2, 0.5], [1.3, 0.5]], np.float32)
    np.testing.assert_array_equal(pose.refine(unit, np.full((64, 64, 2), 50, np.float32)), unit)


def test_another_network_file_is_refused(models_directory: Path, tmp_path: Path) -> None:
    for file in models_directory.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    assert verified(tmp_path)
    (tmp_path / "pose_detection.tflite").write_bytes(b"other")
    with pytest.raises(ModelError, match=r"pose_detection\.tflite has SHA-256"):
        verified(tmp_path)


def test_a_missing_network_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"models\.lock is missing.*fetch\.py"):
        verified(tmp_path)
