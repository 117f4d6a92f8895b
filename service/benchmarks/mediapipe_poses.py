# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Where MediaPipe sees a body in a video, and what that costs. Runs in an interpreter that has mediapipe 0.10.21.

python mediapipe_poses.py VIDEO POSES

POSES, a .npy, gets (frames, 33, 3): x and y in pixels and visibility, NaN where nobody was found.
"""

import json
import resource
import sys
import time

import cv2  # type: ignore[import-not-found]
import mediapipe  # type: ignore[import-not-found]
import numpy as np


def main() -> None:
    """Print the cost as JSON."""
    video, target = sys.argv[1:]
    capture, rows = cv2.VideoCapture(video), []
    with mediapipe.solutions.pose.Pose(model_complexity=1, smooth_landmarks=False) as network:
        # Its networks are loaded now, as ours are before the clock starts.
        began = time.process_time()
        while (read := capture.read())[0]:
            height, width = read[1].shape[:2]
            found = network.process(cv2.cvtColor(read[1], cv2.COLOR_BGR2RGB)).pose_landmarks
            rows.append(
                [(mark.x * width, mark.y * height, mark.visibility) for mark in found.landmark]
                if found
                else [(np.nan,) * 3] * 33
            )
    seconds = time.process_time() - began
    np.save(target, np.array(rows))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"frames": len(rows), "cpu_ms_per_frame": seconds / len(rows) * 1000, "peak_rss_mb": peak}))


if __name__ == "__main__":
    main()
