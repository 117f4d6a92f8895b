# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The films of a report: times, key frames, colours, and what is drawn and covered."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import av
import numpy as np
import pytest

from fastbreak_service.movement.review import Trails
from fastbreak_service.reporting import drawing, films
from fastbreak_service.reporting.faces import Faces, covered
from fastbreak_service.video.frames import Frame
from fastbreak_service.vision.landmarks import COUNT, Landmark
from fastbreak_service.vision.picture import Picture, luma_chroma
from fastbreak_service.vision.tracker import KEY_FRAME_SECONDS, Sighting
from support import clips, reports
from support.pictures import picture_of

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from fastbreak_service.vision.arrays import Bytes
    from fastbreak_service.vision.pose import Pose

    type Whole = npt.NDArray[np.int16]

WIDTH, HEIGHT = 1000, 800
# A variable rate: the third frame is late.
TIMES = [0.0, 0.04, 0.5, 0.54, 1.0]
BODY = {
    "NOSE": (500, 200), "LEFT_EAR": (530, 205), "RIGHT_EAR": (470, 205),
    "LEFT_SHOULDER": (560, 300), "RIGHT_SHOULDER": (440, 300),
    "LEFT_HIP": (540, 480), "RIGHT_HIP": (460, 480), "LEFT_KNEE": (540, 600), "RIGHT_KNEE": (460, 600),
    "LEFT_ANKLE": (540, 700), "RIGHT_ANKLE": (460, 700), "LEFT_HEEL": (535, 710), "RIGHT_HEEL": (455, 710),
    "LEFT_FOOT_INDEX": (570, 715), "RIGHT_FOOT_INDEX": (490, 715),
}  # fmt: skip


def sighting(frame: int, person: int = 1, along: float = 0) -> Sighting:
    """Somebody who stands in the middle, or `along` to the right of it."""
    points = np.full((COUNT, 2), BODY["NOSE"], np.float32)
    for name, place in BODY.items():
        points[Landmark[name]] = place
    pose = SimpleNamespace(points=points + np.array([along, 0], np.float32), visibility=np.ones(COUNT, np.float32))
    return Sighting(person, frame, TIMES[frame % len(TIMES)], cast("Pose", pose))


def shade() -> Bytes:
    """Pixels of which hardly two are the same, without edges."""
    down, across = np.linspace(30, 220, HEIGHT), np.linspace(220, 30, WIDTH)
    return np.stack(np.broadcast_arrays(down[:, None], across[None], 120.0), axis=-1).round().astype(np.uint8)


def filmed(into: Path, faces: Faces | None = None) -> tuple[list[Whole], list[Whole]]:
    """Both films of five frames in which somebody stands, as pixels."""
    into.mkdir()
    trails = Trails()
    for frame in range(len(TIMES)):
        trails.add(sighting(frame))
    picture = picture_of(shade())
    frames = [Frame(index, time, picture) for index, time in enumerate(TIMES)]
    shown = covered(frames, faces) if faces else frames
    assert len([*films.recorded(shown, 10, trails, into)]) == len(TIMES)
    found = []
    for name in (films.PROXY, films.ANNOTATED):
        with av.open(str(into / name)) as container:
            decoded = list(container.decode(video=0))
            assert [float(frame.time or 0) for frame in decoded] == pytest.approx(TIMES, abs=1e-4)
            assert [frame.key_frame for frame in decoded] == [True, False, False, False, False]
            assert (len(container.streams), container.streams[0].codec_context.name) == (1, "h264")
            found.append([clips.pixels(frame, frame.width, frame.height).astype(np.int16) for frame in decoded])
    return found[0], found[1]


