# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Cameras that move: what is told of drawn scenes whose motion is known, and who stays who in real footage."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from fastbreak_service import analysis
from fastbreak_service.video.frames import Frame
from fastbreak_service.vision.camera import Camera
from fastbreak_service.vision.landmarks import Landmark
from fastbreak_service.vision.region import Box, Region
from fastbreak_service.vision.shift import STILL, Shift
from support import clips
from support.pictures import picture_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from fastbreak_service.vision.arrays import Bytes
    from fastbreak_service.vision.models import PoseModel
    from fastbreak_service.vision.picture import Picture
    from fastbreak_service.vision.tracker import Sighting

WIDTH, HEIGHT = 480, 270


@dataclass(frozen=True)
class Aim:
    """Where a camera looks: the scene's point in its middle, how large things are, and how far it is turned."""

    x: float = 0.0
    y: float = 0.0
    zoom: float = 1.0
    turn: float = 0.0


def drawn(aim: Aim, scene: int = 1, noise: float = 0.0, light: float = 0.0) -> Bytes:
    """What a camera sees of a scene of soft waves, grey, (height, width)."""
    across, down = np.meshgrid(np.arange(WIDTH) - (WIDTH - 1) / 2, np.arange(HEIGHT) - (HEIGHT - 1) / 2)
    cosine, sine = math.cos(aim.turn) / aim.zoom, math.sin(aim.turn) / aim.zoom
    x, y = aim.x + cosine * across + sine * down, aim.y - sine * across + cosine * down
    random = np.random.default_rng(scene)
    grey = np.full(x.shape, 128.0 + light)
    for length in random.uniform(30, 250, 14):
        way, phase = random.uniform(0, 2 * math.pi, 2)
        grey += 15 * np.sin(2 * math.pi * (x * math.cos(way) + y * math.sin(way)) / length + phase)
    if noise:
        grey += np.random.default_rng(1000 + int(aim.x)).normal(0, noise, grey.shape)
    found: Bytes = np.clip(np.rint(grey), 0, 255).astype(np.uint8)
    return found


def picture(grey: Bytes) -> Picture:
    """A grey picture."""
    return picture_of(np.repeat(grey[..., None], 3, axis=2))


def told(pictures: Sequence[Bytes], bodies: Sequence[Box] = ()) -> list[Shift | None]:
    """What is told of pictures, 30 a second."""
    camera = Camera()
    return [camera.step(picture(grey), frame / 30, bodies) for frame, grey in enumerate(pictures)]


def apart(shift: Shift | None, before: Aim, after: Aim) -> float:
    """How far off a shift is in the corner where it is worst, in pixels."""
    assert shift is not None
    worst = 0.0
    for x, y in ((0, 0), (WIDTH, 0), (0, HEIGHT), (WIDTH, HEIGHT)):
        across, down = x - (WIDTH - 1) / 2, y - (HEIGHT - 1) / 2
        cosine, sine = math.cos(before.turn) / before.zoom, math.sin(before.turn) / before.zoom
        scene = (before.x + cosine * across + sine * down - after.x, before.y - sine * across + cosine * down - after.y)
        cosine, sine = math.cos(after.turn) * after.zoom, math.sin(after.turn) * after.zoom
        true = (
            cosine * scene[0] - sine * scene[1] + (WIDTH - 1) / 2,
            sine * scene[0] + cosine * scene[1] + (HEIGHT - 1) / 2,
        )
        worst = max(worst, math.dist(shift.point(x, y), true))
    return worst


@pytest.mark.parametrize(
    "after",
    [
        Aim(x=4),
        Aim(x=75, y=-30),
        Aim(x=-90),
        Aim(zoom=1.1),
        Aim(turn=0.08),
        Aim(x=20, y=5, zoom=0.94, turn=-0.03),
    ],
    ids=["slow", "fast", "a fifth of the picture", "zoom", "turn", "all"],
)
@pytest.mark.parametrize("noise", [0.0, 3.0])
def test_what_the_camera_did_is_told_within_a_pixel(after: Aim, noise: float) -> None:
    first, shift = told([drawn(Aim(), noise=noise), drawn(after, noise=noise)])
    assert first is None
    assert apart(shift, Aim(), after) < 1


