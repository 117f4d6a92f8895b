# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What one person and ten cost, beside MediaPipe, and how well four calibrated cameras agree on what either sees.

python benchmarks/vision.py [--peer-python PYTHON]

One person: four portrait films of 1080p of one man who walks, 60 frames a second (PyPI `pose2sim`, BSD-3-Clause), in
two of which somebody sits farther back; of ours the tallest person counts. Ten: the persons of the tests' footage, cut
out and moved over a scene in 1920x1080. Then how well the small are found (`finding.py`), and whether an encoding makes
others of the persons of a clip (`reencoding.py`). Each film in a process of its own; times are of the process, so that
a busy machine does little to them. MediaPipe 0.10.21 is installed from PyPI, for which there must be a Python of 3.9 to
3.12.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np

HERE = Path(__file__).resolve().parent
CACHE = HERE.parents[1] / ".cache"
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "src")]

import cameras  # noqa: E402
import finding  # noqa: E402
import reencoding  # noqa: E402
from fetch import fetch  # noqa: E402
from footage import footage  # noqa: E402

from fastbreak_service.analysis import analyse  # noqa: E402
from fastbreak_service.video.frames import VideoReader  # noqa: E402
from fastbreak_service.video.limits import Limits  # noqa: E402
from fastbreak_service.vision.models import PoseModel  # noqa: E402
from fastbreak_service.vision.precision import Precision, possible  # noqa: E402

if TYPE_CHECKING:
    from fastbreak_service.analysis import Vision
    from fastbreak_service.vision.detector import Detection, Search
    from fastbreak_service.vision.models import ModelIdentity
    from fastbreak_service.vision.picture import Picture
    from fastbreak_service.vision.pose import Pose
    from fastbreak_service.vision.region import Region
    from fastbreak_service.vision.tracker import Sighting

FOLDER = CACHE / "bench-vision"
FILMS = tuple(f"cam0{number}.mp4" for number in range(1, 5))
PEER = "mediapipe==0.10.21"
TURNS = 2
"""How often each film is analysed by each. The least processor time counts: what else the machine does only adds."""
CROWDS, HEIGHT, FRAMES, RATE = (1, 2, 5, 10), 200, 90, 30
VCPU_HOUR_DOLLARS, GIB_HOUR_DOLLARS, GIB = 0.04048, 0.004445, 2
"""Fargate, Linux on x86, us-east-1 (https://aws.amazon.com/fargate/pricing/); a worker has 2 GiB for a vCPU."""
GAME_HOURS, GAME_VCPU = 2, 20
ONE = """
| one person, 1080p | CPU ms a frame | frames a CPU second | peak RSS | joints that 3 cameras see | \
reprojection error, px: median | 95 % | bones' deviation |
|---|---|---|---|---|---|---|---|"""
MANY = f"""
| persons, {HEIGHT} px | found | in each frame | CPU ms a frame | networks | for each | CPU s a footage minute | \
cents | peak RSS |
|---|---|---|---|---|---|---|---|---|"""


@dataclass(slots=True)
class Timed:
    """A Vision that counts the processor time that its networks take, what is cut out for them included."""

    vision: Vision
    identity: ModelIdentity
    seconds: float = 0.0

    def detect(self, picture: Picture, search: Search) -> list[Detection]:
        """The persons in a frame, best first."""
        began = time.process_time()
        found = self.vision.detect(picture, search)
        self.seconds += time.process_time() - began
        return found

    def look(self, picture: Picture, region: Region) -> Pose:
        """The pose of the person in a region."""
        began = time.process_time()
        found = self.vision.look(picture, region)
        self.seconds += time.process_time() - began
        return found