def test_the_proxy_is_the_clip_and_the_other_has_the_body_drawn(tmp_path: Path) -> None:
    proxy, annotated = filmed(tmp_path / "films")
    assert proxy[0].shape == (720, 900, 3)
    wanted = shade()[:: HEIGHT // 8, :: WIDTH // 10].astype(np.int16)
    assert np.abs(proxy[0][::90, ::90] - wanted).max() < 12
    differs = np.abs(annotated[2] - proxy[2]).max(axis=2) > 60
    knee, far = (int(600 * 0.9), int(540 * 0.9)), (600, 100)
    assert differs[knee[0] - 2 : knee[0] + 3, knee[1] - 2 : knee[1] + 3].any()
    assert not differs[far[0] - 50 : far[0] + 50, far[1] - 50 : far[1] + 50].any()
    # The number stands above the shoulders.
    assert differs[200:265, 390:430].any()


def test_the_same_clip_gives_the_same_files(tmp_path: Path) -> None:
    filmed(tmp_path / "one")
    filmed(tmp_path / "two")
    for name in (films.PROXY, films.ANNOTATED):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_the_page_leads_to_films_that_are_there(tmp_path: Path) -> None:
    reports.write(tmp_path / "with", video=True)
    assert {films.PROXY, films.ANNOTATED} <= {path.name for path in (tmp_path / "with").iterdir()}
    assert f'href="{films.ANNOTATED}"' in (tmp_path / "with/report.html").read_text()
    reports.write(tmp_path / "without")
    assert ".mp4" not in (tmp_path / "without/report.html").read_text().replace("run.mp4", "")


@pytest.mark.parametrize("people", [1, 7, 120])
def test_whatever_is_beside_the_picture_is_drawn_as_far_as_it_is_in_it(people: int) -> None:
    for along in (-480, 480, 3000, np.nan):
        pixels = np.zeros((90, 120, 3), np.uint8)
        trails = Trails()
        trails.add(sighting(0, people, along))
        for person, points in trails.in_frame(0):
            drawing.draw(pixels, points / 8, person)
        assert pixels.any() == (abs(along) <= 480)


@pytest.mark.parametrize("across", [1, 2])
@pytest.mark.parametrize("down", [1, 2])
def test_a_head_is_in_a_few_cells_in_every_plane_and_the_rest_as_it_was(across: int, down: int) -> None:
    faces = Faces()
    faces.add(sighting(0))
    fine = shade()
    planes = fine[..., 0], fine[::down, ::across, 1], fine[::down, ::across, 2]
    picture = Picture(planes, luma_chroma(0.2126, 0.0722, full_range=False))
    (frame,) = covered([Frame(0, 0.0, picture)], faces)
    for before, after in zip(planes, frame.picture.planes, strict=True):
        high, wide = before.shape[0] / HEIGHT, before.shape[1] / WIDTH
        head = after[int(170 * high) : int(230 * high), int(470 * wide) : int(530 * wide)]
        assert len(np.unique(head)) <= 9
        assert (after[int(400 * high) :] == before[int(400 * high) :]).all()


@pytest.mark.parametrize("rate", [30, 60, 240])
def test_a_head_is_covered_while_somebody_may_be_there_unseen(rate: int) -> None:
    """As fast as somebody runs: three body heights a second, from before they are known to after they are lost."""
    faces, seen = Faces(), {1.0, 1.1, 2.4, 2.5}

    def middle(at: float) -> float:
        return 500 + 1500 * (at - 1.0)

    for at in sorted(seen):
        faces.add(replace(sighting(0, along=middle(at) - 500), time_seconds=at))
    for at in np.arange(round((1.0 - KEY_FRAME_SECONDS) * rate), round((2.5 + KEY_FRAME_SECONDS) * rate)) / rate:
        (circle,) = faces.circles(float(at))
        assert abs(circle[0] - middle(float(at))) < circle[2] / 2
    assert faces.circles(0.0) == faces.circles(9.0) == []


def test_somebody_seen_once_is_covered_around_it() -> None:
    faces = Faces()
    faces.add(sighting(0))
    exact, later = faces.circles(0.0)[0], faces.circles(0.3)[0]
    assert list(later[:2]) == list(exact[:2])
    assert later[2] > 1.5 * exact[2]


def test_a_film_has_no_side_that_the_encoder_refuses() -> None:
    for width, height in ((20000, 16), (16, 16384), (1920, 1080), (3, 2), (1081, 1919)):
        sides = films._size(width, height)
        assert max(sides) <= 4096
        assert min(sides) >= 2
        assert [side % 2 for side in sides] == [0, 0]


def test_a_head_outside_the_picture_covers_nothing() -> None:
    faces = Faces()
    faces.add(sighting(0, along=5000))
    picture = picture_of(shade())
    (frame,) = covered([Frame(0, 0.0, picture)], faces)
    assert all((one == other).all() for one, other in zip(frame.picture.planes, picture.planes, strict=True))
