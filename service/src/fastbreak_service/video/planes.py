# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A decoded frame's planes as a picture, without a copy where the frame already is what a viewer sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastbreak_service.video.tone import FORMAT, is_bright, shown
from fastbreak_service.vision.picture import GREEN_BLUE_RED, Colour, Picture, luma_chroma

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

    from fastbreak_service.video.geometry import Orientation
    from fastbreak_service.vision.arrays import Bytes

# FFmpeg's formats of three planes of 8 bits. Those with a J use the full range.
_PLANAR = {f"yuv{j}{sampling}p" for j in ("", "j") for sampling in ("420", "422", "444")}
_FULL_RANGE = 2
# Weights of red and blue by ITU-T H.273's number of the matrix: BT.709, SMPTE 240M, BT.2020. BT.601 where the video
# does not say, as FFmpeg has it.
_WEIGHTS = {1: (0.2126, 0.0722), 7: (0.212, 0.087), 9: (0.2627, 0.0593), 10: (0.2627, 0.0593)}
_BT601 = (0.299, 0.114)


def upright(frame: VideoFrame, size: tuple[int, int], turn: Orientation) -> Picture:
    """The frame as a viewer sees it: scaled to a width and height, then mirrored and turned.

    `size` is one at which pixels are square. Angles measured on pixels that are not square would be wrong.
    """
    colour = GREEN_BLUE_RED
    bright = is_bright(frame)
    if bright:
        frame = frame.reformat(*size, format=FORMAT, threads=1)
    elif _as_it_is(frame, size, turn):
        colour = _colour(frame)
    else:
        # On one thread: with several, FFmpeg's seams between their shares may stay unset.
        frame = frame.reformat(*size, format="gbrp", threads=1)
    values = _toned if bright else _values
    first, second, third = (turn.apply(values(frame, place)) for place in range(3))
    return Picture((first, second, third), colour)


def _as_it_is(frame: VideoFrame, size: tuple[int, int], turn: Orientation) -> bool:
    """Whether the planes can be used without scaling or conversion.

    Coarser planes can be turned by right angles, but where an odd column is mirrored to the other side it would cover
    other pixels there.
    """
    even = frame.width % 2 == 0 and frame.height % 2 == 0
    plain = frame.format.name in _PLANAR and (frame.width, frame.height) == size
    return (
        plain and turn.right_angled and (even or turn.as_stored) and all(p.line_size >= p.width for p in frame.planes)
    )


def _colour(frame: VideoFrame) -> Colour:
    full = frame.format.name.startswith("yuvj") or int(frame.color_range) == _FULL_RANGE
    return luma_chroma(*_WEIGHTS.get(int(frame.colorspace), _BT601), full_range=full)


def _toned(frame: VideoFrame, place: int) -> Bytes:
    plane = frame.planes[place]
    rows = np.frombuffer(plane, "<u2").reshape(-1, plane.line_size // 2)
    return shown(rows[: plane.height, : plane.width])


def _values(frame: VideoFrame, place: int) -> Bytes:
    plane = frame.planes[place]
    rows = np.frombuffer(plane, np.uint8)
    return rows.reshape(-1, plane.line_size)[: plane.height, : plane.width]