def test_a_slow_pan_is_told_as_it_adds_up() -> None:
    aims = [Aim(x=0.35 * frame) for frame in range(40)]
    shifts = [shift for shift in told([drawn(aim) for aim in aims]) if shift is not None]
    assert len(shifts) > 5
    assert sum(shift.across for shift in shifts) == pytest.approx(-0.35 * 39, abs=1.5)


def test_the_ground_leads_back_to_the_first_frame_of_a_scene() -> None:
    aims = [Aim(x=12.0 * frame, zoom=1 + 0.01 * frame, turn=0.01 * frame) for frame in range(12)]
    camera = Camera()
    for frame, aim in enumerate(aims):
        camera.step(picture(drawn(aim)), frame / 30, [])
    assert camera.scene == 0
    assert camera.ground is not None
    assert apart(STILL.undone(camera.ground), aims[-1], aims[0]) < 4
    camera.step(picture(drawn(aims[-1], scene=2)), 0.4, [])
    assert camera.ground == STILL
    camera.step(picture(np.zeros((HEIGHT, WIDTH), np.uint8)), 0.5, [])
    assert [camera.ground, camera.scene] == [None, 1]
    camera.step(picture(drawn(aims[-1], scene=2)), 0.6, [])
    assert [camera.ground, camera.scene] == [STILL, 1]


def test_a_picture_that_comes_out_of_black_is_known() -> None:
    camera = Camera()
    black = np.full((HEIGHT, WIDTH), 16, np.uint8)
    for frame, grey in enumerate([black, black, *(drawn(Aim(x=6.0 * max(0, step - 3))) for step in range(12))]):
        camera.step(picture(grey), frame / 30, [])
        assert (camera.ground is None) == (frame < 2)
    assert camera.ground is not None
    assert camera.ground.across == pytest.approx(48, abs=2)


def test_one_black_frame_in_a_pan_costs_that_frame() -> None:
    camera, known = Camera(), []
    for frame in range(30):
        grey = np.full((HEIGHT, WIDTH), 16, np.uint8) if frame == 12 else drawn(Aim(x=6.0 * frame))
        camera.step(picture(grey), frame / 30, [])
        known.append(camera.ground is not None)
    assert [frame for frame, there in enumerate(known) if not there] == [12]
    assert camera.ground is not None
    assert camera.ground.across == pytest.approx(6 * 29, abs=4)


def test_behind_bodies_nothing_is_told_of_a_pan() -> None:
    camera, whole = Camera(), [Box(0, 0, WIDTH, HEIGHT)]
    for frame in range(20):
        shift = camera.step(picture(drawn(Aim(x=6.0 * frame))), frame / 30, whole if frame else [])
        assert shift is None
        assert frame == 0 or camera.ground is None
    camera.step(picture(drawn(Aim(x=6.0 * 20))), 20 / 30, [])
    assert camera.ground is not None


def test_who_goes_by_before_a_plain_wall_tells_nothing_of_the_camera() -> None:
    camera, body = Camera(), drawn(Aim(), scene=3)[:200, :110]
    left = 60
    for frame in range(40):
        left = min(left + 5, 200)
        grey = np.full((HEIGHT, WIDTH), 120, np.uint8)
        grey[50:250, left : left + 110] = body
        camera.step(picture(grey), frame / 30, [Box(left - 5, 50, left + 105, 250)] if frame else [])
        assert frame < 2 or camera.ground is None


@pytest.mark.parametrize(
    "other",
    [
        {"noise": 10.0},
        {"light": 25.0},
        {"scene": 2},
    ],
    ids=["noise", "light", "another scene"],
)
def test_noise_light_and_a_cut_are_no_motion(other: dict[str, float]) -> None:
    pictures = [drawn(Aim(x=frame / 1e6), noise=2) for frame in range(3)]
    then = [drawn(Aim(), **other) for _ in range(3)]  # type: ignore[arg-type]
    further = drawn(Aim(x=12), **other)  # type: ignore[arg-type]
    *none, shift = told([*pictures, *then, further])
    assert none == [None] * 6
    # Not because it tells nothing any more.
    assert shift is not None
    assert shift.across == pytest.approx(-12, abs=1.5)


def test_a_picture_without_edges_tells_nothing() -> None:
    plain = [np.full((HEIGHT, WIDTH), grey, np.uint8) for grey in (10, 10, 200)]
    assert told(plain) == [None] * 3
    assert told([grey[:20, :30] for grey in plain]) == [None] * 3
    assert told([plain[0], plain[0][:100], plain[0][:1, :1]]) == [None] * 3


