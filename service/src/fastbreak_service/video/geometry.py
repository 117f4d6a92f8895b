# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""From stored pixels to what a viewer sees: square pixels, mirrored and turned as the display matrix says."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fastbreak_service.errors import RejectedVideoError, Rejection

if TYPE_CHECKING:
    import numpy.typing as npt

    from fastbreak_service.vision.arrays import Bytes

_MATRIX = struct.Struct("=9i")
# Under this sine (about one degree) a rotation counts as one by a multiple of 90 degrees, as in FFmpeg's own tools.
_RIGHT_ANGLE = 0.0175
_SHEAR = 0.02
_WIDEST_PIXEL = 8.0
# How much the ratio of a picture's sides may change: sizes are whole numbers, and encoders want even ones.
_RESHAPED = 0.02


@dataclass(frozen=True, slots=True)
class Orientation:
    """The part of a display matrix that turns and mirrors.

    A stored offset (x, y), y down, is shown at (xx * x + xy * y, yx * x + yy * y); both rows have length 1 and are
    perpendicular.
    """

    xx: float = 1.0
    xy: float = 0.0
    yx: float = 0.0
    yy: float = 1.0

    @property
    def sideways(self) -> bool:
        """Whether rows become columns, for a right-angled orientation."""
        return abs(self.xy) > abs(self.xx)

    @property
    def right_angled(self) -> bool:
        """Whether the picture is turned by a multiple of 90 degrees, mirrored or not."""
        return min(abs(self.xx), abs(self.xy)) < _RIGHT_ANGLE

    def size(self, width: int, height: int) -> tuple[int, int]:
        """The width and height that a picture of `width` x `height` has when shown."""
        if self.right_angled:
            return (height, width) if self.sideways else (width, height)
        across = abs(self.xx) * width + abs(self.xy) * height
        down = abs(self.yx) * width + abs(self.yy) * height
        return math.ceil(across), math.ceil(down)

    @property
    def as_stored(self) -> bool:
        """Whether the picture is shown as it is stored."""
        return self.right_angled and not self.sideways and min(self.xx, self.yy) > 0

    def apply(self, plane: Bytes) -> Bytes:
        """A plane of shape (height, width) as it is shown; 0 where it has no pixel. A view where it can be one."""
        if not self.right_angled:
            return _warp(plane, self)
        if self.sideways:
            plane = plane.T
        if (self.xy if self.sideways else self.xx) < 0:
            plane = plane[:, ::-1]
        if (self.yx if self.sideways else self.yy) < 0:
            plane = plane[::-1]
        return plane


UPRIGHT = Orientation()


def orientation(matrix: bytes | None) -> Orientation:
    """What a display matrix in FFmpeg's layout (nine 32-bit integers) says.

    None, too few bytes and nothing but zeros say nothing. The scale is left out: FFmpeg hands it on as pixel aspect.
    Raises RejectedVideoError for a matrix that shears or flattens the picture: angles in it would mean nothing.
    """
    if matrix is None or len(matrix) < _MATRIX.size:
        return UPRIGHT
    numbers = _MATRIX.unpack_from(matrix)
    if not any(numbers):
        return UPRIGHT
    xx, yx, xy, yy = numbers[0], numbers[1], numbers[3], numbers[4]
    across, down = math.hypot(xx, xy), math.hypot(yx, yy)
    if across == 0 or down == 0 or abs(xx * yx + xy * yy) > _SHEAR * across * down:
        raise RejectedVideoError(
            Rejection.UNSUPPORTED_SHAPE,
            "The video's display matrix shears or flattens the picture. Re-encode the video without it.",
        )
    return Orientation(xx / across, xy / across, yx / down, yy / down)


def pixel_aspect(ratio: float) -> float:
    """The width of a stored pixel over its height; 1 where the video does not say (0). Raises RejectedVideoError."""
    if ratio == 0:
        return 1.0
    if not 1 / _WIDEST_PIXEL <= ratio <= _WIDEST_PIXEL:
        raise RejectedVideoError(
            Rejection.UNSUPPORTED_SHAPE,
            f"The video says that its pixels are {ratio:.4g} times as wide as high; at most {_WIDEST_PIXEL:g} times "
            "either way is analysed. Re-encode the video with square pixels.",
        )
    return ratio


def square_size(width: int, height: int, aspect: float) -> tuple[int, int]:
    """The size of a stored picture after it was stretched to square pixels."""
    return max(1, round(width * aspect)), height


def fitted(size: tuple[int, int], turn: Orientation, first: tuple[int, int]) -> tuple[int, int]:
    """The size to which a stored picture with square pixels is scaled so that it is shown as large as the first.

    Raises RejectedVideoError where that would bend it: its sides have another ratio than the first picture's.
    """
    shown = turn.size(*size)
    if shown == first:
        return size
    across, down = first[0] / shown[0], first[1] / shown[1]
    if not turn.right_angled or abs(across / down - 1) > _RESHAPED:
        raise RejectedVideoError(
            Rejection.UNSUPPORTED_SHAPE,
            f"The picture changes its shape in the middle of the video, from {first[0]}x{first[1]} to "
            f"{shown[0]}x{shown[1]}. Cut the video where it changes, and send the parts.",
        )
    return (first[1], first[0]) if turn.sideways else first


def _warp(plane: Bytes, turn: Orientation) -> Bytes:
    """Turn by any angle about the middle, each pixel taken from the nearest one."""
    height, width = plane.shape
    out_width, out_height = turn.size(width, height)
    values = np.ascontiguousarray(plane).ravel()
    shown = np.empty((out_height, out_width), np.uint8)
    x = np.arange(out_width, dtype=np.float32) - np.float32((out_width - 1) / 2)
    for row in range(out_height):
        y = row - (out_height - 1) / 2
        column = _nearest(x * np.float32(turn.xx) + np.float32(turn.yx * y + (width - 1) / 2))
        line = _nearest(x * np.float32(turn.xy) + np.float32(turn.yy * y + (height - 1) / 2))
        inside = (column >= 0) & (column < width) & (line >= 0) & (line < height)
        shown[row] = np.where(inside, values.take(line * np.int32(width) + column, mode="clip"), 0)
    return shown


def _nearest(places: npt.NDArray[np.float32]) -> npt.NDArray[np.int32]:
    return np.rint(places).astype(np.int32)
