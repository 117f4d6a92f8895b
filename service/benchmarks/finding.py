# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""How many persons of a known height are found in 1920x1080, and how many that are none.

python benchmarks/finding.py CLIP [--frames N] [--precision fast]

CLIP is the footage of the tests, whose man and woman are cut out of six frames, along boxes that were looked at, and
put ten to a frame at random places on two scenes without persons. Of a search those detections count that a look
confirms. Found is who shares half a box with one; false is one that shares a fifth with nobody. Times are of the
process, searching alone.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

from fastbreak_service.vision.detector import Search  # noqa: E402
from fastbreak_service.vision.models import PoseModel  # noqa: E402
from fastbreak_service.vision.picture import GREEN_BLUE_RED, Picture  # noqa: E402
from fastbreak_service.vision.precision import Precision  # noqa: E402
from fastbreak_service.vision.region import Box, share  # noqa: E402
from fastbreak_service.vision.tracker import MINIMUM_SCORE  # noqa: E402

if TYPE_CHECKING:
    from fastbreak_service.vision.arrays import Bytes

HEIGHTS = (64, 96, 128, 200)
SEARCHES = {"usual": Search(1e9, thorough=True), "small": Search(0, thorough=True)}
PERSONS = 10
# By frame: boxes around the man, then around the woman, in pixels of the clip.
PEOPLE = {
    0: [(584, 76, 716, 460)],
    12: [(477, 56, 832, 445)],
    60: [(525, 40, 735, 462), (1280, 543, 1499, 944)],
    72: [(494, 53, 788, 458), (1226, 521, 1374, 938)],
    90: [(573, 60, 709, 458), (1073, 519, 1182, 931)],
    130: [(709, 91, 818, 472), (633, 507, 809, 933)],
}
# Rows and columns of the first frame where nobody is: a meadow with trees, and a house.
SCENES = ((slice(480, 940), slice(740, 1440)), (slice(90, 370), slice(0, 480)))
_AROUND = 0.12


def frames(clip: Path) -> dict[int, Bytes]:
    """The frames of the clip that people are cut out of, (height, width, 3)."""
    with av.open(str(clip)) as container:
        decoded = zip(range(max(PEOPLE) + 1), container.decode(video=0), strict=False)
        return {index: np.asarray(frame.to_ndarray(format="rgb24")) for index, frame in decoded if index in PEOPLE}


def scaled(pixels: Bytes, width: int, height: int) -> Bytes:
    """A picture at another size."""
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
    return np.asarray(frame.reformat(width, height, format="rgb24", interpolation="AREA", threads=1).to_ndarray())


def pasted(scene: Bytes, person: tuple[Bytes, tuple[int, int, int, int]], height: int, place: tuple[int, int]) -> Box:
    """Put a person of a height into a scene, with some of what is around them, which fades; their box there."""
    (pixels, (left, top, right, bottom)), (x, y) = person, place
    scale = height / (bottom - top)
    around = round(_AROUND * (bottom - top))
    part = pixels[max(0, top - around) : bottom + around, max(0, left - around) : right + around]
    part = scaled(part, round(part.shape[1] * scale), round(part.shape[0] * scale))
    edge = max(1.0, around * scale)
    rows, columns = (np.minimum(np.arange(n), np.arange(n)[::-1]) / edge for n in part.shape[:2])
    seen = np.clip(np.minimum(rows[:, None], columns), 0, 1)[..., None]
    target = scene[y : y + part.shape[0], x : x + part.shape[1]]
    target[:] = (seen * part + (1 - seen) * target).astype(np.uint8)
    inside_x, inside_y = x + scale * min(around, left), y + scale * min(around, top)
    return Box(inside_x, inside_y, inside_x + scale * (right - left), inside_y + height)


def crowd(taken: dict[int, Bytes], height: int, seed: int) -> tuple[Picture, list[Box]]:
    """A frame with ten persons of a height, and their boxes. They do not cover each other."""
    random = np.random.default_rng(seed)
    scene = scaled(taken[0][SCENES[seed % len(SCENES)]], 1920, 1080).copy()
    people = [(index, box) for index, boxes in PEOPLE.items() for box in boxes]
    boxes = []
    for place in range(PERSONS):
        index, box = people[random.integers(len(people))]
        x, y = 384 * (place % 5) + random.integers(0, 60), 540 * (place // 5) + random.integers(0, 240)
        boxes.append(pasted(scene, (taken[index], box), height, (int(x), int(y))))
    red, green, blue = np.moveaxis(scene, -1, 0)
    return Picture((green, blue, red), GREEN_BLUE_RED), boxes


def row(vision: PoseModel, taken: dict[int, Bytes], name: str, height: int, count: int) -> str:
    """What one search finds of persons of one height."""
    found = false = 0
    seconds = 0.0
    for seed in range(count):
        picture, boxes = crowd(taken, height, seed)
        if seed == 0:
            vision.detect(picture, SEARCHES[name])
        begun = time.process_time()
        detections = vision.detect(picture, SEARCHES[name])
        seconds += time.process_time() - begun
        sure = [d.box for d in detections if vision.look(picture, d.region).score >= MINIMUM_SCORE]
        found += sum(any(share(box, other) >= 0.5 for other in sure) for box in boxes)
        false += sum(all(share(box, other) < 0.2 for other in boxes) for box in sure)
    recall = found / (count * PERSONS)
    return f"| {name} | {height} | {recall:.2f} | {false / count:.1f} | {1000 * seconds / count:.0f} |"


def table(clip: Path, vision: PoseModel, count: int) -> None:
    """Print what each search finds in so many frames of each height."""
    taken = frames(clip)
    print("\n| search | height, px | recall | false a frame | CPU ms a search |\n|---|---|---|---|---|")
    for name in SEARCHES:
        for height in HEIGHTS:
            print(row(vision, taken, name, height, count), flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("clip", type=Path)
    parser.add_argument("--frames", type=int, default=10)
    parser.add_argument("--precision", type=Precision, choices=[*Precision], default=Precision.F32)
    options = parser.parse_args()
    table(options.clip, PoseModel(ROOT.parent / ".cache" / "models", options.precision), options.frames)


if __name__ == "__main__":
    main()