def test_who_runs_through_the_picture_is_no_motion_of_the_camera() -> None:
    scene, body = drawn(Aim(), noise=2), drawn(Aim(), scene=3)[:200, :150]
    shown, boxes = [], []
    for frame in range(12):
        left = 20 + 20 * frame
        shown.append(scene.copy())
        shown[-1][50:250, left : left + 150] = body
        boxes.append(Box(left, 50, left + 150, 250))
    assert told(shown) == [None] * 12
    camera = Camera()
    for frame in range(1, 12):
        moved = np.roll(shown[frame], -5 * frame, axis=1)
        shift = camera.step(picture(moved), frame / 30, [boxes[frame - 1], boxes[frame]])
        assert frame == 1 or (shift is not None and shift.across == pytest.approx(-5, abs=1))


def test_a_shift_moves_points_boxes_and_regions_alike() -> None:
    shift = Shift(1.2 * math.cos(0.1), 1.2 * math.sin(0.1), 30, -20)
    point = shift.point(100, 50)
    np.testing.assert_allclose(shift.points(np.array([[100, 50]], np.float32))[0], point, rtol=1e-6)
    region = shift.region(Region(100, 50, 80, 0.2))
    assert (region.center_x, region.center_y) == pytest.approx(point)
    assert region.side == pytest.approx(96)
    assert region.rotation == pytest.approx(0.3)
    box = shift.box(Box(90, 30, 110, 70))
    assert box == pytest.approx((point[0] - 12, point[1] - 24, point[0] + 12, point[1] + 24))


def _hips(sighting: Sighting) -> tuple[float, float]:
    x, y = sighting.pose.points[[Landmark.LEFT_HIP, Landmark.RIGHT_HIP]].mean(axis=0).tolist()
    return x, y


MAN = (495, 200)
"""Where the man on the roof is in the frames from 90 on, scaled to a width of 1326; the woman is outside the cuts."""


def shaken(frame: int) -> tuple[float, float, float]:
    """How far to the side, down and at what zoom a camera in a hand aims that trembles and zooms."""
    random = np.random.default_rng(frame)
    return random.uniform(-80, 80), random.uniform(-10, 40), 1 + 0.15 * math.sin(frame / 5)


def jerked(frame: int) -> tuple[float, float, float]:
    """A camera that is torn from one side to the other three times a second, by three quarters of a body."""
    return 105.0 if (frame // 8) % 2 else -105.0, 10, 1


def panned(frame: int) -> tuple[float, float, float]:
    """A camera that swings to and fro, by up to 70 pixels a frame."""
    return 170 * math.sin(0.42 * frame), 10, 1


@pytest.mark.parametrize("aim", [shaken, jerked, panned])
def test_who_is_followed_stays_the_same_before_a_camera_that_moves(
    aim: Callable[[int], tuple[float, float, float]], demo_clip: Path, vision: PoseModel
) -> None:
    frames, cuts = [], []
    for frame, whole in enumerate(clips.scaled(demo_clip, 32, 1326, first=90)):
        across, down, zoom = aim(frame)
        width, height = (round(side / zoom / 2) * 2 for side in (640, 360))
        left, top = max(0, round(MAN[0] + across - width / 2)), max(0, round(MAN[1] + down - height / 2))
        cuts.append((left, top, width / 640))
        cut = np.ascontiguousarray(whole[top : top + height, left : left + width])
        shown = clips.pixels(av.VideoFrame.from_ndarray(cut, format="rgb24"), 640, 360)
        frames.append(Frame(frame, frame / 30, picture_of(shown)))
    seen = [sighting for some in analysis.followed(frames, vision) for sighting in some]
    assert {sighting.person for sighting in seen} == {1}
    assert {sighting.scene for sighting in seen} == {0}
    for sighting in seen:
        assert sighting.ground is not None
        x, y = (
            part * cuts[sighting.frame][2] + cuts[sighting.frame][place] for place, part in enumerate(_hips(sighting))
        )
        true = (x - cuts[0][0]) / cuts[0][2], (y - cuts[0][1]) / cuts[0][2]
        assert math.dist(sighting.ground.point(*_hips(sighting)), true) < 8
    assert len(seen) >= 30
