# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Pictures of high dynamic range look like the usual ones of the same scene."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from fastbreak_service.video.frames import VideoReader
from fastbreak_service.video.limits import Limits
from support.pictures import rgb

if TYPE_CHECKING:
    from pathlib import Path

    from fastbreak_service.vision.arrays import Bytes

BARS = (0, 40, 90, 128, 170, 210, 235)
PQ, BT2020 = 16, 9


def bars(tint: tuple[float, float, float] = (1, 1, 1)) -> Bytes:
    """Upright bars from dark to bright."""
    row = np.repeat(np.array(BARS), 16)
    return np.broadcast_to(row[None, :, None] * np.array(tint), (64, len(row), 3)).astype(np.uint8)


def coded(picture: Bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.uint16]]:
    """The values of a usual picture by SMPTE ST 2084, its white at 203 cd/m²; 16 bits."""
    share = picture / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4) * 203 / 10_000
    power = linear ** (2610 / 16384)
    told = ((3424 / 4096 + 2413 / 128 * power) / (1 + 2392 / 128 * power)) ** (2523 / 32)
    return (told * 65535).astype("<u2")


def written(path: Path, picture: Bytes) -> Path:
    """Two frames of HDR10."""
    with av.open(str(path), "w") as container:
        params = "log-level=none:pools=1:frame-threads=1:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc"
        stream = container.add_stream("libx265", rate=30, options={"crf": "8", "x265-params": params})
        assert isinstance(stream, av.VideoStream)
        stream.height, stream.width = picture.shape[:2]
        stream.pix_fmt = "yuv420p10le"
        for number in range(2):
            frame = av.VideoFrame.from_ndarray(coded(picture), format="rgb48le")
            frame = frame.reformat(format="yuv420p10le", dst_colorspace=BT2020, threads=1)
            frame.pts, frame.time_base = number, Fraction(1, 30)
            frame.colorspace, frame.color_trc, frame.color_primaries = BT2020, PQ, BT2020
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@pytest.mark.parametrize("tint", [(1, 1, 1), (1, 0.7, 0.5)])
def test_hdr_looks_like_the_usual_picture_of_the_scene(tmp_path: Path, tint: tuple[float, float, float]) -> None:
    picture = bars(tint)
    first, _ = VideoReader(written(tmp_path / "v.mkv", picture), Limits())
    seen = rgb(first.picture)[32, 8::16].astype(int)
    assert np.abs(seen - picture[32, 8::16]).max() <= 10
