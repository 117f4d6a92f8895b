# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Frames that show something, cut around a person, as JPEG with the landmarks that were used."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np

from fastbreak_service.movement.series import HIP, SHOULDER
from fastbreak_service.movement.series import middle as between
from fastbreak_service.reporting.drawing import ACROSS, SIDED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fastbreak_service.movement.series import Doubles
    from fastbreak_service.video.frames import Frame
    from fastbreak_service.vision.arrays import Bytes
    from fastbreak_service.vision.picture import Picture

    type Place = tuple[int, int]
    """A person and a frame."""

PREFIX = "data:image/jpeg;base64,"
MOST = 120
"""Pictures in a report: about 30 kB each."""
_AROUND = 0.9
"""Trunk lengths around the landmarks: head and hands are none of them."""
_HIGHEST, _SHAPE = 420, 0.8
_QUALITY = 5


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture as a data address, its size in pixels, and the landmarks in it: (12, 2), NaN where there is none.

    `cut`: left, top, width and height of what it shows of the frame.
    """

    address: str
    width: int
    height: int
    points: Doubles
    cut: tuple[int, int, int, int]

    def of(self, points: Doubles) -> Shot:
        """The same picture with landmarks in the frame's pixels."""
        left, top, width, height = self.cut
        return replace(self, points=(points - (left, top)) * (self.width / width, self.height / height))


def shots(frames: Iterable[Frame], wanted: Mapping[Place, Doubles]) -> dict[Place, Shot]:
    """A picture of each wanted person and frame, whose landmarks are given in the frame's pixels."""
    by_frame: dict[int, list[Place]] = {}
    for place in wanted:
        by_frame.setdefault(place[1], []).append(place)
    found: dict[Place, Shot] = {}
    for frame in frames:
        if not by_frame:
            break
        for place in by_frame.pop(frame.index, ()):
            shot = _shot(frame.picture, wanted[place])
            if shot is not None:
                found[place] = shot
    return found


def _shot(picture: Picture, points: Doubles) -> Shot | None:
    if not np.isfinite(points).any():
        return None
    left, top, width, height = _cut(picture, points)
    pixels = _colours(picture, left, top, width, height)
    scale = min(1.0, _HIGHEST / height)
    # A JPEG's colours are half as wide and high, so its sides are even.
    size = max(2, round(width * scale) // 2 * 2), max(2, round(height * scale) // 2 * 2)
    coded = b64encode(_jpeg(pixels, *size)).decode("ascii")
    return Shot(f"{PREFIX}{coded}", *size, points, (left, top, width, height)).of(points)


def _cut(picture: Picture, points: Doubles) -> tuple[int, int, int, int]:
    """Left, top, width and height of what is shown around a person."""
    low, high = np.nanmin(points, axis=0), np.nanmax(points, axis=0)
    trunk = float(np.linalg.norm(between(points[None], SHOULDER) - between(points[None], HIP)))
    around = _AROUND * trunk if np.isfinite(trunk) else 0.3 * float((high - low).max())
    middle, size = (low + high) / 2, high - low + 2 * around
    height = max(float(size[1]), float(size[0]) / _SHAPE, 32.0)
    width, height = min(picture.width, round(height * _SHAPE)), min(picture.height, round(height))
    left = min(max(0, round(middle[0] - width / 2)), picture.width - width)
    top = min(max(0, round(middle[1] - height / 2)), picture.height - height)
    return left, top, width, height


def _colours(picture: Picture, left: int, top: int, width: int, height: int) -> Bytes:
    """Red, green and blue of a part of a picture; coarser planes count for all pixels that they cover."""
    rows, columns = np.arange(top, top + height), np.arange(left, left + width)
    down, across = (
        round(whole / part) for whole, part in zip(picture.planes[0].shape, picture.planes[1].shape, strict=True)
    )
    fine = picture.planes[0][np.ix_(rows, columns)]
    coarse = [plane[np.ix_(rows // down, columns // across)] for plane in picture.planes[1:]]
    values = np.stack([fine, *coarse], axis=-1) - picture.colour.offsets
    return np.clip(np.rint(values @ picture.colour.matrix.T), 0, 255).astype(np.uint8)


def _jpeg(pixels: Bytes, width: int, height: int) -> bytes:
    whole = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
    # On one thread, since FFmpeg's seams between their shares may stay unset.
    frame = whole.reformat(width, height, format="yuvj420p", threads=1)
    codec = av.CodecContext.create("mjpeg", "w")
    assert isinstance(codec, av.VideoCodecContext)  # noqa: S101 - it is one of pictures
    codec.width, codec.height, codec.pix_fmt = width, height, "yuvj420p"
    codec.time_base, codec.thread_count = Fraction(1, 1), 1
    codec.qmin = codec.qmax = _QUALITY
    frame.pts = 0
    return b"".join(bytes(packet) for packet in [*codec.encode(frame), *codec.encode(None)])


def symbol(name: str, shot: Shot) -> str:
    """The picture with the landmarks over it, to be shown wherever its name is used."""
    return (
        f'<symbol id="{name}" viewBox="0 0 {shot.width} {shot.height}">'
        f'<image href="{shot.address}" width="{shot.width}" height="{shot.height}"/>{_bones(shot.points)}</symbol>'
    )


def _bones(points: Doubles) -> str:
    pairs = [(first + side, second + side, ("left", "right")[side]) for first, second in SIDED for side in (1, 0)]
    pairs += [(joint, joint + 1, "both") for joint in ACROSS]
    lines = [
        f'<line class="bone {side}" x1="{points[first, 0]:.1f}" y1="{points[first, 1]:.1f}" '
        f'x2="{points[second, 0]:.1f}" y2="{points[second, 1]:.1f}"/>'
        for first, second, side in pairs
        if np.isfinite(points[[first, second]]).all()
    ]
    return "".join(lines)
