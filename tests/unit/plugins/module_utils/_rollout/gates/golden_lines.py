# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A line of a golden file, and others that differ in one place."""

from __future__ import annotations

import copy
from typing import Any

LINE: dict[str, Any] = {
    "golden": 1,
    "clip": "demo.mp4",
    "sha256": "c" * 64,
    "commit": "f" * 40,
    "models": {"pose.tflite": "a" * 64, "detect.tflite": "b" * 64},
    "frames_per_second": 40.0,
    "persons": [
        {
            "frames": 200,
            "first_frame": 0,
            "last_frame": 199,
            "angles": {"left_knee": {"minimum": 10.0, "maximum": 90.0, "mean": 40.0}},
        },
        {"frames": 50, "first_frame": 100, "last_frame": 149, "angles": {}},
    ],
    "kinds": ["landing", "jump", "cut"],
    "looked_seconds": {"landing": 8.0, "jump": 8.0, "cut": 20.0},
    "events": [
        {"person": 1, "kind": "jump", "frame": 170},
        {"person": 1, "kind": "landing", "frame": 190, "legs": "double"},
    ],
    "findings": [
        {
            "person": 1,
            "measure": "peak_knee_flexion",
            "side": "left",
            "reference": "Somebody 2020: drop jumps on both legs",
            "status": "not_clear",
            "shown": [{"frame": 197, "value": 60.0}],
        },
    ],
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """The line with another value at a dotted path; with `...` it is left out."""
    line = copy.deepcopy(LINE)
    holder: Any = line
    *names, last = path.split(".")
    for name in names:
        holder = holder[int(name)] if isinstance(holder, list) else holder[name]
    if value is ...:
        del holder[int(last) if isinstance(holder, list) else last]
    else:
        holder[int(last) if isinstance(holder, list) else last] = value
    return line
