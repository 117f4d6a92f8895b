# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What a clip costs in processor time, against what `fastbreak_service.video.work` estimates.

python benchmarks/work.py CLIP [--frames N]

CLIP is scaled to each size and encoded anew, in the codecs that phones and browsers record. Decoding runs on one
thread. Times are of the process, so that a busy machine does little to them.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
import time
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

from fastbreak_service.video.frames import VideoReader  # noqa: E402
from fastbreak_service.video.limits import Limits  # noqa: E402
from fastbreak_service.video.work import of_frames, of_vision  # noqa: E402
from fastbreak_service.vision.detector import Search, pixels, sizes  # noqa: E402
from fastbreak_service.vision.models import PoseModel  # noqa: E402
from fastbreak_service.vision.picture import GREEN_BLUE_RED, Picture  # noqa: E402
from fastbreak_service.vision.region import Region  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastbreak_service.vision.arrays import Bytes

SIZES = ((640, 360), (1920, 1080))
SHAPES = ((640, 360), (1920, 1080), (1080, 1920), (3840, 2160), (3840, 180))
# By encoder: the container, and the format of a pixel.
CODECS = {
    "libx264": ("mp4", "yuv420p"),
    "libx265": ("mp4", "yuv420p10le"),
    "libvpx": ("webm", "yuv420p"),
    "libvpx-vp9": ("webm", "yuv420p"),
    "libsvtav1": ("mp4", "yuv420p10le"),
    "mpeg4": ("mp4", "yuv420p"),
    "mpeg2video": ("ts", "yuv420p"),
    "mjpeg": ("avi", "yuvj420p"),
    "prores": ("mov", "yuv422p10le"),
    "png": ("mov", "rgb24"),
    "jpeg2000": ("mov", "yuv444p"),
    "ffv1": ("mkv", "yuv444p16le"),
}
QUIET = {"libx265": {"x265-params": "log-level=none"}, "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8"}}


def pictures(clip: Path, width: int, height: int, count: int) -> list[Bytes]:
    """The first pictures of a clip, scaled, shape (height, width, 3)."""
    with av.open(str(clip)) as container:
        frames = islice(container.decode(video=0), count)
        return [np.asarray(frame.to_ndarray(format="rgb24", width=width, height=height)) for frame in frames]


def encode(path: Path, codec: str, pixel_format: str, content: list[Bytes], count: int) -> None:
    """A clip of `count` pictures in a codec; they repeat."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=30, options=QUIET.get(codec, {}))
        if not isinstance(stream, av.VideoStream):
            raise TypeError(f"{codec} is no video codec")
        stream.height, stream.width = content[0].shape[:2]
        stream.pix_fmt = pixel_format
        for picture in islice(cycle(content), count):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())


def spent(work: Callable[[], object], times: int) -> float:
    """Seconds of processor time for one of `times` repetitions."""
    work()
    begun = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - begun) / times


def row(what: str, measured: float, estimated: float) -> None:
    """Print a measured and an estimated time in milliseconds."""
    print(f"{what:34} {1000 * measured:9.2f} {1000 * estimated:9.2f} {estimated / measured:7.1f}", flush=True)


def read(path: Path) -> int:
    """Read a clip; the number of its frames."""
    return sum(1 for _ in VideoReader(path, Limits()))


def _name(path: Path) -> str:
    """FFmpeg's name of the coding of a clip."""
    with av.open(str(path)) as container:
        return container.streams.video[0].codec.canonical_name


def measure_reading(clip: Path, frames: int) -> None:
    """Decoding and converting a frame, by codec and size."""
    with tempfile.TemporaryDirectory() as folder:
        for width, height in SIZES:
            content = pictures(clip, width, height, 20)
            for codec, (kind, pixel_format) in CODECS.items():
                path = Path(folder) / f"v.{kind}"
                encode(path, codec, pixel_format, content, frames)
                seconds = spent(partial(read, path), 1) / frames
                row(f"frame {width}x{height} {codec}", seconds, of_frames(_name(path), 1, width, height))


def measure_vision(clip: Path) -> None:
    """The detector on a frame, usual and for small bodies, and a look at a person."""
    models = ROOT.parent / ".cache" / "models"
    vision = PoseModel(models)
    for width, height in SHAPES:
        red, green, blue = np.moveaxis(pictures(clip, width, height, 1)[0], -1, 0)
        picture = Picture((green, blue, red), GREEN_BLUE_RED)
        region = Region(width / 2, height / 2, float(height))
        for name, smallest in (("usual", math.inf), ("small", 0.0)):
            search = Search(smallest, thorough=True)
            estimated = of_vision(pixels(sizes(width, height, search)), 0)
            row(f"search {width}x{height} {name}", spent(partial(vision.detect, picture, search), 3), estimated)
        row(f"person {width}x{height}", spent(partial(vision.look, picture, region), 30), of_vision(0, 1))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("clip", type=Path)
    parser.add_argument("--frames", type=int, default=20)
    options = parser.parse_args()
    print(f"{'CPU milliseconds':34} {'measured':>9} {'estimated':>9} {'ratio':>7}")
    measure_reading(options.clip, options.frames)
    measure_vision(options.clip)


if __name__ == "__main__":
    main()
