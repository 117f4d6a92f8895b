# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What a viewer sees, and what it costs: matrices, pixel aspects, interlacing, streams, work."""

from __future__ import annotations

import math
import struct
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastbreak_service.analysis import MeteredVision
from fastbreak_service.errors import RejectedVideoError, Rejection
from fastbreak_service.video import work
from fastbreak_service.video.frames import VideoReader
from fastbreak_service.video.geometry import Orientation, orientation, pixel_aspect
from fastbreak_service.video.limits import Limits
from fastbreak_service.video.probe import probe
from fastbreak_service.vision import detector
from fastbreak_service.vision.detector import Search, usual_pixels
from support import clips
from support.pictures import picture_of, rgb

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from fastbreak_service.vision.arrays import Bytes

ONE = 1 << 16
# By the row of a stored picture's letters that a viewer sees: (xx, xy, yx, yy) of the matrix, and what it makes of
# [[a, b], [c, d]].
RIGHT_ANGLED = {
    "upright": ((1, 0, 0, 1), "ab cd"),
    "mirrored": ((-1, 0, 0, 1), "ba dc"),
    "upside down mirrored": ((1, 0, 0, -1), "cd ab"),
    "half turn": ((-1, 0, 0, -1), "dc ba"),
    "quarter left": ((0, 1, -1, 0), "bd ac"),
    "quarter right": ((0, -1, 1, 0), "ca db"),
    "transposed": ((0, 1, 1, 0), "ac bd"),
    "transposed the other way": ((0, -1, -1, 0), "db ca"),
}


def matrix(xx: float, xy: float, yx: float, yy: float, scale: float = 1.0) -> list[int]:
    """A display matrix in FFmpeg's layout."""
    a, b, c, d = (round(v * scale * ONE) for v in (xx, yx, xy, yy))
    return [a, b, 0, c, d, 0, 0, 0, 1 << 30]


def packed(numbers: list[int]) -> bytes:
    """A matrix as bytes."""
    return struct.pack("=9i", *numbers)


def letters(text: str) -> Bytes:
    """Four pixels by name."""
    return np.array([[ord(letter) for letter in row] for row in text.split()], np.uint8)


@pytest.mark.parametrize("name", RIGHT_ANGLED)
@pytest.mark.parametrize("scale", [0.5, 1, 1.7])
def test_every_right_angled_matrix_is_applied(name: str, scale: float) -> None:
    parts, seen = RIGHT_ANGLED[name]
    turned = orientation(packed(matrix(*parts, scale=scale))).apply(letters("ab cd"))
    np.testing.assert_array_equal(turned, letters(seen))


