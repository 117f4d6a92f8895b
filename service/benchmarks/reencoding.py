# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Whether one clip gives the same persons however it is encoded.

python benchmarks/reencoding.py

The first four seconds of the tests' footage, in which a man jumps and a woman walks by from frame 40 on, in codecs,
containers, sizes, rates and positions of phones, broadcasts and exports. Of each: the persons who are found, the share
of the pictures in which the longest seen has a pose, and by how many degrees the angles of that one's knees differ from
those of the clip as it was (median, and 95 % of them).
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np

HERE = Path(__file__).resolve().parent
CACHE = HERE.parents[1] / ".cache"
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "src"), str(HERE.parent / "tests")]

from fetch import fetch  # noqa: E402
from footage import footage  # noqa: E402

from fastbreak_service.analysis import analyse  # noqa: E402
from fastbreak_service.video.frames import VideoReader  # noqa: E402
from fastbreak_service.video.limits import Limits  # noqa: E402
from fastbreak_service.vision.models import PoseModel  # noqa: E402
from support import clips  # noqa: E402
from support.clips import Look  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastbreak_service.analysis import MeasureRow
    from fastbreak_service.vision.arrays import Bytes

FRAMES, RATE = 120, 30
KNEES = {"left_knee_flexion", "right_knee_flexion"}
HEIGHT = 992
"""Two lines less than the clip has: interlaced H.264 wants a multiple of 4."""
HEAD = """
| encoding | persons | share of the pictures of each | knees, degrees from the first: median | 95 % |
|---|---|---|---|---|"""


def h264(**options: str) -> Look:
    """H.264 at a rate that is good to see, unless the options say otherwise."""
    return Look(codec="libx264", encoder={"crf": "23"} | options)


@dataclass(frozen=True)
class Encoding:
    """A way to write the clip: its look, its container, and what is done to the pictures before."""

    look: Look
    suffix: str = "mp4"
    frames: tuple[int, ...] = tuple(range(FRAMES))
    change: Callable[[Bytes], Bytes] = field(default=lambda picture: picture)


