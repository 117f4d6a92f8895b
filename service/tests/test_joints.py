# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Which points of a pose are kept."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import numpy as np

from fastbreak_service.vision.joints import JOINTS, array, places
from fastbreak_service.vision.landmarks import COUNT, Landmark

if TYPE_CHECKING:
    from fastbreak_service.vision.pose import Pose


def test_hidden_and_endless_points_are_left_out() -> None:
    points = np.arange(2 * COUNT, dtype=np.float32).reshape(COUNT, 2) + 0.26
    visibility = np.ones(COUNT, np.float32)
    visibility[Landmark.LEFT_KNEE] = 0.49
    points[Landmark.RIGHT_KNEE] = (np.nan, 1)
    found = places(cast("Pose", SimpleNamespace(points=points, visibility=visibility)))
    pairs = dict(zip(JOINTS, zip(found[::2], found[1::2], strict=True), strict=True))
    assert pairs["nose"] == (0.3, 1.3)
    assert pairs["left_knee"] == pairs["right_knee"] == (None, None)
    assert pairs["right_foot_index"] == (64.3, 65.3)
    assert array([1.0, None, -0.25]) == "{1.0,NULL,-0.2}"
