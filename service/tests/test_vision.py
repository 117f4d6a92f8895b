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
from fastbreak_service.vision.detector import Search, Size
from fastbreak_service.vision.models import ModelError, verified
from fastbreak_service.vision.region import Box, Region, share, upright_region

if TYPE_CHECKING:
    from pathlib import Path

    from fastbreak_service.vision.detector import Detection


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


def test_the_share_of_half_shifted_boxes_is_a_third() -> None:
    assert share(Box(0, 0, 2, 2), Box(1, 0, 3, 2)) == pytest.approx(1 / 3)
    assert share(Box(0, 0, 2, 2), Box(0, 0, 2, 2)) == 1
    assert share(Box(0, 0, 2, 2), Box(5, 0, 7, 2)) == 0


def _seen(scores: dict[int, float], reaches: dict[int, tuple[int, int, int, int]]) -> list[Detection]:
    """What is read of a network that saw 64x64 pixels, each 3 of the frame, sure of some cells and their reaches."""
    likely = np.zeros(64 + 16 + 4, np.float32)
    logits = np.full((4, detector.BINS, 64 + 16 + 4), -50, np.float32)
    for cell, score in scores.items():
        likely[cell] = score
        for side, reach in enumerate(reaches[cell]):
            logits[side, reach, cell] = 50
    return detector.read(likely, logits.reshape(4 * detector.BINS, -1), Size(64, 64, 3.0))


def test_a_detection_is_placed_in_the_frame() -> None:
    (found,) = _seen({64 + 6: 0.7}, {64 + 6: (1, 2, 1, 0)})  # in the grid of 16 pixels, the third of the second row
    middle = (40 * 3, 24 * 3)
    assert found.box == pytest.approx((middle[0] - 48, middle[1] - 96, middle[0] + 48, middle[1]))
    assert found.region == Region(middle[0], middle[1] - 48, 96 * detector.BODY_MARGIN)
    assert found.score == pytest.approx(0.7)


def test_a_reach_is_the_mean_of_its_likely_numbers() -> None:
    likely = np.ones(84, np.float32)
    logits = np.full((4, detector.BINS, 84), -50, np.float32)
    logits[:, 2:4] = 7
    found = detector.read(likely, logits.reshape(4 * detector.BINS, -1), Size(64, 64, 1.0))
    assert found[0].box == pytest.approx((4 - 20, 4 - 20, 4 + 20, 4 + 20))


def test_of_detections_of_one_body_the_surest_stays_and_doubtful_ones_never() -> None:
    both = {0: (0, 0, 2, 2), 1: (1, 0, 1, 2), 2: (0, 0, 2, 2), 27: (0, 0, 1, 1)}
    found = _seen({0: 0.6, 1: 0.9, 27: 0.3, 2: 0.24}, both)
    assert [round(d.score, 2) for d in found] == [0.9, 0.3]


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        (Search(0, thorough=True), [(960, 544), (1920, 1088)]),
        (Search(127, thorough=True), [(960, 544), (1920, 1088)]),
        (Search(128, thorough=True), [(960, 544)]),
        (Search(math.inf, thorough=True), [(960, 544)]),
        (Search(math.inf, thorough=False), [(640, 384)]),
        (Search(600, thorough=False), [(320, 192)]),
        (Search(599, thorough=False), [(640, 384)]),
        (Search(192, thorough=False), [(640, 384)]),
        (Search(191, thorough=False), [(960, 544)]),
    ],
)
def test_a_search_sees_the_smallest_body_large_enough(search: Search, expected: list[tuple[int, int]]) -> None:
    assert [seen[:2] for seen in detector.sizes(1920, 1080, search)] == expected


def test_what_is_too_small_to_be_followed_is_not_found() -> None:
    assert _seen({0: 0.9}, {0: (0, 0, 1, 0)}) == []


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
    (tmp_path / "nanodet.bin").write_bytes(b"other")
    with pytest.raises(ModelError, match=r"nanodet\.bin has SHA-256"):
        verified(tmp_path)


def test_a_missing_network_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"models\.lock is missing.*fetch\.py"):
        verified(tmp_path)


def test_of_too_many_candidates_the_likeliest_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is compared with all before it: a picture full of them would take for ever."""
    monkeypatch.setattr(detector, "distinct", lambda found: found)
    seen = Size(640, 384, 1.0)
    cells = sum((seen.width // stride) * (seen.height // stride) for stride in detector.STRIDES)
    scores = np.linspace(0.3, 0.9, cells, dtype=np.float32)
    logits = np.zeros((4, detector.BINS, cells), dtype=np.float32)
    logits[:, 5] = 50
    found = detector.read(scores, logits.reshape(4 * detector.BINS, -1), seen)
    assert [one.score for one in found] == sorted(scores.tolist(), reverse=True)[:500]