def smaller(part: float) -> Callable[[Bytes], Bytes]:
    """The pictures scaled to a part of their width and height."""

    def scale(picture: Bytes) -> Bytes:
        height, width = (round(side * part) // 2 * 2 for side in picture.shape[:2])
        return clips.pixels(av.VideoFrame.from_ndarray(picture, format="rgb24"), width, height)

    return scale


def turned(quarters: int) -> Callable[[Bytes], Bytes]:
    """The pictures as a phone stores them that was held in another way."""
    return lambda picture: np.ascontiguousarray(np.rot90(picture, -quarters))


def squeezed(picture: Bytes) -> Bytes:
    """Three quarters as wide, as of pixels that are not square."""
    frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
    return clips.pixels(frame, picture.shape[1] * 3 // 4 // 2 * 2, picture.shape[0])


def darker(picture: Bytes) -> Bytes:
    """As a camera sees it that is set too dark."""
    return (picture * 0.45).astype(np.uint8)


def grainy(picture: Bytes) -> Bytes:
    """With a sensor's noise of 8 grey levels, the same in every run."""
    noise = np.random.default_rng(int(picture[::97, ::89].sum())).normal(0, 8, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


HALF_RATE = tuple(range(0, FRAMES, 2))
DOUBLED = tuple(sorted([*range(FRAMES), *range(FRAMES)]))
LOSSY = tuple(number for number in range(FRAMES) if number % 6 != 2)
ENCODINGS: dict[str, Encoding] = {
    "without loss": Encoding(Look(codec="ffv1"), "mkv"),
    "H.264": Encoding(h264()),
    "H.264, coarse (CRF 33)": Encoding(h264(crf="33")),
    "H.264, very coarse (CRF 40)": Encoding(h264(crf="40")),
    "H.264, one key frame": Encoding(h264(g="600")),
    "H.264, key frames alone, MOV": Encoding(h264(g="1"), "mov"),
    "H.264, MPEG-TS": Encoding(h264(), "ts"),
    "H.264, interlaced": Encoding(Look(codec="libx264", encoder={"crf": "23"}, interlaced=True)),
    "H.265": Encoding(Look(codec="libx265", encoder={"x265-params": "log-level=none"})),
    "VP9, WebM": Encoding(Look(codec="libvpx-vp9", encoder={"deadline": "realtime", "cpu-used": "8"}), "webm"),
    "VP8, WebM": Encoding(Look(codec="libvpx", encoder={"deadline": "realtime", "cpu-used": "8"}), "webm"),
    "AV1": Encoding(Look(codec="libsvtav1", encoder={"preset": "10", "svtav1-params": "lp=1"})),
    "MPEG-2": Encoding(Look(codec="mpeg2video", encoder={"b": "6M"}), "ts"),
    "MPEG-4, AVI": Encoding(Look(codec="mpeg4", encoder={"b": "4M"}), "avi"),
    "WMV": Encoding(Look(codec="wmv2", encoder={"b": "4M"}), "avi"),
    "held upright": Encoding(Look(codec="libx264", encoder={"crf": "23"}, rotation=90), change=turned(1)),
    "held upside down": Encoding(Look(codec="libx264", encoder={"crf": "23"}, rotation=180), change=turned(2)),
    "pixels not square": Encoding(
        Look(codec="libx264", encoder={"crf": "23"}, pixel_aspect=Fraction(4, 3)), change=squeezed
    ),
    "two thirds as large": Encoding(h264(), change=smaller(2 / 3)),
    "two fifths as large": Encoding(h264(), change=smaller(2 / 5)),
    "15 frames a second": Encoding(Look(codec="libx264", encoder={"crf": "23"}, rate=15), frames=HALF_RATE),
    "60 by doubling": Encoding(Look(codec="libx264", encoder={"crf": "23"}, rate=60), frames=DOUBLED),
    "every sixth left out": Encoding(
        Look(codec="libx264", encoder={"crf": "23"}, stamps=tuple(number * 1000 // RATE for number in LOSSY)),
        frames=LOSSY,
    ),
    "dark": Encoding(h264(), change=darker),
    "grainy": Encoding(h264(), change=grainy),
}


@dataclass(frozen=True)
class Told:
    """What an analysis said: in how many pictures each person has a pose, most first, and the first one's knees."""

    seen: tuple[int, ...]
    frames: int
    knees: dict[tuple[str, int], float]

    def differences(self, other: Told) -> list[float]:
        """By how many degrees the knees differ where both know them at the same time."""
        return [abs(value - other.knees[key]) for key, value in self.knees.items() if key in other.knees]


def told(path: Path, vision: PoseModel) -> Told:
    """Analyse a clip."""
    rows: list[MeasureRow] = []
    result = analyse(VideoReader(path, Limits()), vision, rows.append)
    persons = sorted(result.persons, key=lambda person: -person.frames)
    first = persons[0].id if persons else 0
    knees = {
        (row.angle, round(row.time_seconds * RATE)): row.value_degrees
        for row in rows
        if row.person == first and row.angle in KNEES
    }
    return Told(tuple(person.frames for person in persons), result.video.frames, knees)


def pictures(clip: Path) -> list[Bytes]:
    """The clip's first frames."""
    with av.open(str(clip)) as container:
        return [
            clips.pixels(frame, frame.width, frame.height)[:HEIGHT]
            for _, frame in zip(range(FRAMES), container.decode(video=0), strict=False)
        ]


def table(clip: Path, vision: PoseModel) -> None:
    """Print what each encoding gives; the first is the measure of the others."""
    print(HEAD)
    whole, best = pictures(clip), None
    with tempfile.TemporaryDirectory() as folder:
        for name, encoding in ENCODINGS.items():
            path = Path(folder) / f"clip.{encoding.suffix}"
            clips.write(path, (encoding.change(whole[frame]) for frame in encoding.frames), encoding.look)
            found = told(path, vision)
            best = best or found
            median, most = np.percentile(found.differences(best) or [np.nan], (50, 95))
            seen = ", ".join(f"{count / found.frames:.0%}" for count in found.seen)
            print(f"| {name} | {len(found.seen)} | {seen} | {median:.1f} | {most:.1f} |", flush=True)


if __name__ == "__main__":
    fetch(HERE.parent / "models.lock", CACHE / "models")
    table(footage(), PoseModel(CACHE / "models"))
