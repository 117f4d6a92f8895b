# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A clip once more for people to play: as it is, and with what was followed drawn over it.

H.264 with at most 720 lines across the short side, a key frame each half second and every frame at its own time, so
that a browser steps through it; without sound.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation

from fastbreak_service.reporting import drawing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from fastbreak_service.movement.review import Trails
    from fastbreak_service.video.frames import Frame
    from fastbreak_service.vision.arrays import Bytes
    from fastbreak_service.vision.picture import Picture

PROXY, ANNOTATED = "proxy.mp4", "annotated.mp4"
_SHORT_SIDE, _LONG_SIDE = 720, 4096
_TICKS = 90_000
_USUAL_RATE = 30.0
_KEY_FRAMES_A_SECOND = 2
_BT_709 = 1
_TELEVISION = 1
# x264's macroblock tree gives other files on other processors, and with AVX-512 at times from run to run.
_QUALITY = {"crf": "23", "preset": "veryfast", "profile": "high", "mbtree": "0"}


def recorded(frames: Iterable[Frame], rate: float, trails: Trails, into: Path) -> Iterator[Frame]:
    """Pass frames on, and write both films of them into a folder: take all, or the films are not whole."""
    films: tuple[Film, Film] | None = None
    with ExitStack() as stack:
        for frame in frames:
            picture = frame.picture
            width, height = _size(picture.width, picture.height)
            if films is None:
                proxy, annotated = (Film(into / name, width, height, rate, stack) for name in (PROXY, ANNOTATED))
                films = proxy, annotated
            pixels = _colours(picture, width, height)
            films[0].add(pixels, frame.time_seconds)
            to_film = np.array([width / picture.width, height / picture.height])
            for person, points in trails.in_frame(frame.index):
                drawing.draw(pixels, points * to_film, person)
            films[1].add(pixels, frame.time_seconds)
            yield frame
        for film in films or ():
            film.end()


def whole(frames: Iterable[Frame], into: Path) -> int:
    """Write one film of all of the frames, as large as they are; how many there were. Raises OSError."""
    film, count = None, 0
    with ExitStack() as stack:
        for frame in frames:
            picture = frame.picture
            width, height = _even(picture.width), _even(picture.height)
            film = film or Film(into, width, height, _USUAL_RATE, stack)
            film.add(_colours(picture, width, height), frame.time_seconds)
            count += 1
        if film is not None:
            film.end()
    return count


def _even(length: int) -> int:
    return max(2, length // 2 * 2)


def _size(width: int, height: int) -> tuple[int, int]:
    """Width and height of a film, even as H.264's colours want them."""
    scale = min(1.0, _SHORT_SIDE / min(width, height), _LONG_SIDE / max(width, height))
    return max(2, round(width * scale) // 2 * 2), max(2, round(height * scale) // 2 * 2)


@contextmanager
def _encoding(path: Path) -> Iterator[None]:
    """What an encoder says beside errors of the file, as one of the file. Raises OSError."""
    try:
        yield
    except OSError:
        raise
    except av.FFmpegError as error:
        raise OSError(error.errno, f"the film could not be encoded ({error.strerror})", str(path)) from error


class Film:
    """A file that is being written, closed with its stack."""

    def __init__(self, path: Path, width: int, height: int, rate: float, stack: ExitStack) -> None:
        self._container = stack.enter_context(av.open(str(path), "w", "mp4", options={"movflags": "+faststart"}))
        stream = self._container.add_stream("libx264", options=_QUALITY)
        assert isinstance(stream, av.VideoStream)  # noqa: S101 - it is one of pictures
        context = stream.codec_context
        context.width, context.height, context.pix_fmt = width, height, "yuv420p"
        context.time_base = Fraction(1, _TICKS)
        context.gop_size = max(1, round(rate / _KEY_FRAMES_A_SECOND))
        # On one thread the same clip gives the same file.
        context.thread_count = 1
        context.colorspace = context.color_primaries = context.color_trc = _BT_709
        context.color_range = _TELEVISION
        self._stream, self._last, self._path = stream, -1, path

    def add(self, pixels: Bytes, time_seconds: float) -> None:
        """Another frame, later than the one before."""
        whole = av.VideoFrame.from_ndarray(pixels, format="rgb24")
        frame = whole.reformat(
            format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG, threads=1
        )
        self._last = max(self._last + 1, round(time_seconds * _TICKS))
        frame.pts, frame.time_base = self._last, Fraction(1, _TICKS)
        with _encoding(self._path):
            self._container.mux(self._stream.encode(frame))

    def end(self) -> None:
        """Write what the encoder still holds."""
        with _encoding(self._path):
            self._container.mux(self._stream.encode(None))


def _colours(picture: Picture, width: int, height: int) -> Bytes:
    """Red, green and blue of a picture, scaled."""
    planes = [_scaled(plane, width, height) for plane in picture.planes]
    values = np.stack(planes, axis=-1).astype(np.float32) - picture.colour.offsets
    return np.clip(np.rint(values @ picture.colour.matrix.T), 0, 255).astype(np.uint8)


def _scaled(plane: Bytes, width: int, height: int) -> Bytes:
    if plane.shape == (height, width):
        return plane
    whole = av.VideoFrame.from_ndarray(np.ascontiguousarray(plane), format="gray")
    smaller = plane.shape[0] > height
    how = Interpolation.AREA if smaller else Interpolation.BILINEAR
    return np.asarray(whole.reformat(width, height, interpolation=how, threads=1).to_ndarray(), np.uint8)