def ours(video: Path, target: Path, precision: Precision) -> dict[str, float]:
    """Analyse a film; *target* gets what MediaPipe's gets, of the tallest person."""
    model = PoseModel(CACHE / "models", precision)
    vision = Timed(model, model.identity)
    seen: list[Sighting] = []
    began = time.process_time()
    result = analyse(VideoReader(video, Limits()), vision, lambda _row: None, follow=seen.append)
    seconds = time.process_time() - began
    heights: dict[int, list[float]] = {}
    for sighting in seen:
        heights.setdefault(sighting.person, []).append(float(np.ptp(sighting.pose.points[:, 1])))
    tallest = max(heights, key=lambda person: np.median(heights[person]))
    poses = np.full((result.video.frames, 33, 3), np.nan)
    for sighting in seen:
        if sighting.person == tallest:
            poses[sighting.frame] = np.column_stack([sighting.pose.points, sighting.pose.visibility])
    np.save(target, poses)
    return {
        "frames": result.video.frames,
        "persons": len(result.persons),
        "sightings": len(seen),
        "cpu_ms_per_frame": seconds / result.video.frames * 1000,
        "networks_ms_per_frame": vision.seconds / result.video.frames * 1000,
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def crowd(clip: Path, persons: int, target: Path) -> None:
    """Film persons who move to the right over a scene, each in a place of their own."""
    taken = finding.frames(clip)
    people = [(index, box) for index, boxes in finding.PEOPLE.items() for box in boxes]
    scene = finding.scaled(taken[0][finding.SCENES[0]], 1920, 1080)
    with av.open(str(target), "w") as container:
        stream = container.add_stream("libx264", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = 1920, 1080, "yuv420p"
        for number in range(FRAMES):
            picture = scene.copy()
            for place in range(persons):
                index, box = people[place % len(people)]
                corner = (384 * (place % 5) + 2 * number, 540 * (place // 5) + 120)
                finding.pasted(picture, (taken[index], box), HEIGHT, corner)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())


def peer_python(named: str) -> str:
    """An interpreter with MediaPipe: the one that was named, or one that is made."""
    if named:
        return named
    made = FOLDER / "peer"
    if not (made / "done").exists():
        shutil.rmtree(made, ignore_errors=True)
        known = ("python3.12", "python3.11", "python3.10", "python3", "python3.9")
        found = next((path for path in map(shutil.which, known) if path and _suits(path)), None)
        if found is None:
            sys.exit(f"{PEER} needs a Python of 3.9 to 3.12, and there is none on PATH: name one with --peer-python.")
        subprocess.run([found, "-m", "venv", str(made)], check=True)
        subprocess.run([str(made / "bin" / "python"), "-m", "pip", "install", "--quiet", PEER], check=True)
        (made / "done").touch()
    return str(made / "bin" / "python")


def _suits(python: str) -> bool:
    code = "import ensurepip, sys, venv; sys.exit(not (3, 9) <= sys.version_info[:2] <= (3, 12))"
    return subprocess.run([python, "-c", code], capture_output=True, check=False).returncode == 0


def measured(*command: str) -> dict[str, float]:
    """What a program said in its last line; what it says besides is not shown."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr}")
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def one_person(films: Path, peer: str) -> None:
    """Print cost and agreement of both."""
    own = {"Fastbreak": Precision.F32, "Fastbreak, fast": Precision.FAST}
    programs: dict[str, tuple[str, ...]] = {
        name: (sys.executable, __file__, "--precision", precision, "--film")
        for name, precision in own.items()
        if possible(precision) is precision
    }
    programs |= {"mediapipe": (peer, f"{HERE}/mediapipe_poses.py")}
    runs: dict[tuple[str, str], list[dict[str, float]]] = {}
    for film in FILMS * TURNS:  # by turns, so that all meet the same machine
        for name, program in programs.items():
            cost = measured(*program, str(films / film), str(FOLDER / f"{name}-{film}.npy"))
            runs.setdefault((name, film), []).append(cost)
    costs = {name: [min(runs[name, film], key=_frame) for film in FILMS] for name in programs}
    seen: dict[str, list[Any]] = {name: [np.load(FOLDER / f"{name}-{film}.npy") for film in FILMS] for name in programs}
    places = cameras.read(films / "calibration.qca.txt")
    every = np.logical_and.reduce([cameras.visible(points) for points in seen.values()])
    print(ONE)
    for name, points in seen.items():
        spent = float(_spent(costs[name]).mean())
        peak = max(cost["peak_rss_mb"] for cost in costs[name])
        enough = int((cameras.visible(points).sum(axis=0) >= cameras.ENOUGH_CAMERAS).sum())
        told = cameras.agreement(places, points, every)
        print(
            f"| {name} | {spent:.1f} | {1000 / spent:.1f} | {peak:.0f} MB | {enough} | {told.median:.1f} "
            f"| {told.percentile_95:.1f} | {told.bones:.1%} |"
        )
    theirs, alone = _spent(costs["mediapipe"]), [cost["persons"] == 1 for cost in costs["Fastbreak"]]
    print(f"\nErrors are of {told.seen} joints that all see.")
    for name in (name for name in own if name in costs):
        mine = _spent(costs[name])
        networks = np.mean([cost["networks_ms_per_frame"] for cost in costs[name]])
        print(
            f"{name}: {theirs.mean() / mine.mean():.2f} times mediapipe's frames a CPU second, "
            f"{theirs[alone].mean() / mine[alone].mean():.2f} times on the films in which nobody else is. "
            f"The networks are {networks / mine.mean():.0%}."
        )


def _frame(cost: dict[str, float]) -> float:
    return cost["cpu_ms_per_frame"]


def _spent(costs: list[dict[str, float]]) -> Any:
    return np.array([_frame(cost) for cost in costs])


def cost_of_crowd(clip: Path, persons: int) -> dict[str, float]:
    """What a film of so many persons costs."""
    film = FOLDER / f"crowd-{persons}.mp4"
    crowd(clip, persons, film)
    return measured(sys.executable, __file__, "--film", str(film), str(FOLDER / "crowd.npy"))


def ten_persons(clip: Path) -> None:
    """Print what each person more costs."""
    print(MANY)
    spent = 0.0
    for persons in CROWDS:
        cost = cost_of_crowd(clip, persons)
        spent = cost["cpu_ms_per_frame"]
        minute = spent / 1000 * RATE * 60
        cents = 100 * minute / 3600 * (VCPU_HOUR_DOLLARS + GIB * GIB_HOUR_DOLLARS)
        print(
            f"| {persons} | {cost['persons']:.0f} | {cost['sightings'] / cost['frames']:.1f} | {spent:.1f} "
            f"| {cost['networks_ms_per_frame'] / spent:.0%} | {spent / persons:.1f} | {minute:.1f} | {cents:.3f} "
            f"| {cost['peak_rss_mb']:.0f} MB |"
        )
    minutes = GAME_HOURS * 60 * RATE * 60 * spent / 1000 / GAME_VCPU / 60
    print(
        f"\nBy that a game of {GAME_HOURS} hours with {CROWDS[-1]} players takes {minutes:.0f} minutes "
        f"on {GAME_VCPU} vCPU (extrapolated)."
    )


def main() -> None:
    """Print the tables, or the cost of one film."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--peer-python", default="", help="an interpreter with mediapipe 0.10.21 (one is made)")
    parser.add_argument("--film", nargs=2, metavar=("VIDEO", "POSES"), help="measure one film alone")
    parser.add_argument("--precision", type=Precision, choices=[*Precision], default=Precision.F32, help="of one film")
    parser.add_argument("--crowd", type=int, metavar="PERSONS", help="measure a film of so many persons alone")
    options = parser.parse_args()
    if options.film:
        print(json.dumps(ours(Path(options.film[0]), Path(options.film[1]), options.precision)))
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    fetch(HERE.parent / "models.lock", CACHE / "models")
    if options.crowd:
        print(json.dumps(cost_of_crowd(footage(), options.crowd)))
        return
    fetch(HERE / "footage.lock", FOLDER / "films")
    one_person(FOLDER / "films", peer_python(options.peer_python))
    ten_persons(footage())
    finding.table(footage(), PoseModel(CACHE / "models"), count=10)
    reencoding.table(footage(), PoseModel(CACHE / "models"))


if __name__ == "__main__":
    main()