def _corner(pixels: Bytes) -> tuple[int, int]:
    height, width = pixels.shape[:2]
    light = {
        (row, column): float(pixels[height * row // 2 :, width * column // 2 :][: height // 2, : width // 2].mean())
        for row in (0, 1)
        for column in (0, 1)
    }
    return max(light, key=light.__getitem__)


@pytest.mark.parametrize("name", RIGHT_ANGLED)
@pytest.mark.parametrize("interlaced", [False, True])
def test_a_matrix_in_a_file_is_applied_whole(tmp_path: Path, name: str, interlaced: bool) -> None:
    parts, seen = RIGHT_ANGLED[name]
    look = clips.Look(codec="libx264", matrix=tuple(matrix(*parts)), interlaced=interlaced)
    path = clips.write(tmp_path / "v.mp4", [clips.corner_picture(96, 64)] * 4, look)
    probe(path, Limits())
    for frame in VideoReader(path, Limits()):
        pixels = rgb(frame.picture)
        assert pixels.shape[:2] == ((96, 64) if parts[0] == 0 else (64, 96))
        assert _corner(pixels) == divmod(seen.replace(" ", "").index("a"), 2)


@given(angle=st.floats(0, 2 * math.pi), mirrored=st.booleans(), scale=st.floats(0.1, 10))
def test_any_turn_keeps_the_way_things_lie(angle: float, mirrored: bool, scale: float) -> None:
    """A line that a matrix turns is found where the matrix says, by its own definition."""
    side = -1 if mirrored else 1
    cosine, sine = math.cos(angle), math.sin(angle)
    turn = orientation(packed(matrix(side * cosine, -sine, side * sine, cosine, scale=scale)))
    picture = np.zeros((41, 41), np.uint8)
    picture[18:23, 30:35] = 255
    shown = turn.apply(picture)
    height, width = shown.shape[:2]
    assert abs(width - turn.size(41, 41)[0]) <= 1
    rows, columns = np.nonzero(shown)
    x, y = columns.mean() - (width - 1) / 2, rows.mean() - (height - 1) / 2
    assert x == pytest.approx(12 * side * cosine, abs=1)
    assert y == pytest.approx(12 * side * sine, abs=1)


@pytest.mark.parametrize("parts", [(1, 0.5, 0, 1), (1, 0, 0, 0), (1, 1, 1, 1), (0, 1, 0, 1)])
def test_a_matrix_that_bends_the_picture_is_refused(parts: tuple[float, float, float, float]) -> None:
    with pytest.raises(RejectedVideoError) as caught:
        orientation(packed(matrix(*parts)))
    assert caught.value.code == Rejection.UNSUPPORTED_SHAPE


@given(st.binary(max_size=40) | st.none())
def test_any_bytes_as_a_matrix_end_in_an_orientation_or_a_reason(content: bytes | None) -> None:
    try:
        turn = orientation(content)
    except RejectedVideoError:
        return
    width, height = turn.size(64, 48)
    assert 47 <= min(width, height) <= max(width, height) <= 82


@given(st.floats(0, 1e9))
def test_pixels_are_nearly_square_or_refused(ratio: float) -> None:
    try:
        assert 1 / 8 <= pixel_aspect(ratio) <= 8
    except RejectedVideoError as error:
        assert error.code == Rejection.UNSUPPORTED_SHAPE  # noqa: PT017 - either way is right


def _refusal(path: Path, limits: Limits) -> str | None:
    try:
        probe(path, limits)
    except RejectedVideoError as error:
        return error.code
    return None


@pytest.mark.parametrize(
    ("size", "aspect", "expected"),
    [
        ((4096, 32), None, Rejection.UNSUPPORTED_SHAPE),
        ((32, 4096), None, Rejection.UNSUPPORTED_SHAPE),
        ((2048, 1024), Fraction(49, 10), Rejection.TOO_LARGE_FRAME),
        ((640, 64), Fraction(49, 10), Rejection.UNSUPPORTED_SHAPE),
        ((64, 48), Fraction(9, 1), Rejection.UNSUPPORTED_SHAPE),
        ((64, 48), Fraction(1, 9), Rejection.UNSUPPORTED_SHAPE),
        ((64, 48), Fraction(4, 3), None),
        ((640, 64), Fraction(1, 5), None),
    ],
)
def test_the_shape_that_counts_is_the_one_shown(
    tmp_path: Path, size: tuple[int, int], aspect: Fraction | None, expected: str | None
) -> None:
    look = clips.Look(codec="libx264", pixel_aspect=aspect)
    path = clips.write(tmp_path / "v.mp4", [clips.corner_picture(*size)] * 2, look)
    assert _refusal(path, Limits()) == expected
    if expected is not None:
        with pytest.raises(RejectedVideoError) as caught:
            list(VideoReader(path, Limits()))
        assert caught.value.code == expected


@given(st.integers(1, 4096), st.integers(1, 4096), st.floats(0, math.inf), st.booleans())
def test_what_a_search_sees_of_a_frame_is_bounded(width: int, height: int, smallest: float, thorough: bool) -> None:
    seen = detector.sizes(width, height, Search(smallest, thorough))
    assert detector.pixels(seen) <= (1920 * 1920 + 960 * 960 if thorough else 960 * 960)
    for one in seen:
        assert max(one.width, one.height) <= 2 * max(width, height) + 31
        assert one.width * one.frame_pixels >= width - 1e-6
        assert one.height * one.frame_pixels >= height - 1e-6


@given(st.integers(1, 10**6), st.integers(1, 4096), st.integers(1, 2304), st.floats(0, 600))
def test_more_of_anything_is_never_less_work(frames: int, width: int, height: int, seconds: float) -> None:
    least = work.estimate("h264", frames, seconds, (width, height), 1)
    assert work.estimate("h264", 2 * frames, seconds, (width, height), 1) > least
    assert work.estimate("h264", frames, seconds, (2 * width, height), 1) > least
    assert work.estimate("h264", frames, 2 * seconds, (width, height), 1) >= least
    assert work.estimate("h264", frames, seconds, (width, height), 2) > least


def test_a_clip_that_is_too_much_work_is_refused_before_and_while_it_is_read(tmp_path: Path) -> None:
    path = clips.write(tmp_path / "v.mp4", [clips.corner_picture(640, 480)] * 40, clips.Look(rate=1000))
    cost = work.estimate("mpeg4", 40, 0.04, (640, 480), usual_pixels(640, 480))
    assert _refusal(path, Limits(max_work_seconds=1.1 * cost)) is None
    assert _refusal(path, Limits(max_work_seconds=0.9 * cost)) == Rejection.TOO_MUCH_WORK
    reading = work.of_frames("mpeg4", 40, 640, 480)
    assert len(list(VideoReader(path, Limits(max_work_seconds=1.1 * reading)))) == 40
    with pytest.raises(RejectedVideoError) as caught:
        list(VideoReader(path, Limits(max_work_seconds=0.9 * reading)))
    assert caught.value.code == Rejection.TOO_MUCH_WORK


def test_looks_at_persons_are_charged_to_the_clip() -> None:
    class Nothing:
        identity = None

        def detect(self, *_: object) -> list[object]:
            return []

        def look(self, *_: object) -> None:
            return None

    seen = detector.sizes(64, 48, Search(0, thorough=True))
    meter = work.Meter(work.of_vision(detector.pixels(seen), 10) + 1e-9)
    vision = MeteredVision(Nothing(), meter)  # type: ignore[arg-type]
    picture = picture_of(np.zeros((48, 64, 3), np.uint8))
    vision.detect(picture, Search(0, thorough=True))
    for _ in range(10):
        vision.look(picture, None)  # type: ignore[arg-type]
    with pytest.raises(RejectedVideoError):
        vision.look(picture, None)  # type: ignore[arg-type]


@pytest.mark.parametrize("codec", ["libx264", "mpeg2video"])
def test_interlaced_video_is_made_whole(tmp_path: Path, codec: str) -> None:
    """A block that moves between two fields leaves a comb: every other line differs from its neighbours."""
    pictures = []
    for n in range(8):
        picture = np.full((96, 128, 3), 16, np.uint8)
        picture[0::2, 8 * n : 8 * n + 48] = 235
        picture[1::2, 8 * n + 4 : 8 * n + 52] = 235
        pictures.append(picture)
    path = clips.write(tmp_path / "v.ts", pictures, clips.Look(codec=codec, interlaced=True, rate=25))
    probe(path, Limits())
    frames = list(VideoReader(path, Limits()))
    assert len(frames) == 8
    assert [frame.time_seconds for frame in frames] == pytest.approx([n / 25 for n in range(8)], abs=0.002)

    def comb(picture: npt.NDArray[np.generic]) -> float:
        lines = picture.astype(int)
        return float(np.abs(lines[1:-1] - (lines[:-2] + lines[2:]) // 2).mean())

    for frame, picture in zip(frames[2:-1], pictures[2:-1], strict=True):
        assert comb(rgb(frame.picture).mean(axis=2)) < 0.5 * comb(picture.mean(axis=2))


@pytest.mark.parametrize("main", [0, 1, 2])
@pytest.mark.parametrize(("name", "marked"), [("v.mp4", True), ("v.mkv", True), ("v.mkv", False)])
def test_the_main_stream_is_read_wherever_it_stands(tmp_path: Path, name: str, main: int, marked: bool) -> None:
    """The default one where one is marked, else the largest."""
    path = tmp_path / name
    with av.open(str(path), "w") as container:
        streams = []
        for index in range(3):
            stream = container.add_stream("libx264", rate=10)
            stream.width, stream.height, stream.pix_fmt = (
                (320, 240, "yuv420p") if index == main else (160, 90, "yuv420p")
            )
            if marked:
                stream.disposition = av.stream.Disposition.default if index == main else av.stream.Disposition(0)
            streams.append(stream)
        for n in range(5):
            for stream in streams:
                frame = av.VideoFrame.from_ndarray(clips.noise(stream.width, stream.height, n), format="rgb24")
                frame.pts, frame.time_base = n, Fraction(1, 10)
                container.mux(stream.encode(frame))
        for stream in streams:
            container.mux(stream.encode())
    probe(path, Limits())
    assert [frame.picture.planes[0].shape for frame in VideoReader(path, Limits())] == [(240, 320)] * 5


def test_a_turned_frame_is_measured_by_its_turned_size() -> None:
    diagonal = Orientation(math.sqrt(0.5), -math.sqrt(0.5), math.sqrt(0.5), math.sqrt(0.5))
    assert diagonal.size(100, 100) == (142, 142)


@pytest.mark.parametrize(("codec", "factor"), [("libx264", 1), ("ffv1", 20), ("jpeg2000", 20)])
def test_a_codec_that_is_dear_to_decode_counts_as_such(tmp_path: Path, codec: str, factor: float) -> None:
    """What was accepted as two minutes of work was an hour of it."""
    path = clips.write(tmp_path / "v.mkv", [clips.corner_picture(640, 480)] * 40, clips.Look(codec=codec, rate=1000))
    least = work.of_frames("h264", 40, 640, 480) + work.of_vision(2 * usual_pixels(640, 480), 40 * work.USUAL_PERSONS)
    decoding = work.of_frames("h264", 40, 640, 480) * factor
    assert _refusal(path, Limits(max_work_seconds=least + decoding)) == (
        None if factor == 1 else Rejection.TOO_MUCH_WORK
    )
