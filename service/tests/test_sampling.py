# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What a network gets to see of a picture, against what can be worked out by hand."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import openvino as ov
import pytest
from av.video.reformatter import ColorRange, Colorspace
from hypothesis import given, settings
from hypothesis import strategies as st
from openvino import opset13 as ops

from fastbreak_service.video.geometry import UPRIGHT, Orientation
from fastbreak_service.video.planes import upright
from fastbreak_service.vision.picture import GREEN_BLUE_RED, Picture
from fastbreak_service.vision.region import Region
from fastbreak_service.vision.sampling import apart, front, inputs, with_front
from support.clips import noise
from support.pictures import picture_of, rgb

if TYPE_CHECKING:
    from fastbreak_service.vision.arrays import Bytes, Floats


@cache
def _front(width: int, height: int) -> Any:
    parameters, output = front(width, height, 0.0, 255.0)
    return _compiled(ov.Model([output], parameters, "front"))


def _compiled(network: Any) -> Any:
    options = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": "1", "ENABLE_CPU_PINNING": "NO"}
    return ov.Core().compile_model(network, "CPU", options)


def _doubled(size: int) -> tuple[Any, list[Any]]:
    """A network that doubles a picture, and its outputs."""
    picture = ops.parameter([1, size, size, 3], np.float32)
    network = ov.Model([ops.multiply(picture, np.float32(2))], [picture], "doubled")
    return network, network.outputs


def sample(picture: Picture, region: Region, size: int) -> Floats:
    """The region as (size, size, 3), red, green and blue."""
    taken: Floats = _front(size, size)(inputs(picture, region, size))[0][0]
    return taken


