# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What the benchmark says of cameras is right where the truth is known."""

from __future__ import annotations

import cameras
import numpy as np
import pytest

LENS = (np.array([1680.0, 1670.0]), np.array([530.0, 950.0]), np.array([-0.05, 0.14, 0.001, -0.0005]))


def around(angle: float) -> cameras.Camera:
    """A camera 4 m from the origin, which it looks at."""
    forward = -np.array([np.cos(angle), np.sin(angle), 0.0])
    down = np.array([0.0, 0.0, -1.0])
    turned = np.stack([np.cross(down, forward), down, forward])
    return cameras.Camera(*LENS, np.column_stack([turned, -turned @ (-4 * forward)]))


CAMERAS = [around(angle) for angle in (0.1, 1.5, 3.2, 4.9)]


@pytest.fixture
def seen() -> list[cameras.Doubles]:
    """A body of constant bones that turns, as the cameras see it."""
    body = np.random.default_rng(1).normal(0, 0.4, (33, 3))
    turns = [np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]]) for a in (0, 0.2, 0.4)]
    return [
        np.array([[[*camera.project(point), 1.0] for point in body @ turn.T] for turn in turns]) for camera in CAMERAS
    ]


def test_what_is_seen_rightly_agrees(seen: list[cameras.Doubles]) -> None:
    told = cameras.agreement(CAMERAS, seen, cameras.visible(seen))
    assert told.seen == 3 * len(cameras.JOINTS)
    assert told.percentile_95 < 0.01
    assert told.bones < 1e-4


def test_one_camera_that_is_wrong_is_seen(seen: list[cameras.Doubles]) -> None:
    seen[0][:, :, 0] += 40
    told = cameras.agreement(CAMERAS, seen, cameras.visible(seen))
    assert told.median > 5


def test_what_too_few_cameras_see_does_not_count(seen: list[cameras.Doubles]) -> None:
    seen[0][:, 11, 2] = 0.4
    seen[1][:, 11] = np.nan
    told = cameras.agreement(CAMERAS, seen, cameras.visible(seen))
    assert told.seen == 3 * (len(cameras.JOINTS) - 1)
