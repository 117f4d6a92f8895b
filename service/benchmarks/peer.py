# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Compare this analysis with MediaPipe's own on the same footage: agreement of the angles, and speed.

MediaPipe follows one person, so only frames that show one are compared. It needs an interpreter with mediapipe 0.10.21
(Python 3.12); the landmark networks are the same files, so this checks everything around them.

    python benchmarks/peer.py VIDEO --peer-python PYTHON [--frames 38]
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "src"))


def ours(video: Path, models: Path, frames: int) -> dict[str, Any]:
    """Angles by "frame angle" of the first frames, and what the whole clip cost."""
    from fastbreak_service.analysis import MeasureRow, analyse  # noqa: PLC0415 - the peer's interpreter lacks it
    from fastbreak_service.video.frames import VideoReader  # noqa: PLC0415
    from fastbreak_service.video.limits import Limits  # noqa: PLC0415
    from fastbreak_service.vision.models import PoseModel  # noqa: PLC0415

    rows: list[MeasureRow] = []
    vision = PoseModel(models)
    began, cpu = time.perf_counter(), time.process_time()
    result = analyse(VideoReader(video, Limits()), vision, rows.append)
    found = {f"{row.frame} {row.angle}": row.value_degrees for row in rows if row.person == 1 and row.frame < frames}
    return {"angles": found, "persons": len(result.persons), **_cost(result.video.frames, began, cpu)}


def peer(video: Path, frames: int) -> dict[str, Any]:
    """The same from MediaPipe, unsmoothed."""
    import cv2  # type: ignore[import-not-found]  # noqa: PLC0415
    import mediapipe  # type: ignore[import-not-found]  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415

    from fastbreak_service.vision.angles import measure  # noqa: PLC0415

    capture, index = cv2.VideoCapture(str(video)), 0
    found: dict[str, float] = {}
    began, cpu = time.perf_counter(), time.process_time()
    with mediapipe.solutions.pose.Pose(model_complexity=1, smooth_landmarks=False) as network:
        while (read := capture.read())[0]:
            picture = cv2.cvtColor(read[1], cv2.COLOR_BGR2RGB)
            landmarks = network.process(picture).pose_landmarks
            if landmarks is not None and index < frames:
                height, width = picture.shape[:2]
                points = np.array([(mark.x * width, mark.y * height) for mark in landmarks.landmark], np.float32)
                visibility = np.array([mark.visibility for mark in landmarks.landmark], np.float32)
                found |= {f"{index} {m.angle.value}": m.value_degrees for m in measure(points, visibility)}
            index += 1
    return {"angles": found, "persons": 1, **_cost(index, began, cpu)}


def _cost(frames: int, began: float, cpu: float) -> dict[str, float]:
    return {
        "frames_per_second": round(frames / (time.perf_counter() - began), 1),
        "cpu_ms_per_frame": round((time.process_time() - cpu) / frames * 1000, 1),
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def main() -> int:
    """Print both costs and the differences."""
    parser = argparse.ArgumentParser(description="Compare with MediaPipe.")
    parser.add_argument("video", type=Path)
    parser.add_argument("--peer-python", default="")
    parser.add_argument("--models", type=Path, default=HERE.parent.parent / ".cache" / "models")
    parser.add_argument("--frames", type=int, default=38, help="frames from the start that show one person only")
    options = parser.parse_args()
    if not options.peer_python:
        print(json.dumps(peer(options.video, options.frames)))
        return 0
    command = [options.peer_python, __file__, str(options.video), "--frames", str(options.frames)]
    theirs = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
    mine = ours(options.video, options.models, options.frames)
    first, second = mine.pop("angles"), theirs.pop("angles")
    both = sorted(first.keys() & second.keys())
    apart = sorted(abs(first[key] - second[key]) for key in both)
    print(f"ours:      {mine}\nmediapipe: {theirs}")
    print(f"{len(both)} angles in both, {len(first)} in ours, {len(second)} in MediaPipe's")
    print(f"difference in degrees: median {statistics.median(apart):.2f}, 95 % {apart[int(0.95 * len(apart))]:.2f}")
    for angle in sorted({key.split()[1] for key in both}):
        gaps = [abs(first[key] - second[key]) for key in both if key.endswith(f" {angle}")]
        print(f"  {angle:<26} median {statistics.median(gaps):6.2f}  largest {max(gaps):6.2f}  frames {len(gaps)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