def slope(width: int, height: int) -> Bytes:
    """Pixels whose red is the column and whose green is the row."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[..., 0] = np.arange(width)
    pixels[..., 1] = np.arange(height)[:, None]
    return pixels


def test_a_region_of_the_frames_own_size_is_the_frame() -> None:
    pixels = noise(64, 64)
    np.testing.assert_allclose(sample(picture_of(pixels), Region(32, 32, 64), 64), pixels, atol=0.02)


def test_a_region_of_fewer_rows_is_the_frame_too() -> None:
    pixels = noise(64, 32)
    taken = _front(64, 32)(inputs(picture_of(pixels), Region(32, 16, 64), 64, 32))[0][0]
    np.testing.assert_allclose(taken, pixels, atol=0.02)


def test_sampling_apart_from_the_rest_gives_the_rest_the_same() -> None:
    values = inputs(picture_of(noise(64, 48)), Region(30, 20, 70, 0.3), 32)
    whole = _compiled(with_front(*_doubled(32), 0.0, 1.0))(values)[0]
    first, rest = (_compiled(network) for network in apart(*_doubled(32), 0.0, 1.0))
    np.testing.assert_array_equal(rest([first(values)[0]])[0], whole)


def test_half_a_pixel_off_is_the_mean_of_its_neighbours() -> None:
    taken = sample(picture_of(slope(64, 64)), Region(32.5, 32, 32), 32)
    np.testing.assert_allclose(taken[0, :, 0], np.arange(16, 48) + 0.5, atol=1e-3)


@pytest.mark.parametrize("black", [(0, 128, 128), (16, 128, 128)])
def test_beyond_the_edge_it_is_black(black: tuple[int, int, int]) -> None:
    white = np.full((32, 32, 3), 255, np.uint8)
    frame = av.VideoFrame.from_ndarray(white, format="rgb24").reformat(
        format="yuv420p", dst_color_range=ColorRange.JPEG if black[0] == 0 else ColorRange.MPEG, threads=1
    )
    taken = sample(upright(frame, (32, 32), UPRIGHT), Region(0, 0, 64), 64)
    assert taken[:31].max() < 1
    assert taken[32:, :31].max() < 1
    assert taken[32:, 32:].min() > 250


@pytest.mark.parametrize("region", [Region(-500, 40, 60), Region(30, 4000, 80, 1.0), Region(30, 40, 1e6)])
def test_a_region_beside_the_frame_is_black(region: Region) -> None:
    taken = sample(picture_of(np.full((48, 64, 3), 255, np.uint8)), region, 32)
    assert taken.min() == 0
    assert np.count_nonzero(taken) <= 12


def test_a_quarter_turn_swaps_rows_and_columns() -> None:
    turned = sample(picture_of(slope(64, 64)), Region(32, 32, 64, math.pi / 2), 64)
    # the region's right is the frame's down
    np.testing.assert_allclose(turned[10, :, 1], np.arange(64), atol=1e-2)


@settings(max_examples=60)
@given(st.floats(-200, 400), st.floats(-200, 400), st.floats(20, 600), st.floats(-math.pi, math.pi))
def test_any_region_of_a_slope_shows_where_it_lies(x: float, y: float, side: float, turn: float) -> None:
    """Red and green tell the column and row of every sample that lies inside."""
    region = Region(x, y, side, turn)
    taken = sample(picture_of(slope(200, 150)), region, 32)
    step = np.arange(32, dtype=np.float32) / 32
    places = region.to_frame(np.stack(np.meshgrid(step, step), axis=-1))
    inside = ((places >= 0) & (places <= (199, 149))).all(axis=-1)
    np.testing.assert_allclose(taken[inside][:, :2], places[inside], atol=0.02)
    outside = ((places < -1) | (places > (200, 150))).any(axis=-1)
    assert not taken[outside].any()


@pytest.mark.parametrize("space", [Colorspace.ITU709, Colorspace.ITU601, Colorspace.SMPTE240M])
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("kind", ["yuv420p", "yuv422p", "yuv444p"])
def test_colours_are_those_that_ffmpeg_makes(space: Colorspace, full: bool, kind: str) -> None:
    blocks = np.random.default_rng(3).integers(30, 220, (6, 8, 3), dtype=np.uint8).repeat(8, 0).repeat(8, 1)
    frame = av.VideoFrame.from_ndarray(blocks, format="rgb24").reformat(
        format=kind, dst_colorspace=space, dst_color_range=ColorRange.JPEG if full else ColorRange.MPEG, threads=1
    )
    frame.colorspace, frame.color_range = space, ColorRange.JPEG if full else ColorRange.MPEG
    picture = upright(frame, (64, 48), UPRIGHT)
    assert picture.colour is not GREEN_BLUE_RED
    theirs = frame.reformat(format="rgb24", src_colorspace=space, threads=1).to_ndarray()
    inner = (slice(4, None, 8), slice(4, None, 8))
    np.testing.assert_allclose(rgb(picture)[inner].astype(int), theirs[inner].astype(int), atol=4)
    np.testing.assert_allclose(rgb(picture)[inner].astype(int), blocks[inner].astype(int), atol=6)


@pytest.mark.parametrize(("width", "height"), [(62, 46), (66, 50), (61, 47), (100, 33), (1, 1)])
@pytest.mark.parametrize("kind", ["yuv420p", "yuv420p10le", "rgb24", "gray", "nv12", "yuva420p", "pal8"])
def test_every_pixel_of_every_format_is_there(kind: str, width: int, height: int) -> None:
    frame = av.VideoFrame.from_ndarray(np.full((height, width, 3), 200, np.uint8), format="rgb24")
    if kind == "pal8":
        indices, colours = np.full((height, width), 7, np.uint8), np.full((256, 4), 200, np.uint8)
        frame = av.VideoFrame.from_ndarray((indices, colours), format="pal8")  # type: ignore[arg-type] # of two arrays
    elif kind != "rgb24":
        # On one thread, for the reason that `video.planes` gives.
        frame = frame.reformat(format=kind, threads=1)
    for turn in (UPRIGHT, Orientation(-1, 0, 0, 1), Orientation(0, 1, -1, 0)):
        pixels = rgb(upright(frame, (width, height), turn))
        assert pixels.shape == ((width, height, 3) if turn.sideways else (height, width, 3))
        assert abs(pixels.astype(int) - 200).max() <= 6


@pytest.mark.parametrize("turn", [Orientation(-1, 0, 0, 1), Orientation(0, 1, -1, 0), Orientation(-1, 0, 0, -1)])
def test_turned_planes_show_the_turned_picture(turn: Orientation) -> None:
    pixels = np.random.default_rng(3).integers(30, 220, (6, 8, 3), dtype=np.uint8).repeat(8, 0).repeat(8, 1)
    frame = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format="yuv420p", threads=1)
    plain, turned = upright(frame, (64, 48), UPRIGHT), upright(frame, (64, 48), turn)
    whole = np.stack([turn.apply(channel) for channel in np.moveaxis(rgb(plain), -1, 0)], axis=-1)
    np.testing.assert_array_equal(rgb(turned), whole)


def test_a_frame_as_it_is_costs_no_copy() -> None:
    frame = av.VideoFrame.from_ndarray(noise(64, 48), format="rgb24").reformat(format="yuv420p", threads=1)
    assert np.shares_memory(upright(frame, (64, 48), UPRIGHT).planes[0], np.frombuffer(frame.planes[0], np.uint8))
