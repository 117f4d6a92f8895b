# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Videos made on the spot, the good and the bad."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from fastbreak_service.vision.arrays import Bytes


@dataclass(frozen=True)
class Look:
    """How a clip is encoded. `stamps`: the frames' times in milliseconds, evenly spaced at `rate` when None."""

    codec: str = "mpeg4"
    rate: int = 30
    stamps: tuple[int, ...] | None = None
    rotation: int | None = None
    pixel_aspect: Fraction | None = None
    matrix: tuple[int, ...] | None = None
    interlaced: bool = False
    container: dict[str, str] = field(default_factory=dict)
    encoder: dict[str, str] = field(default_factory=dict)


def corner_picture(width: int, height: int) -> Bytes:
    """Black, with a white block in the top left corner: its place after decoding tells how the frame was turned."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[: height // 2, : width // 2] = 255
    return picture


def noise(width: int, height: int, seed: int = 0) -> Bytes:
    """A picture that no encoder can make small."""
    return np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8)


def write(path: Path, pictures: Iterable[Bytes], look: Look = Look()) -> Path:
    """Encode RGB pictures of equal size into the container that the file's name asks for."""
    with av.open(str(path), "w", options=look.container) as container:
        stream: av.VideoStream | None = None
        for index, picture in enumerate(pictures):
            stream = stream or _video_stream(container, picture, look)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format=stream.pix_fmt, threads=1)
            frame.pts = look.stamps[index] if look.stamps else index
            frame.time_base = stream.codec_context.time_base
            container.mux(stream.encode(frame))
        if stream is not None:
            container.mux(stream.encode())
    return path


def _video_stream(container: av.container.OutputContainer, picture: Bytes, look: Look) -> av.VideoStream:
    stream = container.add_stream(look.codec, rate=look.rate, options=_same_again(look) | look.encoder)
    assert isinstance(stream, av.VideoStream)
    stream.height, stream.width = picture.shape[:2]
    stream.pix_fmt = "yuv420p"
    stream.codec_context.thread_count = 1  # what several threads write depends on how many there are
    stream.codec_context.time_base = Fraction(1, 1000) if look.stamps else Fraction(1, look.rate)
    if look.pixel_aspect is not None:
        stream.codec_context.sample_aspect_ratio = look.pixel_aspect
    if look.rotation is not None:
        stream.set_display_rotation(look.rotation)
    if look.matrix is not None:
        stream.set_display_matrix(look.matrix)
    return stream


def _same_again(look: Look) -> dict[str, str]:
    # The macroblock tree gives other files on other processors, and with AVX-512 at times from run to run.
    return _interlacing(look) | ({"mbtree": "0"} if look.codec == "libx264" else {})


def _interlacing(look: Look) -> dict[str, str]:
    if not look.interlaced:
        return {}
    return {"x264-params": "tff=1"} if look.codec == "libx264" else {"flags": "+ildct+ilme"}


def write_audio(path: Path, seconds: float = 0.5) -> Path:
    """A file with sound alone."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac" if path.suffix == ".mp4" else "pcm_s16le", rate=16000)
        frame = av.AudioFrame.from_ndarray(
            np.zeros((1, int(16000 * seconds)), np.float32 if path.suffix == ".mp4" else np.int16),
            format="fltp" if path.suffix == ".mp4" else "s16",
            layout="mono",
        )
        frame.sample_rate = 16000
        frame.pts = 0
        for packet in (*stream.encode(frame), *stream.encode()):
            container.mux(packet)
    return path


def pixels(frame: av.VideoFrame, width: int, height: int) -> Bytes:
    """A frame scaled to a size, in RGB; on one thread, since with several some pixels may stay unset."""
    return np.asarray(frame.reformat(width, height, format="rgb24", threads=1).to_ndarray(), np.uint8)


def scaled(source: Path, frames: int, width: int, first: int = 0) -> list[Bytes]:
    """Some frames of a clip, scaled to a width."""
    pictures: list[Bytes] = []
    with av.open(str(source)) as container:
        for index, frame in enumerate(container.decode(video=0)):
            if index >= first + frames:
                break
            if index >= first:
                height = frame.height * width // frame.width // 2 * 2
                pictures.append(pixels(frame, width, height))
    return pictures


def excerpt(source: Path, target: Path, frames: int, width: int, first: int = 0) -> Path:
    """Some frames of a clip, scaled to a width, as H.264."""
    return write(target, scaled(source, frames, width, first), Look(codec="libx264"))
