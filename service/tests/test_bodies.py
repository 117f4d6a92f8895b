# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Where somebody is covered in a video: at, between and beside sightings, and what is hidden of them."""

from __future__ import annotations

import numpy as np
import pytest

from fastbreak_service.reporting.bodies import Body, hidden
from fastbreak_service.video.frames import Frame
from fastbreak_service.vision.joints import JOINTS
from fastbreak_service.vision.tracker import FORGET_AFTER_SECONDS, KEY_FRAME_SECONDS
from support.pictures import picture_of

PLACES = {"nose": (0, 0), "shoulder": (0, 30), "hip": (0, 90), "knee": (0, 140), "ankle": (0, 190)}


def joints(x: float, *, without: tuple[str, ...] = ()) -> list[float | None]:
    """Somebody who stands at a place, 190 high; some joints are hidden."""
    found: list[float | None] = []
    for name in JOINTS:
        part = name.rsplit("_", 1)[-1]
        known = part in PLACES and part not in without
        found += [x + PLACES[part][0], 100.0 + PLACES[part][1]] if known else [None, None]
    return found


def covers(body: Body, at: float, x: float, *, low: float = 85, high: float = 300) -> bool:
    """Whether all of somebody at a place is covered, with hair and shoes."""
    box = body.box(at)
    return box is not None and box[0] < x - 20 and box[2] > x + 20 and box[1] < low and box[3] > high


def test_all_of_somebody_is_covered_while_they_are_seen() -> None:
    walking = Body([(n / 30, joints(100 + 4 * n)) for n in range(30)])
    assert all(covers(walking, n / 30, 100 + 4 * n) for n in range(30))


@pytest.mark.parametrize("without", [("nose",), ("ankle", "knee"), ("nose", "ankle", "knee")])
def test_what_is_hidden_of_a_body_is_covered_with_the_rest(without: tuple[str, ...]) -> None:
    assert covers(Body([(0.0, joints(100, without=without))]), 0.0, 100)


def test_a_body_that_is_hidden_for_a_moment_is_covered_as_before() -> None:
    seen = joints(100, without=("nose", "hip", "knee", "ankle"))
    assert covers(Body([(0.0, joints(100)), (0.1, seen), (0.2, joints(100))]), 0.1, 100)


def test_somebody_is_covered_on_the_way_between_two_sightings() -> None:
    gap = 2 * FORGET_AFTER_SECONDS
    body = Body([(0.0, joints(100)), (gap, joints(700))])
    assert all(covers(body, share * gap, 100 + 600 * share) for share in (0.1, 0.5, 0.9))


def test_somebody_who_comes_and_goes_is_covered_before_and_after_at_their_pace() -> None:
    body = Body([(5 + n / 30, joints(100 + 10 * n)) for n in range(10)])
    late, beyond = KEY_FRAME_SECONDS, 2 * KEY_FRAME_SECONDS + 0.1
    assert covers(body, 5 - late, 100 - 300 * late)
    assert covers(body, 5.3 + late, 190 + 300 * late)
    assert body.box(5 - beyond) is None
    assert body.box(5.3 + beyond) is None


def test_nobody_is_nowhere() -> None:
    assert Body([]).box(0.0) is None
    assert Body([(0.0, [None] * 2 * len(JOINTS))]).box(0.0) is None


def test_a_body_is_a_few_cells_and_all_else_as_it_was() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (400, 600, 3)).astype(np.uint8)
    frame = Frame(0, 0.0, picture_of(noise))
    body = Body([(0.0, joints(300))])
    (shown,) = hidden([frame], [body])
    left, top, right, bottom = body.box(0.0) or (0, 0, 0, 0)
    for before, after in zip(frame.picture.planes, shown.picture.planes, strict=True):
        scale = after.shape[0] / 400
        rows, columns = (
            slice(int(low * scale), int(np.ceil(high * scale))) for low, high in ((top, bottom), (left, right))
        )
        assert len(np.unique(after[rows, columns])) <= 25
        outside = np.ones(after.shape, bool)
        outside[slice(max(0, rows.start - 1), rows.stop + 1), slice(columns.start - 1, columns.stop + 1)] = False
        assert (before[outside] == after[outside]).all()
    (other,) = hidden([Frame(9, 9.0, frame.picture)], [body])
    assert other.picture is frame.picture


def test_where_nobody_could_look_everything_is_covered_and_a_second_around() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (400, 600, 3)).astype(np.uint8)
    frames = [Frame(number, moment, picture_of(noise)) for number, moment in enumerate((3.9, 4.0, 5, 9, 10.0, 10.1))]
    shown = list(hidden(frames, [], [(5.0, 9.0)]))
    wholes = [all(len(np.unique(plane)) <= 25 for plane in frame.picture.planes) for frame in shown]
    assert wholes == [False, True, True, True, True, False]
    assert [frame.picture is before.picture for frame, before in zip(shown, frames, strict=True)] == [
        not whole for whole in wholes
    ]
